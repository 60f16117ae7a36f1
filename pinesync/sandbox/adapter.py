"""The sandbox in process: a `requests` adapter that calls the WSGI app without a port or socket.

It raises the errors of a socket immediately: ConnectionError for a reset, ReadTimeout for a hang.
A truncated response fails when its body is read.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers
from urllib3 import HTTPHeaderDict, HTTPResponse
from urllib3.exceptions import ProtocolError

from pinesync.sandbox.app import BASE_PATH, Environ, SandboxApp
from pinesync.sandbox.faults import TRANSPORT, Disturbance, slices

IN_PROCESS_ORIGIN = "https://sandbox.invalid"
"""No host ends in .invalid, so a request that misses the adapter reaches nobody."""
IN_PROCESS_URL = IN_PROCESS_ORIGIN + BASE_PATH


class WSGIAdapter(BaseAdapter):
    """Sends prepared requests to an app. Safe to use from several threads. `sleep` is called
    between the pieces of a slow response; timeouts are ignored."""

    def __init__(self, app: SandboxApp, sleep: Callable[[float], None] = lambda _: None) -> None:
        super().__init__()
        self._app = app
        self._sleep = sleep

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002 - these are requests' interface
        timeout: Any = None,  # noqa: ARG002
        verify: Any = True,  # noqa: ARG002
        cert: Any = None,  # noqa: ARG002
        proxies: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> requests.Response:
        environ = _environ(request)
        status, headers, pieces = self._called(environ)
        disturbance = environ.get(TRANSPORT)
        if disturbance and disturbance.kind == "reset":
            cause = ProtocolError("Connection aborted.", ConnectionResetError(104, "reset by peer"))
            raise requests.ConnectionError(cause, request=request)
        if disturbance and disturbance.kind == "hang":
            raise requests.ReadTimeout("Read timed out.", request=request)
        raw = HTTPResponse(
            body=self._stream(pieces, disturbance),
            headers=HTTPHeaderDict(headers),
            status=int(status[:3]),
            reason=status[4:],
            version=11,
            preload_content=False,
            enforce_content_length=True,
            request_method=request.method,
        )
        return self._response(request, raw)

    def close(self) -> None:
        """Do nothing: the adapter holds nothing open."""

    def _called(self, environ: Environ) -> tuple[str, list[tuple[str, str]], Iterable[bytes]]:
        started: list[tuple[str, list[tuple[str, str]]]] = []
        pieces = self._app(environ, lambda status, headers: started.append((status, headers)))
        status, headers = started[0]
        return status, headers, pieces

    def _stream(
        self, pieces: Iterable[bytes], disturbance: Disturbance | None
    ) -> io.BufferedIOBase:
        if disturbance and disturbance.kind == "truncate":
            whole = b"".join(pieces)
            return io.BytesIO(whole[: len(whole) // 2])
        if disturbance and disturbance.kind == "slow":
            cut = slices(b"".join(pieces))
            pause = disturbance.seconds / max(1, len(cut))
            return io.BufferedReader(_Pieces(cut, lambda: self._sleep(pause)))
        return io.BufferedReader(_Pieces(pieces, lambda: None))

    def _response(self, request: requests.PreparedRequest, raw: HTTPResponse) -> requests.Response:
        response = requests.Response()
        response.status_code = raw.status
        response.reason = raw.reason or ""
        response.headers = CaseInsensitiveDict(raw.headers)
        response.encoding = get_encoding_from_headers(response.headers)
        response.raw = raw
        response.url = request.url or ""
        response.request = request
        response.connection = self  # type: ignore[assignment]
        return response


class _Pieces(io.RawIOBase):
    """A body that is generated as it is read, with a wait before each piece."""

    def __init__(self, pieces: Iterable[bytes], wait: Callable[[], None]) -> None:
        self._pieces = iter(pieces)
        self._rest = memoryview(b"")
        self._wait = wait

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._wait()
            self._rest = memoryview(piece)
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def _environ(request: requests.PreparedRequest) -> Environ:
    url = urlsplit(request.url or "")
    body = _body(request.body)
    environ: Environ = {
        "REQUEST_METHOD": request.method or "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(url.path).decode("latin-1"),
        "QUERY_STRING": url.query,
        "SERVER_NAME": url.hostname or "",
        "SERVER_PORT": str(url.port or 443),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        text = _header(value)
        key = name.upper().replace("-", "_")
        if key == "CONTENT_TYPE":
            environ[key] = text
        elif key != "CONTENT_LENGTH":
            environ[f"HTTP_{key}"] = text
    return environ


def _header(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _body(body: Any) -> bytes:
    """The prepared body as bytes. It may be text, bytes, a file or an iterable."""
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, bytes | bytearray):
        return bytes(body)
    if hasattr(body, "read"):
        return _body(body.read())
    return b"".join(_body(piece) for piece in body)
