"""A layer below all writes of pinesync. It counts the calls that change the disk, and lets one
of them fail or end the process.

It stands in the place of the functions of `os` that make, fill, flush, name and remove files, so
it also sees what pathlib does, and of the one system call that exchanges two files.
"""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import pytest

from pinesync.workspace.files import exchange
from tests.world import Crash

_NAMED = ("replace", "rename", "link", "unlink", "remove", "mkdir", "rmdir", "fsync", "fchmod")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT

Trouble = Callable[["Disk", str], None]


@dataclass
class Disk:
    """`trouble` is called before each call that changes the disk, and may raise."""

    trouble: Trouble = lambda disk, name: None
    calls: list[str] = field(default_factory=list)
    dead: bool = False
    editor: Callable[[], None] | None = None
    """Saves the file once, right before the first exchange."""
    opens: str = ""
    """The file opened for writing last: a name if its folder is open, else a path."""

    def touch(self, name: str) -> None:
        if self.dead:
            raise Crash
        self.calls.append(name)
        self.trouble(self, name)
        if name == "exchange" and self.editor:
            editor, self.editor = self.editor, None
            editor()


class _File:
    """A file whose writes are recorded."""

    def __init__(self, disk: Disk, file: Any) -> None:
        self._disk = disk
        self._file = file

    def write(self, data: Any) -> Any:
        self._disk.touch("write")
        return self._file.write(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@contextmanager
def watched(disk: Disk) -> Iterator[Disk]:
    """Send all writes through the disk."""
    with pytest.MonkeyPatch.context() as patch:
        for name in _NAMED:
            patch.setattr(os, name, _seen(disk, name, getattr(os, name)))
        real_open, real_fdopen = os.open, os.fdopen

        def opening(path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
            if flags & _WRITING:
                disk.opens = os.fspath(path)
                disk.touch("open")
            return real_open(path, flags, *args, **kwargs)

        def fdopening(descriptor: int, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
            file = real_fdopen(descriptor, mode, *args, **kwargs)
            return _File(disk, file) if "w" in mode else file

        patch.setattr(os, "open", opening)
        patch.setattr(os, "fdopen", fdopening)
        patch.setattr(exchange, "_renameat2", _seen(disk, "exchange", exchange._renameat2))
        yield disk


def _seen(disk: Disk, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        disk.touch(name)
        return function(*args, **kwargs)

    return call


def dies_at(number: int) -> Trouble:
    """The process is killed right before this call."""

    def trouble(disk: Disk, name: str) -> None:
        if len(disk.calls) == number:
            disk.dead = True
            raise Crash

    return trouble


def fails_at(number: int, code: int) -> Trouble:
    """This one call fails."""

    def trouble(disk: Disk, name: str) -> None:
        if len(disk.calls) == number:
            raise OSError(code, os.strerror(code))

    return trouble


def is_full_from(number: int) -> Trouble:
    """From this call on the disk is full: nothing can be created or written, but names can be
    removed."""

    def trouble(disk: Disk, name: str) -> None:
        if len(disk.calls) >= number and name in ("open", "write", "mkdir", "link"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    return trouble
