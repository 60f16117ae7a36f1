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


class Waiting(Protocol):
    """The source of hints: `workspace.file_events.FileEvents`."""

    def wait(self, seconds: float) -> tuple[frozenset[str], list[str]]: ...


@dataclass(slots=True)
class _Mark:
    """When a path was first and last reported as changed."""

    first: float
    last: float


class Debouncer:
    """Collects changed paths until they are quiet. `stats` returns a cheap stat of each tracked
    file and is called every LOOK_SECONDS. All files are due every READ_SECONDS, and after the
    machine slept. `on_change` is called with each change as soon as it is known."""

    def __init__(
        self,
        hints: Waiting,
        clock: Callable[[], float],
        stats: Callable[[], Mapping[RelPath, object]],
        on_change: Callable[[Collection[RelPath]], None],
    ) -> None:
        self._hints = hints
        self._clock = clock
        self._stats = stats
        self._on_change = on_change
        self._known: Mapping[RelPath, object] = stats()
        self._marks: dict[RelPath, _Mark] = {}
        self._again: dict[RelPath, float] = {}
        self._looked = clock()
        self._read = self._looked

    @property
    def idle(self) -> bool:
        """Whether no changed path is left to return."""
        return not self._marks

    def look_again(self, paths: Iterable[RelPath], seconds: float) -> None:
        """Make the paths due after `seconds`, or earlier if they change."""
        for path in paths:
            self._again[path] = self._clock() + seconds

    def rest(self) -> None:
        """After an error, wait LOOK_SECONDS before the next look."""
        self._looked = self._clock()

    def due(self, seconds: float) -> tuple[frozenset[RelPath], list[str]]:
        """Wait at most `seconds`; return the paths to read now, and the keys pressed."""
        before = self._clock()
        hinted, keys = self._hints.wait(min(seconds, self._patience(before)))
        now = self._clock()
        self._note({RelPath(path) for path in self._known.keys() & hinted}, now)
        if now - self._looked >= LOOK_SECONDS or "pine.toml" in hinted:
            self._look(now)
        if now - self._read >= READ_SECONDS or now - before >= ASLEEP_SECONDS:
            self._read = now
            return self._all(), keys
        return self._taken(now), keys

    def _patience(self, now: float) -> float:
        """The seconds until a path can become due without a hint."""
        ends = [self._looked + LOOK_SECONDS, *self._again.values()]
        if self._marks:
            ends.append(self._closes())
        return max(0.0, min(ends) - now)

    def _closes(self) -> float:
        """When to return the changed paths: all are quiet, or the first has waited MOST_SECONDS."""
        quiet = max(mark.last for mark in self._marks.values()) + QUIET_SECONDS
        return min(quiet, min(mark.first for mark in self._marks.values()) + MOST_SECONDS)

    def _note(self, paths: Collection[RelPath], now: float) -> None:
        for path in paths:
            self._marks.setdefault(path, _Mark(now, now)).last = now
        if paths:
            self._on_change(paths)

    def _look(self, now: float) -> None:
        known, seen = self._known, self._stats()
        changed = {path for path in known.keys() | seen.keys() if known.get(path) != seen.get(path)}
        self._note(changed - self._marks.keys(), now)
        self._known = seen
        self._looked = now

    def _taken(self, now: float) -> frozenset[RelPath]:
        taken = {path for path, at in self._again.items() if at <= now}
        if self._marks and now >= self._closes():
            taken |= self._marks.keys()
        return self._without(taken)

    def _all(self) -> frozenset[RelPath]:
        """All paths except those that still change; these become due on their own."""
        return self._without({*self._known, *self._again} - self._marks.keys())

    def _without(self, taken: set[RelPath]) -> frozenset[RelPath]:
        for path in taken:
            self._marks.pop(path, None)
            self._again.pop(path, None)
        return frozenset(taken)
