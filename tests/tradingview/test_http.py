"""One request over real sockets: where the cookie goes, what is retried and read, and what is known
after a failure."""

import gzip
import logging
import select
import socket
import threading
import traceback
import tracemalloc
import zlib
from contextlib import closing, suppress
from pathlib import Path

import pytest

from pinesync.errors import BadResponse, BotCheck, NetworkError, PinesyncError
from pinesync.model import PineId
from pinesync.protocol import MAX_RESPONSE, Request, Response, requests, responses
from pinesync.sandbox.adapter import IN_PROCESS_URL, WSGIAdapter
from pinesync.sandbox.app import SandboxApp
from pinesync.sandbox.faults import FaultPlan
from pinesync.sandbox.store import Store
from pinesync.tradingview.cookies import Secret, origin_of
from pinesync.tradingview.http import PAUSES, Session
from tests.tradingview.conftest import CANARY, COOKIE, SIGN, Open, RawServer, Ticking, answer

ID = PineId("USER;0123456789abcdef0123456789abcdef")
READ = requests.list_scripts()
WRITES = {
    "save_new": requests.save_new("One", "text"),
    "save_next": requests.save_next(ID, "One", "text"),
    "delete": requests.delete(ID),
}
FINE = answer(b"[]")


def attempt(session: Session, request: Request) -> Response | NetworkError:
    """Return the response or the network error."""
    try:
        return session.send(request)
    except NetworkError as error:
        return error


# -- redirects ------------------------------------------------------------------------------------


@pytest.mark.parametrize("request_", [READ, *WRITES.values()], ids=["list", *WRITES])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location",
    [
        "/elsewhere",
        "elsewhere?a=b",
        "//127.0.0.1:{port}/x",
        "http://127.0.0.1:{port}/pine-facade/list",
        "http://localhost:{port}/",
        "http://[::1",
        "http://\xff",
        "file:///etc/passwd",
    ],
)
def test_no_redirect_is_followed(
    opened: Open, request_: Request, status: int, location: str
) -> None:
    with RawServer(FINE) as other:
        where = location.format(port=other.port)
        with RawServer(answer(b"moved", status, f"Location: {where}"), FINE) as server:
            response = opened(server.url).send(request_)
            assert (response.status, response.body) == (status, b"moved")
            assert server.connections == 1
        assert other.connections == 0
    with pytest.raises(BotCheck):
        responses.scripts(response)


def test_the_body_of_a_redirect_is_bounded(opened: Open) -> None:
    bomb = gzip.compress(bytes(100 * 1024 * 1024), 9)
    response = answer(bomb, 302, "Location: /x", "Content-Encoding: gzip")
    with RawServer(response) as server:
        tracemalloc.start()
        try:
            with pytest.raises(BadResponse):
                opened(server.url).send(READ)
            assert tracemalloc.get_traced_memory()[1] < 40 * 1024 * 1024
        finally:
            tracemalloc.stop()


# -- the cookie -----------------------------------------------------------------------------------


def test_the_cookie_goes_to_its_own_origin(opened: Open) -> None:
    with RawServer(FINE) as server:
        opened(server.url).send(READ)
        assert server.header("Cookie") == COOKIE
        assert server.header("Origin") == "https://www.tradingview.com"
        assert server.header("Accept-Encoding") == "identity"
        assert "Mozilla" in (server.header("User-Agent") or "")


@pytest.mark.promise("S1")
@pytest.mark.parametrize(
    "other",
    [
        "https://pine-facade.tradingview.com/pine-facade",
        "http://127.0.0.1:1/pine-facade",
        "http://localhost:{port}/pine-facade",
        "https://127.0.0.1:{port}/pine-facade",
    ],
)
def test_the_cookie_goes_to_no_other_origin(opened: Open, other: str) -> None:
    with RawServer(FINE) as server:
        secret = Secret(CANARY, SIGN, origin_of(other.format(port=server.port)))
        session = opened(server.url, secret)
        for request in (READ, *WRITES.values()):
            session.send(request)
        assert len(server.requests) == 4
        assert not any(CANARY.encode() in sent for sent in server.requests)
        assert server.header("Cookie") is None


def test_cookies_of_the_server_are_never_sent_back(opened: Open) -> None:
    hostile = answer(
        b"[]",
        200,
        "Set-Cookie: sessionid=theirs; Path=/",
        "Set-Cookie: other=theirs; Path=/; Domain=127.0.0.1",
        "Set-Cookie: sessionid_sign=theirs",
    )
    with RawServer(hostile) as server:
        session = opened(server.url)
        for request in (READ, READ, WRITES["save_new"]):
            session.send(request)
        assert [server.header("Cookie", at) for at in range(3)] == [COOKIE] * 3
    with RawServer(hostile) as server:
        session = Session(server.url)
        session.send(READ)
        session.send(READ)
        session.close()
        assert [server.header("Cookie", at) for at in range(2)] == [None] * 2


