"""How long the head of an answer may take, and that nothing follows its body.

A timeout of urllib3 begins anew with every byte, so a server that sends one now and then is
waited for without end. Here the connection is cut when the time that the whole read has is over.
Behind the last chunk of a body http.client reads lines as long as there are any, out of sight of
whoever reads the body: here there may be none.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from http.client import HTTPResponse
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import BaseHTTPResponse


class _Bodied(HTTPResponse):
    def _read_and_discard_trailer(self) -> None:
        if self.fp.readline(3) not in (b"\r\n", b"\n", b""):
            raise OSError("lines after the last chunk")


class _Plain(HTTPConnection):
    response_class = _Bodied

    def getresponse(self) -> Any:
        return _in_time(self, super().getresponse)


class _Secure(HTTPSConnection):
    response_class = _Bodied

    def getresponse(self) -> Any:
        return _in_time(self, super().getresponse)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


_POOLS = {"http": _PlainPool, "https": _SecurePool}


class PatientAdapter(HTTPAdapter):
    """Connections of its own pools, each with an end to waiting for an answer's head."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager


def _in_time(connection: HTTPConnection, wait: Any) -> BaseHTTPResponse:
    """The answer's head, within the connection's read timeout in all."""
    held, seconds = connection.sock, connection.timeout
    if held is None or not isinstance(seconds, int | float):
        found: BaseHTTPResponse = wait()
        return found

    late = threading.Event()

    def cut() -> None:
        late.set()
        with suppress(OSError):
            held.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        found = wait()
    finally:
        timer.cancel()
    if late.is_set():
        # What was cut off looks like a head that ended.
        found.close()
        connection.close()
        raise TimeoutError("the head of the answer did not end in time")
    return found
