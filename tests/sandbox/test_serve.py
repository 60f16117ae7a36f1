"""The socket server: who may connect, keep-alive, slow clients, several clients and processes."""

import http.client
import socket
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from pinesync.errors import Misuse
from pinesync.sandbox.app import SandboxApp
from pinesync.sandbox.faults import Fault, FaultPlan
from pinesync.sandbox.serve import Server
from pinesync.sandbox.store import Store, User
from tests.sandbox.conftest import two_processes

LIST = "/pine-facade/list?filter=saved"


@pytest.fixture
def server(store: Store) -> Iterator[Server]:
    with Server(SandboxApp(store)) as server:
        yield server


def raw(server: Server, request: bytes) -> bytes:
    """The response to exactly these bytes, until the server closes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def status(server: Server, *headers: str, method: str = "GET", host: str | None = None) -> int:
    lines = [f"{method} {LIST} HTTP/1.1", f"Host: {host or f'127.0.0.1:{server.port}'}", *headers]
    answer = raw(server, "\r\n".join([*lines, "Connection: close", "", ""]).encode())
    return int(answer.split(b" ", 2)[1])


@pytest.mark.promise("S16")
def test_the_server_binds_only_to_loopback(store: Store) -> None:
    for host in ("0.0.0.0", "", "example.com", "192.168.0.1"):
        with pytest.raises(Misuse):
            Server(SandboxApp(store), host)


def test_a_port_in_use_is_reported(store: Store, server: Server) -> None:
    with pytest.raises(Misuse, match=str(server.port)):
        Server(SandboxApp(store), port=server.port)


@pytest.mark.promise("S16")
def test_host_is_checked(server: Server) -> None:
    port = server.port
    assert status(server, host=f"localhost:{port}") == 200
    for host in ("127.0.0.1", "evil.com", f"evil.com:{port}", f"127.0.0.1:{port + 1}", " "):
        assert status(server, host=host) == 400
    assert status(server, f"Host: 127.0.0.1:{port}") == 400
    assert b" 400 " in raw(server, f"GET {LIST} HTTP/1.1\r\n\r\n".encode())


@pytest.mark.promise("S16")
def test_origin_is_checked(server: Server) -> None:
    for origin in (
        "https://www.tradingview.com",
        "https://in.tradingview.com",
        "https://tradingview.com",
        "http://localhost:8080",
        "http://127.0.0.1",
    ):
        assert status(server, f"Origin: {origin}") == 200
    for origin in (
        "null",
        "https://evil.com",
        "http://www.tradingview.com",
        "https://www.tradingview.com.evil.com",
        "https://eviltradingview.com",
        "http://localhost.evil.com",
        "http://127.0.0.1:80:80",
    ):
        assert status(server, f"Origin: {origin}") == 403
    assert status(server, "Origin: http://localhost", "Origin: https://evil.com") == 403


@pytest.mark.promise("S16")
@pytest.mark.parametrize(
    "path",
    [
        "/../../../../../../etc/hostname",
        "/pine-facade/../../../../../../etc/hostname",
        "/pine-facade/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/hostname",
        "/pine-facade/get/..%2f..%2f..%2f..%2fetc%2fhostname/last",
        "/pine-facade/get//etc/hostname/1.0",
        "//etc/hostname",
        "/pine-facade/get/file:%2f%2f%2fetc%2fhostname/last",
        "/pine-facade/versions/%00/last",
        "/pine-facade/get_script_info/?pine_id=../../etc/hostname",
    ],
)
def test_no_path_reaches_the_file_system(server: Server, path: str) -> None:
    """No file but the database is opened between a request and its response."""
    opened: list[object] = []
    watching = threading.Event()

    def note(event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("open", "os.listdir", "os.scandir") and watching.is_set():
            opened.append(arguments[0])

    sys.addaudithook(note)
    watching.set()
    answer = raw(
        server,
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        "Connection: close\r\n\r\n".encode(),
    )
    watching.clear()
    assert int(answer.split(b" ", 2)[1]) in (400, 401, 404)
    assert opened == []


@pytest.mark.promise("S16")
@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Content-Length: 99999999", 413),
        ("Content-Length: -1", 400),
        ("Content-Length: x", 400),
        ("Content-Length: 0\r\nContent-Length: 0", 400),
        ("Transfer-Encoding: chunked", 411),
    ],
)
def test_invalid_bodies_are_refused_unread(server: Server, header: str, expected: int) -> None:
    assert status(server, header, method="POST") == expected


def test_a_refused_large_body_gets_a_response(server: Server) -> None:
    with requests.Session() as http:
        http.trust_env = False
        answer = http.post(f"{server.url}/parse_title", data=b"x" * 17_000_000, timeout=60)
    assert answer.status_code == 413


def test_malformed_requests_are_refused(server: Server) -> None:
    assert b" 400 " in raw(server, b"nonsense\r\n\r\n")
    assert raw(server, b"x" * 70_000) == b""
    assert status(server, method="HEAD") == 405


def test_keep_alive_uses_one_connection(server: Server, user: User) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    ports = set()
    for _ in range(50):
        connection.request("GET", LIST, headers={"Cookie": user.cookie})
        with connection.getresponse() as answer:
            assert answer.read() == b"[]"
        ports.add(connection.sock.getsockname()[1])
    connection.close()
    assert len(ports) == 1


def test_requests_in_one_packet_are_answered_in_order(server: Server) -> None:
    request = f"GET {LIST} HTTP/1.1\r\nHost: localhost:{server.port}\r\n"
    answer = raw(server, f"{request}\r\n{request}Connection: close\r\n\r\n".encode())
    assert answer.count(b"HTTP/1.1 200 OK") == 2


@pytest.mark.promise("S16")
@pytest.mark.parametrize(
    "sent", [b"", b"GET /", f"POST {LIST} HTTP/1.1\r\nContent-Length: 10\r\n".encode()]
)
def test_slow_clients_are_cut_off(store: Store, sent: bytes) -> None:
    with Server(SandboxApp(store), timeout=0.1) as server:
        if sent.endswith(b"\r\n"):
            sent += f"Host: localhost:{server.port}\r\n\r\nx".encode()
        assert raw(server, sent) == b""


def test_a_client_that_sends_too_slowly_is_cut_off(store: Store) -> None:
    """Every byte arrives in time, but the whole request does not."""
    ticks = iter(range(1_000_000))
    with (
        Server(SandboxApp(store), timeout=20.0, clock=lambda: float(next(ticks))) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection,
        pytest.raises(ConnectionError),
    ):
        _drip(connection)


def _drip(connection: socket.socket) -> None:
    """Send an endless line, byte by byte, until the server closes the connection."""
    for _ in range(1_000_000):
        connection.sendall(b"x")


def test_a_reset_fault_resets_the_connection(server: Server, user: User) -> None:
    server.app.plan.add("list:1:reset")
    with pytest.raises(ConnectionResetError):
        status(server)


def test_eight_threads_are_served_at_once(server: Server, store: Store, user: User) -> None:
    pine_id = store.save_new(user, "One", "x").pine_id
    failed: list[object] = []

    def client() -> None:
        with requests.Session() as http:
            http.trust_env = False
            for _ in range(25):
                answer = http.post(
                    f"{server.url}/save/next/{pine_id}",
                    data={"source": "//@version=6\nindicator('x')\n"},
                    headers={"Cookie": user.cookie},
                    timeout=30,
                )
                if answer.status_code != 200:
                    failed.append(answer.text)

    threads = [threading.Thread(target=client) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert [version.version.major for version in store.history(pine_id)] == list(range(1, 202))


SERVE = """
import pathlib, sys
from pinesync.sandbox.app import SandboxApp
from pinesync.sandbox.faults import Fault, FaultPlan
from pinesync.sandbox.serve import Server
from pinesync.sandbox.store import Store
with Server(SandboxApp(Store(pathlib.Path(sys.argv[1]), lambda: 0.0))) as server:
    print(server.url, flush=True)
    sys.stdin.readline()
