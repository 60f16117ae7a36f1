"""How many requests may be under way at a time, and how long a read waits before it is sent again:
fewer and longer, once the service asks for that."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

MAX_RETRY_AFTER = 30.0
"""Seconds that a read without a total waits where it is asked to, and that any waits unasked."""


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


class Patience:
    """How long a read waits before it is sent again, and when that is given up.

    It is sent again once after each of `pauses`; no longer Retry-After than half a minute is waited
    for. With a `total`, in seconds from now on, a read that comes too often is sent again and again
    when it may be, and nothing is waited for that would end after the total. `told` hears how long
    all reads wait from now on."""

    def __init__(
        self,
        pauses: Sequence[float],
        clock: Callable[[], float],
        total: float | None,
        told: Callable[[float], None] | None = None,
    ) -> None:
        self._pauses = pauses
        self._clock = clock
        self._end = None if total is None else clock() + total
        self._told = told
        self._rest_until = clock()
        self._lock = threading.Lock()

    def pause(self, tries: int, asked: float | None = None, *, often: bool = False) -> float | None:
        """Seconds until the next try, None where there is none. `asked` is what the service asks
        for, `often` whether it says that requests come too often."""
        usual = self._pauses[tries - 1] if tries <= len(self._pauses) else None
        wait = usual if asked is None else asked
        if self._end is None:
            return None if usual is None or (wait or 0) > MAX_RETRY_AFTER else wait
        if often and usual is None:
            # The wait that was asked for did not do.
            wait = max(asked or 0.0, min(0.5 * 4.0 ** min(tries - 1, 9), MAX_RETRY_AFTER))
        elif usual is None:
            return None
        now = self._clock()
        if wait is None or now + wait > self._end:
            return None
        if often:
            self._rest(now + wait, wait)
        return wait

    def rest(self) -> float:
        """What is left of a wait that another read was asked for."""
        return max(0.0, self._rest_until - self._clock())

    def _rest(self, until: float, wait: float) -> None:
        with self._lock:
            is_news = until > self._rest_until + 1.0
            self._rest_until = max(self._rest_until, until)
        if is_news and self._told:
            self._told(wait)