@pytest.mark.promise("S1")
def test_nothing_is_read_from_the_environment(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RawServer(FINE) as proxy, RawServer(FINE) as server:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing"))
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login somebody password something\n")
        monkeypatch.setenv("NETRC", str(netrc))
        opened(server.url).send(READ)
        assert server.header("Authorization") is None
        assert (server.connections, proxy.connections) == (1, 0)


def test_a_configured_proxy_is_used(opened: Open) -> None:
    with RawServer(FINE) as proxy, RawServer(FINE) as server:
        proxies = {"http": f"http://127.0.0.1:{proxy.port}"}
        opened(server.url, proxies=proxies).send(READ)
        assert (server.connections, proxy.connections) == (0, 1)


# -- what is tried again --------------------------------------------------------------------------

BROKEN_ANSWERS: dict[str, bytes | None] = {
    "429": answer(b"", 429),
    "429 with a wait": answer(b"", 429, "Retry-After: 1"),
    **{str(code): answer(b"", code) for code in (500, 502, 503, 504)},
    "html": answer(b"<!DOCTYPE html>"),
    "nothing": b"",
    "no http": b"hello\r\n\r\n",
    "reset": None,
    "truncated": answer(b"[", 200, length=100),
    "truncated chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[",
    "bad gzip": answer(b"no gzip", 200, "Content-Encoding: gzip"),
}


@pytest.mark.promise(9, 25)
@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("response", BROKEN_ANSWERS.values(), ids=BROKEN_ANSWERS)
def test_a_write_is_sent_once(
    opened: Open, ticking: Ticking, write: str, response: bytes | None
) -> None:
    with RawServer(response, FINE) as server:
        outcome = attempt(opened(server.url), WRITES[write])
        assert server.connections == 1
    assert outcome.sent if isinstance(outcome, NetworkError) else outcome.status
    assert ticking.slept == []


@pytest.mark.parametrize("kind", ["429", "500", "503", "html", "redirect", "empty", "garbage",
                                  "reset", "hang", "truncate", "slow"])  # fmt: skip
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("write", WRITES)
def test_a_write_is_sent_once_in_process(
    opened: Open, tmp_path: Path, write: str, when: str, kind: str
) -> None:
    plan = FaultPlan([f"{write}:*:{kind}:{when}"])
    store = Store(tmp_path / "sandbox.sqlite3", lambda: 0.0)
    session = opened(IN_PROCESS_URL, adapter=WSGIAdapter(SandboxApp(store, plan=plan)))
    outcome = attempt(session, WRITES[write])
    assert outcome.sent if isinstance(outcome, NetworkError) else outcome.status
    assert len(plan.log) == 1
    store.close()


RETRIED = ["429", "500", "502", "503", "504", "nothing", "reset", "truncated", "truncated chunk"]


@pytest.mark.parametrize("kind", RETRIED)
def test_a_read_is_tried_three_times(opened: Open, ticking: Ticking, kind: str) -> None:
    response = BROKEN_ANSWERS[kind]
    with RawServer(response, response, answer(b"[1]")) as server:
        assert opened(server.url).send(READ).body == b"[1]"
        assert server.connections == 3
    assert ticking.slept == list(PAUSES)


@pytest.mark.parametrize("kind", RETRIED)
def test_a_read_is_tried_at_most_three_times(opened: Open, ticking: Ticking, kind: str) -> None:
    with RawServer(BROKEN_ANSWERS[kind]) as server:
        outcome = attempt(opened(server.url), READ)
        assert outcome.sent if isinstance(outcome, NetworkError) else outcome.status >= 429
        assert server.connections == 3
    assert ticking.slept == list(PAUSES)


@pytest.mark.parametrize("response", [answer(b"<html>"), answer(b"no", 401), answer(b"", 302)])
def test_a_response_is_not_requested_again(opened: Open, response: bytes) -> None:
    with RawServer(response, FINE) as server:
        opened(server.url).send(READ)
        assert server.connections == 1


@pytest.mark.promise(25)
@pytest.mark.parametrize(
    ("header", "slept"),
    [
        ("0", [0.0]),
        ("7", [7.0]),
        (" 30 ", [30.0]),
        ("31", []),
        ("999999999", []),
        ("9" * 30, [PAUSES[0]]),
        ("-1", [PAUSES[0]]),
        ("1.5", [PAUSES[0]]),
        ("nan", [PAUSES[0]]),
        ("", [PAUSES[0]]),
        ("Wed, 21 Oct 2015 07:28:00 GMT", [PAUSES[0]]),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured_and_capped(
    opened: Open, ticking: Ticking, status: int, header: str, slept: list[float]
) -> None:
    with RawServer(answer(b"", status, f"Retry-After: {header}"), FINE) as server:
        received = opened(server.url).send(READ)
        assert received.status == (200 if slept else status)
    assert ticking.slept == slept


# -- what is read ---------------------------------------------------------------------------------


@pytest.mark.promise(23, "S11")
@pytest.mark.parametrize("body", [b"x" * 101, b"x" * 5_000_000])
def test_a_response_over_the_cap_is_dropped(opened: Open, body: bytes) -> None:
    with RawServer(answer(body)) as server, pytest.raises(BadResponse, match="larger than 100"):
        opened(server.url).send(Request("GET", "/list", cap=100))


def test_a_response_at_the_cap_is_read(opened: Open) -> None:
    for encoded, header in ((bytes(100), "X: y"), (gzip.compress(bytes(100)), GZIP)):
        with RawServer(answer(encoded, 200, header)) as server:
            assert opened(server.url).send(Request("GET", "/list", cap=100)).body == bytes(100)


GZIP = "Content-Encoding: gzip"
_EMPTY = gzip.compress(b"")


@pytest.mark.promise(23, "S11")
@pytest.mark.parametrize(
    "bomb",
    [
        lambda: answer(gzip.compress(bytes(300 * 1024 * 1024), 9), 200, GZIP),
        lambda: answer(gzip.compress(gzip.compress(bytes(300 << 20), 9)), 200, GZIP + ", gzip"),
        lambda: answer(_EMPTY * (MAX_RESPONSE // len(_EMPTY) + 1), 200, GZIP),
        lambda: answer(b"[" * (MAX_RESPONSE + 1)),
    ],
    ids=["gzip", "gzip in gzip", "empty members", "plain"],
)
def test_a_decompression_bomb_is_bounded(opened: Open, bomb: object) -> None:
    response = bomb()  # type: ignore[operator]
    with RawServer(response) as server:
        session = opened(server.url)
        tracemalloc.start()
        try:
            with pytest.raises(BadResponse):
                session.send(requests.get_script(ID, None))
            assert tracemalloc.get_traced_memory()[1] < 8 * MAX_RESPONSE
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "nonsense", "gzip, gzip"])
def test_an_unrequested_encoding_is_refused(opened: Open, encoding: str) -> None:
    with RawServer(answer(b"[]", 200, f"Content-Encoding: {encoding}")) as server:
        with pytest.raises(BadResponse, match="encoding"):
            opened(server.url).send(READ)


@pytest.mark.parametrize("parts", [[b"[]"], [b"", b"[", b"", b"]"]])
def test_unrequested_gzip_is_read(opened: Open, parts: list[bytes]) -> None:
    body = b"".join(gzip.compress(part) for part in parts)
    with RawServer(answer(body, 200, GZIP)) as server:
        assert opened(server.url).send(READ).body == b"[]"


def test_truncated_gzip_in_a_complete_response_is_a_network_error(opened: Open) -> None:
    cut = zlib.compressobj(wbits=31)
    body = cut.compress(b'"ok"') + cut.flush(zlib.Z_SYNC_FLUSH)
    with RawServer(answer(body, 200, GZIP)) as server:
        with pytest.raises(NetworkError, match="broke off") as caught:
            opened(server.url).send(WRITES["delete"])
        assert caught.value.sent


@pytest.mark.promise(25, "S11")
@pytest.mark.parametrize("header", [[], [GZIP]], ids=["plain", "gzip"])
def test_an_endless_body_ends_at_the_deadline(opened: Open, header: list[str]) -> None:
    piece = gzip.compress(b"")[:8] if header else b"["
    with RawServer(answer(piece, 200, *header, length=1000), holds=True) as server:
        with pytest.raises(NetworkError, match="did not end in time") as caught:
            opened(server.url, clock=Ticking(70.0)).send(WRITES["save_new"])
        assert caught.value.sent


# -- what is known after a failure ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("begins", "words"),
    [
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", "did not respond in time"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", "did not end in time"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", "did not end in time"),
    ],
    ids=["head", "body", "chunk"],
)
def test_an_endless_response_ends_at_the_deadline(
    opened: Open, monkeypatch: pytest.MonkeyPatch, begins: bytes, words: str
) -> None:
    """Occasional bytes keep every read alive, but the total time has a limit."""
    monkeypatch.setattr("pinesync.tradingview.http.WRITE_SECONDS", 0.4)
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            connection, _ = listening.accept()
            with connection, suppress(OSError):
                connection.sendall(begins)
                while not stop.wait(0.02):
                    connection.sendall(b"a")

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            with pytest.raises(NetworkError, match=words) as caught:
                opened(f"http://127.0.0.1:{listening.getsockname()[1]}/f").send(WRITES["save_new"])
        finally:
            stop.set()
            thread.join()
    assert caught.value.sent


class Late:
    """Sends something unrequested on its first connection. It responds with the requested path
    once the next request arrives there, or after a moment."""

    def __init__(self, first: bytes) -> None:
        self._first = first
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                peer, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(peer, self._first), daemon=True).start()
                self._first = b""

    @staticmethod
    def _serve(peer: socket.socket, first: bytes) -> None:
        with peer, peer.makefile("rb") as stream, suppress(OSError):
            while line := stream.readline():
                while stream.readline() != b"\r\n":
                    pass
                if first:
                    peer.sendall(first)
                    select.select([peer], [], [], 0.3)
                    first = b""
                body = line.split()[1]
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


@pytest.mark.parametrize("status", ["102 Processing", "103 Early Hints", "104 Who Knows"])
def test_informational_responses_are_skipped(status: str) -> None:
    late = Late(f"HTTP/1.1 {status}\r\nLink: </x>\r\n\r\n".encode())
    with closing(late), closing(Session(late.url)) as session:
        found = [session.send(Request("GET", path)) for path in ("/a", "/b", "/c")]
    assert [(item.status, item.body) for item in found] == [
        (200, b"/a"),
        (200, b"/b"),
        (200, b"/c"),
    ]


@pytest.mark.parametrize(
    "status", ["101 Switching Protocols", "204 No Content", "304 Not Modified"]
)
def test_a_late_response_is_not_taken_for_another_request(status: str) -> None:
    late = Late(f"HTTP/1.1 {status}\r\n\r\n".encode())
    with closing(late), closing(Session(late.url)) as session:
        found = [session.send(Request("GET", path)) for path in ("/a", "/b", "/c")]
    assert [item.status for item in found] == [int(status[:3]), 200, 200]
    assert [item.body for item in found] == [b"", b"/b", b"/c"]


def test_a_refused_connection_is_a_network_error(opened: Open) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(NetworkError) as caught:
        opened(f"http://127.0.0.1:{port}/x").send(WRITES["save_new"])
    assert not caught.value.sent


def test_an_unresolvable_host_is_a_network_error(opened: Open) -> None:
    with pytest.raises(NetworkError, match="cannot be resolved") as caught:
        opened("https://facade.invalid/x").send(WRITES["save_new"])
    assert not caught.value.sent


@pytest.mark.promise("S1")
def test_an_untrusted_certificate_is_refused(opened: Open) -> None:
    with RawServer(FINE, tls=True) as server:
        with pytest.raises(NetworkError, match="secure") as caught:
            opened(f"https://localhost:{server.port}/x").send(WRITES["save_new"])
        assert not caught.value.sent
        assert server.requests == []


def test_a_server_without_tls_is_a_network_error(opened: Open) -> None:
    with RawServer(b"hello\r\n", hears=False) as server:
        with pytest.raises(NetworkError):
            opened(f"https://127.0.0.1:{server.port}/x").send(WRITES["save_new"])
        assert not any(CANARY.encode() in request for request in server.requests)


@pytest.mark.parametrize("response", [None, *(BROKEN_ANSWERS[k] for k in ("nothing", "truncated"))])
def test_no_failure_message_contains_the_cookie(
    opened: Open, response: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with RawServer(response) as server:
        session = opened(server.url)
        with pytest.raises(PinesyncError) as caught:
            session.send(WRITES["save_new"])
        assert CANARY.encode() in server.requests[0]
    texts = ["".join(traceback.format_exception(caught.value)), caplog.text, repr(session)]
    error: BaseException | None = caught.value
    while error:
        texts += [str(error), repr(error), repr(error.args)]
        error = error.__cause__ or error.__context__
    assert not any(CANARY in text or SIGN in text for text in texts)


@pytest.mark.promise("S3")
def test_the_repr_of_a_secret_hides_it() -> None:
    secret = Secret(CANARY, SIGN, "https://a.example:443")
    for text in (repr(secret), str(secret), f"{secret}", f"{[secret]!r}", f"{secret!s:>9}"):
        assert CANARY not in text
        assert SIGN not in text


def test_a_session_works_without_a_cookie() -> None:
    with RawServer(FINE) as server:
        session = Session(server.url)
        session.send(requests.check("text"))
        session.close()
        assert server.header("Cookie") is None