"""


def test_two_processes_serve_one_database(store: Store, user: User) -> None:
    processes = two_processes(SERVE, store.path)
    urls = [process.stdout.readline().strip() for process in processes if process.stdout]
    pine_id = store.save_new(user, "One", "x").pine_id
    with requests.Session() as http:
        http.trust_env = False
        http.headers["Cookie"] = user.cookie
        for turn in range(20):
            url = urls[turn % 2]
            http.post(f"{url}/save/next/{pine_id}", data={"source": f"// {turn}"}, timeout=30)
        answers = [http.get(f"{url}/get/{pine_id}/last", timeout=30).json() for url in urls]
    for process in processes:
        process.communicate("end\n", timeout=30)
        assert process.returncode == 0
    assert {(answer["version"], answer["source"]) for answer in answers} == {("21.0", "// 19")}


def test_closing_ends_hanging_responses(store: Store) -> None:
    arrived = threading.Event()

    class Plan(FaultPlan):
        def next(self, endpoint: str) -> list[Fault]:
            arrived.set()
            return super().next(endpoint)

    server = Server(SandboxApp(store, plan=Plan(["list:*:hang"]))).start()
    ended: list[type[BaseException]] = []

    def client() -> None:
        with requests.Session() as http:
            http.trust_env = False
            try:
                http.get(server.url + "/list", params={"filter": "saved"}, timeout=60)
            except requests.RequestException as error:
                ended.append(type(error))

    hanging = threading.Thread(target=client)
    hanging.start()
    assert arrived.wait(60)
    server.close()
    hanging.join(60)
    assert ended == [requests.ConnectionError]


def test_a_bug_is_a_500_without_the_cookie_in_the_log(
    server: Server, user: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*args: Any) -> Any:
        raise RuntimeError("a bug")

    monkeypatch.setattr(server._http, "app", broken)
    assert status(server, f"Cookie: {user.cookie}") == 500
    assert "a bug" in caplog.text
    assert user.sessionid not in caplog.text
