"""Which files a person saved before git began to write. Git may store these texts later, but it did
not write them."""

from __future__ import annotations

from collections.abc import Callable

from pinesync.model import RelPath


class UserSaves:
    """Git takes its lock before it writes a file. So a change is a person's if it is known before
    git takes the lock, or if its event precedes the lock's event. `idle` returns whether git did
    nothing since the last look. Any thread may call this."""

    def __init__(self, stat: Callable[[RelPath], object], idle: Callable[[], bool]) -> None:
        self._stat = stat
        self._idle = idle
        self._saved: dict[RelPath, object] = {}
        self._seen = self.locks = 0
        self.lock: str | None = None
        """The path of git's lock, if its events arrive in one sequence with those of the files."""

    def note_git_lock(self) -> None:
        self.locks += 1

    def mark_read(self, locks: int) -> None:
        """Record that everything git did under its first `locks` locks has been read."""
        self._seen = locks

    def note_change(self, path: RelPath, *, in_order: bool) -> None:
        """The file changed. `in_order` says that the system's sequence of events reported it."""
        stat = self._stat(path)
        first = in_order and self.lock is not None and self.locks == self._seen
        if first or self._idle():
            self._saved[path] = stat
        elif in_order and self.lock:
            self._saved.pop(path, None)

    def has(self, path: RelPath) -> bool:
        """Whether the file is unchanged since a person saved it."""
        return path in self._saved and self._saved[path] == self._stat(path)
