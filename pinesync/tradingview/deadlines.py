"""An HTTP adapter with a total deadline per response, and no trailers.

urllib3's read timeout restarts with every byte, so a slow server could stall a read forever. Here
each read gets only what is left of the timeout. After the last chunk, http.client reads trailer
lines without a limit, hidden from the caller: here any trailer is an error.
"""

from __future__ import annotations

import io
import socket
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from pinesync.clock import monotonic

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


_ANNOUNCES = frozenset(range(102, 200))


class _DeadlineReader(io.RawIOBase):
    """A socket's raw stream with one deadline: the socket's timeout, counted from now."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw, self._sock = raw, sock
        self._each = sock.gettimeout()
        self._end = None if self._each is None else monotonic() + self._each

    def readable(self) -> bool:
        return True

    def readinto(self, into: WriteableBuffer) -> int | None:
        if self._end is None:
            return self._raw.readinto(into)
        left = self._end - monotonic()
        if left <= 0:
            raise TimeoutError("the response did not end in time")
        self._sock.settimeout(left)
        try:
            return self._raw.readinto(into)
        finally:
            # The next request on this connection gets its full timeout.
            self._sock.settimeout(self._each)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_DeadlineReader(self.fp.detach(), sock))

    def _read_status(self) -> Any:
        version, status, reason = super()._read_status()  # type: ignore[misc]
        # http.client skips only 100; treat every other interim response like it.
        return version, 100 if status in _ANNOUNCES else status, reason

    def begin(self) -> None:
        super().begin()
        if self.status < 200 or self.status in (204, 304):
            # Bodiless: stray bytes here would be read as the next request's response.
            self.will_close = True

    def _read_and_discard_trailer(self) -> None:
        if self.fp.readline(3) not in (b"\r\n", b"\n", b""):
            raise OSError("lines after the last chunk")


class _HTTPConnection(HTTPConnection):
    response_class = _Response


class _HTTPSConnection(HTTPSConnection):
    response_class = _Response


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


_POOLS = {"http": _HTTPPool, "https": _HTTPSPool}


class DeadlineAdapter(HTTPAdapter):
    """An adapter whose connections enforce a deadline for the whole response."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager
