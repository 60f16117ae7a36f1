"""Whether what an editor asked for may still be called off."""

from __future__ import annotations

import threading

from pinesync.errors import NetworkError


class CalledOff(NetworkError):
    """Nothing was sent: the editor wants it no more."""


class Order:
    """A push, pull or diff that was asked for. Until it has sent a save it can be called off, and
    then sends none."""

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self.off = False
        self.sent = False

    def call_off(self) -> bool:
        """Whether that ends all of it; where a save was sent, only what is not sent yet."""
        with self._changing:
            self.off = True
            return not self.sent

    def before(self, writes: bool) -> None:
        """Right before each request. CalledOff where it must not be sent; what tells how a save
        ended is still asked."""
        with self._changing:
            if self.off and (writes or not self.sent):
                raise CalledOff("called off before it was sent", "ask for it again", sent=False)
            self.sent = self.sent or writes
