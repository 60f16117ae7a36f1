"""What the operating system says of files that may have changed.

They are never taken for the truth: some come twice, some late, and where a queue overflows, a drive
is on the network or the machine slept, some never. Whoever waits for them looks from time to time.
"""

from __future__ import annotations

import logging
import os
import threading
import warnings
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

_PAIRING_SECONDS = 0.02
"""How long watchdog waits for the second half of a move. Its own half second, for which a file that
left the tree holds up every event behind it, is longer than a save may take."""


# In watchdog 7, and in watchdog 6; other systems than Linux have neither.
_PAIRINGS = (
    ("inotify_move_event_grouper", "InotifyMoveEventGrouper"),
    ("inotify_buffer", "InotifyBuffer"),
)


class FileEvents(FileSystemEventHandler):
    """The paths below `root` that something happened to, relative to it, and keys that were
    pressed. `works` is False where the system gives no events: then there are only looks. `heard`
    is called with each path at once, in a thread of watchdog's."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.heard: Callable[[str], object] = str
        self._news = threading.Condition()
        self._paths: set[str] = set()
        self._keys: list[str] = []
        self._observer: BaseObserver | None = None
        # Too many watches, or too many programs that watch, or none on this file system.
        with suppress(OSError):
            observer = _observer()
            observer.schedule(self, str(root), recursive=True)
            observer.start()
            self._observer = observer

    @property
    def works(self) -> bool:
        return self._observer is not None

    def close(self) -> None:
        if self._observer:
            self._observer.stop()
            self._observer.join()

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Called by watchdog, in a thread of its own."""
        if event.event_type in ("opened", "closed_no_write"):
            return  # our own looks would be hints to look again
        ends = (raw for raw in (event.src_path, event.dest_path) if raw)
        paths = [_slashed(os.path.relpath(os.fsdecode(raw), self._root)) for raw in ends]
        for path in paths:
            self.heard(path)
        with self._news:
            self._paths.update(paths)
            self._news.notify()

    def press(self, key: str) -> None:
        """A key was pressed; from any thread."""
        with self._news:
            self._keys.append(key)
            self._news.notify()

    def wait(self, seconds: float) -> tuple[frozenset[str], list[str]]:
        """What came since the last call, after `seconds` at most: paths with slashes, and keys."""
        with self._news:
            if not (self._paths or self._keys) and seconds > 0:
                self._news.wait(seconds)
            paths, self._paths = self._paths, set()
            keys, self._keys = self._keys, []
        return frozenset(paths), keys


def _slashed(path: str) -> str:
    return path if os.sep == "/" else path.replace(os.sep, "/")


def _observer() -> BaseObserver:
    # It would write on the person's terminal that a queue overflowed.
    logging.getLogger("watchdog").addHandler(logging.NullHandler())
    for name, pairing in _PAIRINGS:
        with suppress(ImportError):
            getattr(import_module(f"watchdog.observers.{name}"), pairing).delay = _PAIRING_SECONDS
    # It says so of each folder that is moved away and back, into the terminal of the person.
    warnings.filterwarnings("ignore", "Callback with id ", RuntimeWarning)
    observer: BaseObserver = Observer()
    return observer
