"""A loopback server without a protocol: a subclass decides what to do with a connection."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Self


class Loopback:
    """It listens as long as its `with` block runs; `url` is the facade's address there."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def port(self) -> int:
        return int(self._listening.getsockname()[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/pine-facade"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                self.accepted(self._listening.accept()[0])

    def accepted(self, connection: socket.socket) -> None:
        """A client connected; an OSError here ends the server."""
        raise NotImplementedError
