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
    """Where hints come from: `workspace.file_events.FileEvents`."""

    def wait(self, seconds: float) -> tuple[frozenset[str], list[str]]: ...


@dataclass(slots=True)
class _Mark:
    """A path that may have changed: since when, and when something was last heard of it."""

    first: float
    last: float


class Eyes:
    """`stats` gives what the file system says of every tracked file, cheaply; it is asked every
    second, and every minute, after a sleep of the machine and at the start all files are due.
    `heard` is told of each change as soon as it is known."""

    def __init__(
        self,
        hints: Waiting,
        clock: Callable[[], float],
        stats: Callable[[], Mapping[RelPath, object]],
        heard: Callable[[Collection[RelPath]], None],
    ) -> None:
        self._hints = hints
        self._clock = clock
        self._stats = stats
        self._heard = heard
        self._known: Mapping[RelPath, object] = stats()
        self._marks: dict[RelPath, _Mark] = {}
        self._again: dict[RelPath, float] = {}
        self._looked = clock()
        self._read = self._looked

    @property
    def idle(self) -> bool:
        """Nothing is marked that was not yet given."""
        return not self._marks

    def look_again(self, paths: Iterable[RelPath], seconds: float) -> None:
        """The paths are due after so many seconds, or before that if something happens to them."""
        for path in paths:
            self._again[path] = self._clock() + seconds

    def rest(self) -> None:
        """After an error: what could not be looked at is looked at in a second, not at once."""
        self._looked = self._clock()

    def due(self, seconds: float) -> tuple[frozenset[RelPath], list[str]]:
        """The paths to read now, none of them if there are none after `seconds`; and keys."""
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
        """How long nothing can become due without a hint."""
        ends = [self._looked + LOOK_SECONDS, *self._again.values()]
        if self._marks:
            ends.append(self._closes())
        return max(0.0, min(ends) - now)

    def _closes(self) -> float:
        """When the window of what is marked is over: all is quiet, or the first waits too long."""
        quiet = max(mark.last for mark in self._marks.values()) + QUIET_SECONDS
        return min(quiet, min(mark.first for mark in self._marks.values()) + MOST_SECONDS)

    def _note(self, paths: Collection[RelPath], now: float) -> None:
        for path in paths:
            self._marks.setdefault(path, _Mark(now, now)).last = now
        if paths:
            self._heard(paths)

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
        """But those that are not quiet yet: theirs comes."""
        return self._without({*self._known, *self._again} - self._marks.keys())

    def _without(self, taken: set[RelPath]) -> frozenset[RelPath]:
        for path in taken:
            self._marks.pop(path, None)
            self._again.pop(path, None)
        return frozenset(taken)
