"""A server that sends exactly these bytes, and records the requests."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from pinesync.tradingview.cookies import Secret, origin_of
from pinesync.tradingview.http import Session, Transport
from tests.world.loopback import Loopback

CANARY = "canary0123456789"
SIGN = "v3:canarysign0123456789"
COOKIE = f"sessionid={CANARY}; sessionid_sign={SIGN}"
PEM = Path(__file__).parent / "nobody.pem"
"""A self-signed certificate for localhost, and its key, which protects nothing."""


def answer(body: bytes, status: int = 200, *headers: str, length: int | None = None) -> bytes:
    """The bytes of a response. `length` is the claimed Content-Length."""
    size = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status} Some Words", f"Content-Length: {size}", "Connection: close"]
    lines += [*headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


class RawServer(Loopback):
    """Each connection serves one request with the next response, and is closed; the last
    response repeats. A response of None resets the connection. With `holds`, a connection stays
    open until the end, so a short response is a slow one; without `hears`, the response comes
    before the request."""

    def __init__(
        self,
        *answers: bytes | None,
        tls: bool = False,
        holds: bool = False,
        hears: bool = True,
    ) -> None:
        super().__init__()
        self.answers = list(answers)
        self.requests: list[bytes] = []
        self.connections = 0
        self._tls, self._holds, self._hears = tls, holds, hears
        self._done = threading.Event()

    def __exit__(self, *exception: object) -> None:
        self._done.set()
        super().__exit__(*exception)

    def accepted(self, connection: socket.socket) -> None:
        self.connections += 1
        connection.settimeout(120)  # no test is given longer
        with ExitStack() as open_ones, suppress(OSError):
            open_ones.callback(connection.close)
            if self._tls:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(PEM)
                connection = context.wrap_socket(connection, server_side=True)
                open_ones.callback(connection.close)
            self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        if self._hears:
            self.requests.append(_request(connection))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            return
        connection.sendall(answer)
        if self._holds:
            self._done.wait(60)

    def header(self, name: str, at: int = -1) -> str | None:
        """A header of one request, None if it was not sent."""
        for line in self.requests[at].partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]:
            key, _, value = line.partition(": ")
            if key.lower() == name.lower():
                return value
        return None


def _request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            raise OSError("the client went away")
        data += piece
    head = data.partition(b"\r\n\r\n")[0].lower()
    length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
    while len(data) < len(head) + 4 + length:
        data += connection.recv(65536)
    return data


class Ticking:
    """A clock that advances by `step` seconds at each reading, and records the sleeps."""

    def __init__(self, step: float = 0.0) -> None:
        self.now, self.step = 0.0, step
        self.slept: list[float] = []

    def __call__(self) -> float:
        self.now += self.step
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


Open = Callable[..., Session]


@pytest.fixture
def ticking() -> Ticking:
    return Ticking()


@pytest.fixture
def opened(ticking: Ticking) -> Iterator[Open]:
    """Opens sessions with the canary's cookie for their own origin, and closes them again."""
    with ExitStack() as sessions:

        def open_session(url: str, secret: Secret | None = None, **transport: object) -> Session:
            secret = secret or Secret(CANARY, SIGN, origin_of(url))
            chosen = {"sleep": ticking.sleep, "clock": ticking, **transport}
            session = Session(url, secret, Transport(**chosen))  # type: ignore[arg-type]
            sessions.callback(session.close)
            return session

        yield open_session
