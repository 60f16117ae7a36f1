"""The operating system's events for files that may have changed.

Events are only hints. Some come twice, some late, and some never: after a queue overflow, on a
network drive or while the machine sleeps. So callers must poll as well.
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
"""How long watchdog waits for the second half of a move. Its default of half a second is longer
than a save may take: a file that leaves the tree delays every event after it by that long."""


# The names in watchdog 7 and in watchdog 6. They exist only on Linux.
_PAIRINGS = (
    ("inotify_move_event_grouper", "InotifyMoveEventGrouper"),
    ("inotify_buffer", "InotifyBuffer"),
)


class FileEvents(FileSystemEventHandler):
    """Collects the paths with events, relative to `root`, and pressed keys. `works` is False if the
    system delivers no events, so that only polling helps. `on_change` is called immediately with
    each path, in watchdog's thread."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.on_change: Callable[[str], object] = str
        self._news = threading.Condition()
        self._paths: set[str] = set()
        self._keys: list[str] = []
        self._observer: BaseObserver | None = None
        # Too many watches, too many watching programs, or no support on this file system.
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
        """Called by watchdog in its own thread."""
        if event.event_type in ("opened", "closed_no_write"):
            return  # our own reads would trigger further reads
        ends = (raw for raw in (event.src_path, event.dest_path) if raw)
        paths = [_slashed(os.path.relpath(os.fsdecode(raw), self._root)) for raw in ends]
        for path in paths:
            self.on_change(path)
        with self._news:
            self._paths.update(paths)
            self._news.notify()

    def press(self, key: str) -> None:
        """Report a pressed key. Safe to call from any thread."""
        with self._news:
            self._keys.append(key)
            self._news.notify()

    def wait(self, seconds: float) -> tuple[frozenset[str], list[str]]:
        """Wait up to `seconds`. Returns the paths (with slashes) and keys since the last call."""
        with self._news:
            if not (self._paths or self._keys) and seconds > 0:
                self._news.wait(seconds)
            paths, self._paths = self._paths, set()
            keys, self._keys = self._keys, []
        return frozenset(paths), keys


def _slashed(path: str) -> str:
    return path if os.sep == "/" else path.replace(os.sep, "/")


def _observer() -> BaseObserver:
    # Otherwise watchdog would report a queue overflow on the terminal.
    logging.getLogger("watchdog").addHandler(logging.NullHandler())
    for name, pairing in _PAIRINGS:
        with suppress(ImportError):
            getattr(import_module(f"watchdog.observers.{name}"), pairing).delay = _PAIRING_SECONDS
    # watchdog would warn on the terminal about each folder that is moved away and back.
    warnings.filterwarnings("ignore", "Callback with id ", RuntimeWarning)
    observer: BaseObserver = Observer()
    return observer
