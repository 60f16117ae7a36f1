"""The sandbox over HTTP, for other clients: loopback only, keep-alive, one thread per connection.

A request's Host must be this exact address. Its Origin, if any, must be TradingView or loopback, so
that no other web page in a browser can reach the account. The connection is closed unless a
request is complete within `timeout` seconds.

Long because one handler reads, limits and disturbs a connection and writes its responses.
"""

from __future__ import annotations

import io
import logging
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from types import TracebackType
from typing import Any
from urllib.parse import unquote_to_bytes

from pinesync.clock import monotonic
from pinesync.errors import Misuse
from pinesync.sandbox.app import BASE_PATH, MAX_BODY, Environ, SandboxApp
from pinesync.sandbox.faults import TRANSPORT, Disturbance, slices

HOSTS = ("127.0.0.1", "localhost")
TIMEOUT_SECONDS = 30.0
_ORIGIN = re.compile(
    r"https://(?:[a-z0-9-]+\.)*tradingview\.com|https?://(?:127\.0\.0\.1|localhost)(?::\d{1,5})?"
)
_LENGTH = re.compile(r"[0-9]{1,12}")
_log = logging.getLogger(__name__)


class Server:
    """A sandbox on a port of 127.0.0.1; port 0 picks a free one. The constructor binds the port.
    Requests are served between `start` (or `serve_forever`) and `close`."""

    def __init__(
        self,
        app: SandboxApp,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        timeout: float = TIMEOUT_SECONDS,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        if host not in HOSTS:
            raise Misuse(f"the sandbox serves on 127.0.0.1 only, not on {host!r}")
        try:
            self._http = _HTTPServer(("127.0.0.1", port), app, timeout, clock)
        except (OSError, OverflowError) as error:
            raise Misuse(
                f"cannot serve on port {port}: {error}", "choose another --port, or 0 for any"
            ) from error
        self.app = app
        self.port: int = self._http.server_port
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The facade's base URL."""
        return f"http://127.0.0.1:{self.port}{BASE_PATH}"

    def start(self) -> Server:
        """Serve in a new thread."""
        self._thread = threading.Thread(target=self.serve_forever, daemon=True)
        self._thread.start()
        return self

    def serve_forever(self) -> None:
        """Serve until `close`, or until an exception such as KeyboardInterrupt."""
        self._http.serving.set()
        self._http.serve_forever(poll_interval=0.05)

    def close(self) -> None:
        """Release the port and close every connection, even a hanging one."""
        self._http.closing.set()
        if self._thread:
            self._http.serving.wait()
        if self._http.serving.is_set():
            self._http.shutdown()
        if self._thread:
            self._thread.join()
        self._http.server_close()
        self._http.cut_connections()

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class _HTTPServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self,
        address: tuple[str, int],
        app: SandboxApp,
        timeout: float,
        clock: Callable[[], float],
    ) -> None:
        self.app = app
        self.patience = timeout
        self.clock = clock
        self.serving = threading.Event()
        self.closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        # HTTPServer's own method looks up this machine's full name.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", int(self.server_address[1])

    def handle_error(self, *_: object) -> None:
        """Ignore clients that disconnect. Log bugs, without the request."""
        _log.debug("a connection ended early", exc_info=True)

    def opened(self, connection: socket.socket) -> None:
        with self._guard:
            self._open.add(connection)

    def closed(self, connection: socket.socket) -> None:
        with self._guard:
            self._open.discard(connection)

    def cut_connections(self) -> None:
        with self._guard:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "pinesync-sandbox"
    sys_version = ""
    disable_nagle_algorithm = True
    server: _HTTPServer

    def setup(self) -> None:
        self.server.opened(self.request)
        super().setup()
        self.rfile.close()
        self._incoming = _Deadline(self.connection, self.server.clock)
        self.rfile = io.BufferedReader(self._incoming, 65536)

    def finish(self) -> None:
        self.server.closed(self.request)
        super().finish()

    def handle_one_request(self) -> None:
        """Handle one request, which must arrive completely before the deadline."""
        self._incoming.allow(self.server.patience)
        try:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or len(self.raw_requestline) > 65536:
                self.close_connection = True
            elif self.parse_request():
                self._serve()
        except (TimeoutError, OSError):
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Print nothing: requests are logged once they are answered."""

    def _serve(self) -> None:
        if refusal := self._refusal():
            self.close_connection = True
            self._write(*refusal)
            self._drain()
            return
        environ = self._environ()
        started: list[tuple[str, list[tuple[str, str]]]] = []
        try:
            pieces = self.server.app(environ, lambda *args: started.append(args))
            ((status, headers),) = started
        except Exception:  # noqa: BLE001 - the client must learn of a bug
            _log.exception("a bug of the sandbox")
            self._write("500 Internal Server Error", b"a bug of the sandbox, see its log")
            return
        disturbance = environ.get(TRANSPORT)
        wrong = ", disturbed" if disturbance else ""
        _log.info("%s %s: %s%s", self.command, self.path, status.partition(" ")[0], wrong)
        if disturbance:
            self._disturb(disturbance, _head(status, headers), b"".join(pieces))
        else:
            self._send(_head(status, headers), pieces)

    def _refusal(self) -> tuple[str, bytes] | None:
        """Why the request must not reach the app; None if it may."""
        port = self.server.server_port
        if self.headers.get_all("Host") not in [[f"{host}:{port}"] for host in HOSTS]:
            return "400 Bad Request", b"wrong Host"
        origins = self.headers.get_all("Origin", [])
        if len(origins) > 1 or not all(_ORIGIN.fullmatch(origin) for origin in origins):
            return "403 Forbidden", b"wrong Origin"
        if "Transfer-Encoding" in self.headers:
            return "411 Length Required", b"send a Content-Length"
        lengths = self.headers.get_all("Content-Length", ["0"])
        if len(lengths) > 1 or not _LENGTH.fullmatch(lengths[0]):
            return "400 Bad Request", b"wrong Content-Length"
        if int(lengths[0]) > MAX_BODY:
            return "413 Content Too Large", b"the body is too large"
        if self.command == "HEAD":
            return "405 Method Not Allowed", b""
        if not self.path.startswith("/"):
            return "400 Bad Request", b"wrong path"
        return None

    def _environ(self) -> Environ:
        path, _, query = self.path.partition("?")
        length = int(self.headers.get("Content-Length", "0"))
        environ: Environ = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path.encode("latin-1")).decode("latin-1"),
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(length),
            "REMOTE_ADDR": "127.0.0.1",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": str(self.server.server_port),
            "SERVER_PROTOCOL": self.request_version,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(self.rfile.read(length)),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in self.headers.items():
            environ.setdefault(f"HTTP_{name.upper().replace('-', '_')}", value)
        return environ

    # -- sending --------------------------------------------------------------------------------

    def _write(self, status: str, body: bytes) -> None:
        headers = [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(body))),
            *([("Connection", "close")] if self.close_connection else []),
        ]
        self._send(_head(status, headers), [body])

    def _send(self, head: bytes, pieces: Iterable[bytes]) -> None:
        """Send head and body in one write if the body is a single piece."""
        self.connection.settimeout(self.server.patience)
        for piece in pieces:
            self.connection.sendall(head + piece)
            head = b""
        if head:
            self.connection.sendall(head)

    def _drain(self) -> None:
        """Read some of what the client is still sending. Otherwise a reset could discard the
        response."""
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self._incoming.allow(min(2.0, self.server.patience))
            left = 4 * MAX_BODY
            while left > 0 and (piece := self.rfile.read1(65536)):
                left -= len(piece)

    def _disturb(self, disturbance: Disturbance, head: bytes, body: bytes) -> None:
        if disturbance.kind == "slow":
            cut = slices(head + body)
            for piece in cut:
                if self.server.closing.wait(disturbance.seconds / len(cut)):
                    break
                self.connection.sendall(piece)
            return
        self.close_connection = True
        if disturbance.kind == "truncate":
            self.connection.sendall(head + body[: len(body) // 2])
        elif disturbance.kind == "hang":
            self.server.closing.wait(disturbance.seconds)
        else:  # with a linger time of 0, closing sends a reset
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.server.closed(self.connection)
            self.connection.close()


class _Deadline(io.RawIOBase):
    """Reads from a socket until a deadline, then raises TimeoutError however slowly bytes
    arrive."""

    def __init__(self, connection: socket.socket, clock: Callable[[], float]) -> None:
        self._connection = connection
        self._clock = clock
        self._end = 0.0

    def allow(self, seconds: float) -> None:
        self._end = self._clock() + seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._end - self._clock()
        if left <= 0:
            raise TimeoutError("the request took too long")
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)


def _head(status: str, headers: Iterable[tuple[str, str]]) -> bytes:
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode("latin-1")
