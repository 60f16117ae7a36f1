"""Cancel a command of the editor, as long as that is possible."""

from __future__ import annotations

import threading

from pinesync.errors import NetworkError


class Cancelled(NetworkError):
    """The editor cancelled the command; nothing was sent."""


class Order:
    """A requested push, pull or diff. Until it sends a save it can be cancelled, and then sends
    none."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self.off = False
        self.sent = False

    def cancel(self) -> bool:
        """Cancel. Returns False if a save was sent: then only the rest is cancelled."""
        with self._changing:
            self.off = True
            return not self.sent

    def before(self, writes: bool) -> None:
        """Call before each request. Raises Cancelled if it must not be sent. Requests that find out
        how a save ended are still allowed."""
        with self._changing:
            if self.off and (writes or not self.sent):
                raise Cancelled("cancelled before it was sent", "ask for it again", sent=False)
            self.sent = self.sent or writes
