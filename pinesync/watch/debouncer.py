"""Decide which files to read: events are fast, polling is reliable."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from pinesync.model import RelPath

QUIET_SECONDS = 0.06
MOST_SECONDS = 0.5
LOOK_SECONDS = 1.0
READ_SECONDS = 60.0
ASLEEP_SECONDS = 10.0


class ChangeSource(Protocol):
    """The source of changed paths: `workspace.file_events.FileEvents`."""

    def wait(self, seconds: float) -> tuple[frozenset[str], list[str]]: ...


@dataclass(slots=True)
class _ChangeTimes:
    """When a path was first and last reported as changed."""

    first: float
    last: float


class Debouncer:
    """Collects changed paths until they are quiet. `stats` returns a cheap stat of each tracked
    file and is called every LOOK_SECONDS. All files are due every READ_SECONDS, and after the
    machine slept. `on_change` is called with each change as soon as it is known."""

    def __init__(
        self,
        source: ChangeSource,
        clock: Callable[[], float],
        stats: Callable[[], Mapping[RelPath, object]],
        on_change: Callable[[Collection[RelPath]], None],
    ) -> None:
        self._source = source
        self._clock = clock
        self._stats = stats
        self._on_change = on_change
        self._known: Mapping[RelPath, object] = stats()
        self._changes: dict[RelPath, _ChangeTimes] = {}
        self._scheduled: dict[RelPath, float] = {}
        self._last_poll = clock()
        self._read = self._last_poll

    @property
    def idle(self) -> bool:
        """Whether no changed path is left to return."""
        return not self._changes

    def schedule(self, paths: Iterable[RelPath], seconds: float) -> None:
        """Make the paths due after `seconds`, or earlier if they change."""
        for path in paths:
            self._scheduled[path] = self._clock() + seconds

    def postpone_poll(self) -> None:
        """After an error, wait LOOK_SECONDS before the next look."""
        self._last_poll = self._clock()

    def due(self, seconds: float) -> tuple[frozenset[RelPath], list[str]]:
        """Wait at most `seconds`; return the paths to read now, and the keys pressed."""
        before = self._clock()
        changed, keys = self._source.wait(min(seconds, self._max_wait(before)))
        now = self._clock()
        self._note({RelPath(path) for path in self._known.keys() & changed}, now)
        if now - self._last_poll >= LOOK_SECONDS or "pine.toml" in changed:
            self._poll_stats(now)
        if now - self._read >= READ_SECONDS or now - before >= ASLEEP_SECONDS:
            self._read = now
            return self._take_all(), keys
        return self._take_due(now), keys

    def _max_wait(self, now: float) -> float:
        """The seconds until a path can become due without a hint."""
        ends = [self._last_poll + LOOK_SECONDS, *self._scheduled.values()]
        if self._changes:
            ends.append(self._batch_end())
        return max(0.0, min(ends) - now)

    def _batch_end(self) -> float:
        """When to return the changed paths: all are quiet, or the first has waited MOST_SECONDS."""
        quiet = max(mark.last for mark in self._changes.values()) + QUIET_SECONDS
        return min(quiet, min(mark.first for mark in self._changes.values()) + MOST_SECONDS)

    def _note(self, paths: Collection[RelPath], now: float) -> None:
        for path in paths:
            self._changes.setdefault(path, _ChangeTimes(now, now)).last = now
        if paths:
            self._on_change(paths)

    def _poll_stats(self, now: float) -> None:
        known, seen = self._known, self._stats()
        differing = {
            path for path in known.keys() | seen.keys() if known.get(path) != seen.get(path)
        }
        self._note(differing - self._changes.keys(), now)
        self._known = seen
        self._last_poll = now

    def _take_due(self, now: float) -> frozenset[RelPath]:
        taken = {path for path, at in self._scheduled.items() if at <= now}
        if self._changes and now >= self._batch_end():
            taken |= self._changes.keys()
        return self._remove(taken)

    def _take_all(self) -> frozenset[RelPath]:
        """All paths except those that still change; these become due on their own."""
        return self._remove({*self._known, *self._scheduled} - self._changes.keys())

    def _remove(self, taken: set[RelPath]) -> frozenset[RelPath]:
        for path in taken:
            self._changes.pop(path, None)
            self._scheduled.pop(path, None)
        return frozenset(taken)
