"""Limit concurrent requests and pace retries. Both back off when the service requests it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

MAX_RETRY_AFTER = 30.0
"""Longest Retry-After honored without a total, and longest backoff chosen here, in seconds."""


class ConcurrencyLimit:
    """A semaphore whose limit can shrink: `with turns: ...`."""

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

    def halve(self) -> None:
        """Halve the limit, but keep at least one."""
        with self._changed:
            self._most = max(1, self._most // 2)


class RetryPolicy:
    """Decide how long a read waits before its next try, and when to give up.

    A read is retried once after each of `pauses`, unless Retry-After exceeds half a minute. With a
    `total` in seconds, a rate-limited read is retried until the total is spent; no wait may end
    after it. `on_wait` is called with the wait that now applies to all reads."""

    def __init__(
        self,
        pauses: Sequence[float],
        clock: Callable[[], float],
        total: float | None,
        on_wait: Callable[[float], None] | None = None,
    ) -> None:
        self._pauses = pauses
        self._clock = clock
        self._end = None if total is None else clock() + total
        self._on_wait = on_wait
        self._rest_until = clock()
        self._lock = threading.Lock()

    def pause(
        self, tries: int, retry_after: float | None = None, *, often: bool = False
    ) -> float | None:
        """Seconds until the next try; None to give up. `asked` is the Retry-After in seconds,
        `often` whether the service is rate-limiting."""
        usual = self._pauses[tries - 1] if tries <= len(self._pauses) else None
        wait = usual if retry_after is None else retry_after
        if self._end is None:
            return None if usual is None or (wait or 0) > MAX_RETRY_AFTER else wait
        if often and usual is None:
            # All usual retries failed, so Retry-After alone was too short: back off as well.
            wait = max(retry_after or 0.0, min(0.5 * 4.0 ** min(tries - 1, 9), MAX_RETRY_AFTER))
        elif usual is None:
            return None
        now = self._clock()
        if wait is None or now + wait > self._end:
            return None
        if often:
            self._cool_down(now + wait, wait)
        return wait

    def cool_down(self) -> float:
        """Seconds left of a wait that the service requested for another read."""
        return max(0.0, self._rest_until - self._clock())

    def _cool_down(self, until: float, wait: float) -> None:
        with self._lock:
            is_news = until > self._rest_until + 1.0
            self._rest_until = max(self._rest_until, until)
        if is_news and self._on_wait:
            self._on_wait(wait)
