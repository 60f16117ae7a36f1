"""How many requests may be under way at a time: fewer, once the service asks for that."""

from __future__ import annotations

import threading


class Turns:
    """At most so many inside of it, from any threads: `with turns: ...`."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0
        self._changed = threading.Condition()

    def __enter__(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._taken < self._most)
            self._taken += 1

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._taken -= 1
            self._changed.notify()

    def fewer(self) -> None:
        """Half as many from now on, and one at least."""
        with self._changed:
            self._most = max(1, self._most // 2)
