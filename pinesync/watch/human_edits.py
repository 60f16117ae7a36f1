"""Which files a person saved before git began, so that what git then stores of them is no sign of
git's own work."""

from __future__ import annotations

from collections.abc import Callable

from pinesync.model import RelPath


class HumanEdits:
    """Git takes its lock before it writes a file. A change that is heard of before that, or whose
    event comes before the lock's in the order of the system's, is not git's. `idle` tells whether
    git did nothing since the last look. From any thread."""

    def __init__(self, stat: Callable[[RelPath], object], idle: Callable[[], bool]) -> None:
        self._stat = stat
        self._idle = idle
        self._saved: dict[RelPath, object] = {}
        self._seen = self.locks = 0
        self.lock: str | None = None
        """The path of git's lock, where its events are heard together with those of the files."""

    def heard_lock(self) -> None:
        self.locks += 1

    def looked(self, locks: int) -> None:
        """Of what git did until it had taken so many locks, all is known."""
        self._seen = locks

    def heard(self, path: RelPath, *, in_order: bool) -> None:
        """Something happened to the file; `in_order` where the system's event says so."""
        found = self._stat(path)
        first = in_order and self.lock is not None and self.locks == self._seen
        if first or self._idle():
            self._saved[path] = found
        elif in_order and self.lock:
            self._saved.pop(path, None)

    def has(self, path: RelPath) -> bool:
        """Whether the file is still as a person saved it."""
        return path in self._saved and self._saved[path] == self._stat(path)
