"""An open folder, and what is done to the files in it: the lowest layer of writing."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from pinesync.errors import FileError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

MAX_FILE = 8 * 1024 * 1024
CLOEXEC = getattr(os, "O_CLOEXEC", 0)
NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_BINARY = getattr(os, "O_BINARY", 0)
_NONBLOCK = getattr(os, "O_NONBLOCK", 0)
"""Opening waits for nobody: not for the other end of a pipe, nor for the end of a lease."""
_PIECE = 256 * 1024
"""Bytes of what a file got since its size was told."""
_NOT_OVER = 1
_EXCHANGE = 2
_F_SETSIG = 10
_NOT_SUPPORTED = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EPERM)

Exchange = Callable[["Folder", str, str], None]


class Folder:
    """An open folder: its files are named relative to it, so that nobody can swap the way there."""

    def __init__(self, path: Path, descriptor: int | None) -> None:
        self.path = path
        self.descriptor = descriptor

    def at(self, name: str) -> str:
        """What the system's calls take, together with `where`."""
        return name if self.descriptor is not None else str(self.path / name)

    def open(self, name: str, flags: int, mode: int = 0o600) -> int:
        flags |= NOFOLLOW | CLOEXEC | _BINARY
        return os.open(self.at(name), flags, mode, dir_fd=self.descriptor)

    def unlink(self, name: str) -> None:
        os.unlink(self.at(name), dir_fd=self.descriptor)

    def replace(self, source: str, target: str) -> None:
        os.replace(
            self.at(source), self.at(target), src_dir_fd=self.descriptor, dst_dir_fd=self.descriptor
        )

    def link(self, source: str, target: str) -> None:
        """A second name for a file; FileExistsError where the name is taken."""
        os.link(
            self.at(source),
            self.at(target),
            src_dir_fd=self.descriptor,
            dst_dir_fd=self.descriptor,
            follow_symlinks=False,
        )

    def stat(self, name: str) -> os.stat_result:
        return os.stat(self.at(name), dir_fd=self.descriptor, follow_symlinks=False)

    def sync(self) -> None:
        if self.descriptor is not None:
            os.fsync(self.descriptor)

    def lock(self) -> None:
        """Wait until no other process holds it like this. It ends when the folder is closed, and
        leaves no file; where the system, or the disk, knows no such lock, nobody is waited for."""
        if hasattr(fcntl, "flock") and self.descriptor is not None:
            with suppress(OSError):
                fcntl.flock(self.descriptor, fcntl.LOCK_EX)


def exchange_files(folder: Folder, temp: str, name: str) -> None:
    """Exchange two files of one folder in one step, or as nearly as the system can."""
    if sys.platform.startswith("linux") and folder.descriptor is not None:
        try:
            _renameat2(folder.descriptor, temp, name)
        except OSError as error:
            if error.errno not in _NOT_SUPPORTED:
                raise
        else:
            return
    link_and_replace(folder, temp, name)


def link_and_replace(folder: Folder, temp: str, name: str) -> None:
    """The exchange for systems without one: the old file keeps a second name, then the new one
    takes its place. Never a moment without a whole file, but an editor may save in between: what
    came out is looked at all the same."""
    folder.link(name, aside(temp))
    folder.replace(temp, name)
    folder.replace(aside(temp), temp)


def aside(temp: str) -> str:
    """The second name that the old file has between the two steps."""
    return temp.removesuffix(".tmp") + "-old.tmp"


def rename_anew(source: Folder, name: str, target: Folder, new: str) -> None:
    """Another name, maybe in another folder, and never over a file: FileExistsError. Where the
    system cannot promise that, it is looked for right before."""
    if sys.platform.startswith("linux") and None not in (source.descriptor, target.descriptor):
        try:
            _rename(source.descriptor, name, target.descriptor, new, _NOT_OVER)
        except OSError as error:
            if error.errno not in _NOT_SUPPORTED:
                raise
        else:
            return
    if is_listed(target, new):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
    os.rename(
        source.at(name), target.at(new), src_dir_fd=source.descriptor, dst_dir_fd=target.descriptor
    )


def is_listed(folder: Folder, name: str) -> bool:
    """Whether the folder has a file of exactly this name, also where letter case makes no
    difference."""
    return name in os.listdir(folder.path if folder.descriptor is None else folder.descriptor)


def _renameat2(descriptor: int, temp: str, name: str) -> None:
    _rename(descriptor, temp, descriptor, name, _EXCHANGE)


def _rename(source: int | None, name: str, target: int | None, new: str, flags: int) -> None:
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    try:
        call = libc.renameat2
    except AttributeError:
        raise OSError(errno.ENOSYS, "no renameat2") from None
    if call(source, os.fsencode(name), target, os.fsencode(new), flags) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def is_being_written(folder: Folder, name: str) -> bool:
    """Whether somebody has the file open for writing: what they write next would go into a text
    that was taken out already. A read lease tells, which is refused while there is a writer.
    False where the system has no leases, or this file system, or the file is another user's; True
    of what cannot even be opened, a link say."""
    if not hasattr(fcntl, "F_SETLEASE"):
        return False
    try:
        descriptor = folder.open(name, os.O_RDONLY | _NONBLOCK)
    except OSError:
        return True
    try:
        import signal

        # Breaking the lease must not end the process, as SIGIO would.
        fcntl.fcntl(descriptor, _F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    finally:
        os.close(descriptor)
    return False


def write_temp(folder: Folder, temp: str, data: bytes, mode: int) -> None:
    descriptor = folder.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            if hasattr(os, "fchmod"):
                os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
    except BaseException:
        with suppress(OSError):
            folder.unlink(temp)
        raise


def read(folder: Folder, name: str, most: int = MAX_FILE) -> bytes:
    """What a plain file holds. OSError for a link, a pipe, a device, and for more bytes."""
    descriptor = folder.open(name, os.O_RDONLY | _NONBLOCK)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "not a plain file")
        # No file object: it would make room for as much as there may be, of every small file.
        data = os.read(descriptor, min(found.st_size, most) + 1)
        while len(data) <= most and (more := os.read(descriptor, _PIECE)):
            data += more
    finally:
        os.close(descriptor)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"larger than {most} bytes")
    return data


def mode_of(folder: Folder, name: str) -> int:
    """The file's mode. OSError for a link, which everybody may write."""
    mode = folder.stat(name).st_mode
    if not stat.S_ISREG(mode):
        raise OSError(errno.ELOOP, "not a plain file")
    return stat.S_IMODE(mode) & 0o777


def file_error(path: str, error: OSError) -> FileError:
    if error.errno in (errno.ELOOP, errno.ENOTDIR):
        return FileError(f"{path}: a link stands in the way, and links are not followed")
    return FileError(f"{path}: {error.strerror or error}", "nothing of it was changed")
