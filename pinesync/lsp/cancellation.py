"""Cancel a command of the editor, as long as that is possible."""

from __future__ import annotations

import threading

from pinesync.errors import NetworkError


class Cancelled(NetworkError):
    """The editor cancelled the command; nothing was sent."""


class Cancellation:
    """The cancellation of one push, pull or diff. Once cancelled it sends no save."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.is_cancelled = False
        self.sent = False

    def cancel(self) -> bool:
        """Cancel. Returns False if a save was sent: then only the rest is cancelled."""
        with self._lock:
            self.is_cancelled = True
            return not self.sent

    def before_request(self, writes: bool) -> None:
        """Call before each request. Raises Cancelled if it must not be sent. Requests that find out
        how a save ended are still allowed."""
        with self._lock:
            if self.is_cancelled and (writes or not self.sent):
                raise Cancelled("cancelled before it was sent", "ask for it again", sent=False)
            self.sent = self.sent or writes
