"""Create and replace files atomically: a file has all of its content, or does not exist.

This is for pinesync's own files. A file that others may write is exchanged with a temporary file,
and the text that came out is checked (`workspace/files/`).
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
    """An open folder. File names are relative to its descriptor, so nobody can swap a folder on the
    path. Without a descriptor, full paths are used."""

    def __init__(self, path: Path, descriptor: int | None = None) -> None:
        self.path = path
        self.descriptor = descriptor

    def at(self, name: str) -> str:
        """The name to pass to a system call along with the descriptor."""
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
        """Add a name for a file, in this folder or `into` another. Raises FileExistsError if the
        name is taken."""
        target_folder = into or self
        os.link(
            self.at(source),
            target_folder.at(target),
            src_dir_fd=self.descriptor,
            dst_dir_fd=target_folder.descriptor,
            follow_symlinks=False,
        )

    def stat(self, name: str) -> os.stat_result:
        return os.stat(self.at(name), dir_fd=self.descriptor, follow_symlinks=False)

    def sync(self) -> None:
        """Make changes of names survive a power cut, if the folder is open."""
        if self.descriptor is not None:
            os.fsync(self.descriptor)

    def lock(self) -> None:
        """Take an exclusive lock, which ends when the folder is closed and leaves no file. Does
        nothing if the system or the disk has no such locks."""
        if hasattr(fcntl, "flock") and self.descriptor is not None:
            with suppress(OSError):
                fcntl.flock(self.descriptor, fcntl.LOCK_EX)


@contextmanager
def opened(path: Path) -> Iterator[Folder]:
    """Open the folder, if the system can. Raises OSError if it is not a folder."""
    if os.name != "posix":
        yield Folder(path)
        return
    descriptor = os.open(path, os.O_RDONLY | CLOEXEC)
    try:
        yield Folder(path, descriptor)
    finally:
        os.close(descriptor)


def make_private(folder: Path) -> None:
    """Create the folder and its missing parents, private to their owner whatever the umask. Raises
    OSError if that fails."""
    # `parents=True` would create the parents with the umask's mode.
    if not folder.is_dir():
        make_private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def sync_folder(folder: Path) -> None:
    """Make changes of names in the folder survive a power cut, if the system can."""
    with opened(folder) as open_folder:
        open_folder.sync()


def temporary_name() -> str:
    """A name for a temporary file in the workspace, which no scan for scripts matches."""
    return f".pinesync-{os.urandom(8).hex()}.tmp"


def write_temp(
    folder: Folder, temp: str, data: bytes, mode: int | None = None, *, durably: bool = True
) -> None:
    """Create a file, and flush it unless `durably` is False. Without a mode it is private to its
    owner. An OSError leaves no file; FileExistsError if the name is taken."""
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
    """Create a file that appears with its full content and survives a power cut. False if the name
    is taken; that file stays."""
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
    """Replace the content of a file atomically, and make it private to its owner. Both names must
    be on one disk. An OSError leaves no temporary file."""
    write_temp(Folder(temporary.parent), temporary.name, data, durably=durably)
    try:
        temporary.replace(path)
        if durably:
            sync_folder(path.parent)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
        raise
