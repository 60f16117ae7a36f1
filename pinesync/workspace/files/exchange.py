"""What is done to files that somebody else may write meanwhile: the lowest layer of writing."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable
from contextlib import suppress

from pinesync.atomic import Folder
from pinesync.errors import FileError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

MAX_FILE = 8 * 1024 * 1024
_NO_TEXT = b"\0"
"""For what is no plain file: no text has this byte."""
_NONBLOCK = getattr(os, "O_NONBLOCK", 0)
"""Opening waits for nobody: not for the other end of a pipe, nor for the end of a lease."""
_PIECE = 256 * 1024
"""Bytes of what a file got since its size was told."""
_NOT_OVER = 1
_EXCHANGE = 2
_F_SETSIG = 10
_NOT_SUPPORTED = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EPERM)

Exchange = Callable[[Folder, str, str], None]


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


def left_by_exchange(folder: Folder, temp: str) -> bytes | None:
    """What a temporary file holds, None where there is none any more, no text where a link or a
    pipe came out of the exchange. An exchange without the system call may have stopped halfway,
    and what was taken out is then under its second name."""
    try:
        left = read(folder, temp)
    except FileNotFoundError:
        try:
            folder.replace(aside(temp), temp)
        except FileNotFoundError:
            return None
        return read(folder, temp)
    except OSError:
        if stat.S_ISREG(folder.stat(temp).st_mode):
            raise
        left = _NO_TEXT
    with suppress(FileNotFoundError):
        folder.unlink(aside(temp))  # the file itself still has that text
    return left


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
    return name in folder.names()


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


def read_if_plain(folder: Folder, name: str) -> bytes:
    """What the file holds; no text where it cannot be read, and is a link by now, say."""
    try:
        return read(folder, name)
    except OSError:
        return _NO_TEXT


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
