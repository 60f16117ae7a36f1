"""Whole files or none: how pinesync makes a file, and how it replaces one of its own.

A file that somebody else may write meanwhile is changed in another way: it is exchanged with a
temporary file, and what came out is looked at (`workspace/files/`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

CLOEXEC = getattr(os, "O_CLOEXEC", 0)
NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_BINARY = getattr(os, "O_BINARY", 0)


class Folder:
    """An open folder: its files are named relative to it, so that nobody can swap the way there.
    Without a descriptor they are named by their paths."""

    def __init__(self, path: Path, descriptor: int | None = None) -> None:
        self.path = path
        self.descriptor = descriptor

    def at(self, name: str) -> str:
        """What the system's calls take, together with the descriptor."""
        return name if self.descriptor is not None else str(self.path / name)

    def names(self) -> list[str]:
        return os.listdir(self.path if self.descriptor is None else self.descriptor)

    def open(self, name: str, flags: int, mode: int = 0o600) -> int:
        flags |= NOFOLLOW | CLOEXEC | _BINARY
        return os.open(self.at(name), flags, mode, dir_fd=self.descriptor)

    def unlink(self, name: str) -> None:
        os.unlink(self.at(name), dir_fd=self.descriptor)

    def replace(self, source: str, target: str) -> None:
        os.replace(
            self.at(source), self.at(target), src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor
        )

    def link(self, source: str, target: str, into: Folder | None = None) -> None:
        """A second name for a file, in this folder or in another one; FileExistsError where the
        name is taken."""
        there = into or self
        os.link(
            self.at(source),
            there.at(target),
            src_dir_fd=self.descriptor,
            dst_dir_fd=there.descriptor,
            follow_symlinks=False,
        )

    def stat(self, name: str) -> os.stat_result:
        return os.stat(self.at(name), dir_fd=self.descriptor, follow_symlinks=False)

    def sync(self) -> None:
        """What was named in it survives a power cut, where it is open."""
        if self.descriptor is not None:
            os.fsync(self.descriptor)

    def lock(self) -> None:
        """Wait until no other process holds it like this. It ends when the folder is closed, and
        leaves no file; where the system, or the disk, knows no such lock, nobody is waited for."""
        if hasattr(fcntl, "flock") and self.descriptor is not None:
            with suppress(OSError):
                fcntl.flock(self.descriptor, fcntl.LOCK_EX)


@contextmanager
def opened(path: Path) -> Iterator[Folder]:
    """The folder, open where the system opens folders. OSError where it is none."""
    if os.name != "posix":
        yield Folder(path)
        return
    descriptor = os.open(path, os.O_RDONLY | CLOEXEC)
    try:
        yield Folder(path, descriptor)
    finally:
        os.close(descriptor)


def make_private(folder: Path) -> None:
    """The folder is there; each level that was missing is its owner's alone, whatever the umask.
    OSError where that cannot be."""
    # `parents=True` would leave the levels above to the umask.
    if not folder.is_dir():
        make_private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def sync_folder(folder: Path) -> None:
    """What was named in the folder survives a power cut, where the system can promise that."""
    with opened(folder) as open_folder:
        open_folder.sync()


def temporary_name() -> str:
    """The name of a temporary file in a folder of the user's, which no look at scripts sees."""
    return f".pinesync-{os.urandom(8).hex()}.tmp"


def write_temp(
    folder: Folder, temp: str, data: bytes, mode: int | None = None, *, durably: bool = True
) -> None:
    """A new file, flushed unless `durably` is false; its owner's alone without a mode. Nothing is
    left of it after an OSError; FileExistsError where something has the name."""
    descriptor = folder.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            if mode is not None and hasattr(os, "fchmod"):
                os.fchmod(file.fileno(), mode)
            if durably:
                os.fsync(file.fileno())
    except BaseException:
        with suppress(OSError):
            folder.unlink(temp)
        raise


def create_file(folder: Folder, name: str, data: bytes, mode: int) -> bool:
    """A new file, whole from its first moment and there after a power cut; False where something
    has the name, which stays."""
    temp = temporary_name()
    write_temp(folder, temp, data, mode)
    try:
        folder.link(temp, name)
    except FileExistsError:
        return False
    finally:
        folder.unlink(temp)
    folder.sync()
    return True


def replace_file(path: Path, data: bytes, temporary: Path, *, durably: bool = True) -> None:
    """The file holds the bytes, wholly or not at all, and is its owner's alone; both names lie on
    one disk. Nothing is left of the temporary file after an OSError."""
    write_temp(Folder(temporary.parent), temporary.name, data, durably=durably)
    try:
        temporary.replace(path)
        if durably:
            sync_folder(path.parent)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
        raise
