"""Exchange, rename and read files that others may write at the same time. The lowest layer."""

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
"""The content reported for anything but a plain file. No text contains this byte."""
_NONBLOCK = getattr(os, "O_NONBLOCK", 0)
"""Open without waiting for the other end of a pipe or the end of a lease."""
_PIECE = 256 * 1024
"""Bytes to read at a time from a file that grew after `fstat`."""
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
    """The exchange for systems without one: link the old file to a second name, then replace it.
    A whole file is there at every moment. An editor may save in between, so the caller still checks
    what came out."""
    folder.link(name, second_name(temp))
    folder.replace(temp, name)
    folder.replace(second_name(temp), temp)


def second_name(temp: str) -> str:
    """The second name that the old file has between the two steps."""
    return temp.removesuffix(".tmp") + "-old.tmp"


def left_by_exchange(folder: Folder, temp: str) -> bytes | None:
    """The content of the temporary file: None if it is gone, no text if a link or a pipe came out
    of the exchange. After `link_and_replace` stopped halfway, the old file has its second name."""
    try:
        left = read(folder, temp)
    except FileNotFoundError:
        # Either the exchange stopped between its two renames, or the file is cleaned up already.
        try:
            folder.replace(second_name(temp), temp)
        except FileNotFoundError:
            return None
        return read(folder, temp)
    except OSError:
        if stat.S_ISREG(folder.stat(temp).st_mode):
            raise
        left = _NO_TEXT
    with suppress(FileNotFoundError):
        folder.unlink(second_name(temp))  # the file itself still has that text
    return left


def rename_noreplace(source: Folder, name: str, target: Folder, new: str) -> None:
    """Rename a file, also into another folder. Raises FileExistsError rather than replace a file.
    Where the system cannot promise that, looks for the file right before."""
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
    # In this order the last event for `name` is its arrival. In the other it is its departure, and
    # VS Code's watcher, which merges events, would report nothing.
    _rename(descriptor, name, descriptor, temp, _EXCHANGE)


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
    """Whether somebody has the file open for writing and would go on writing to the replaced file.
    The system refuses a read lease while there is a writer. False if the system or file system has
    no leases or the file is another user's. True if the file cannot be opened, such as a link."""
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


def read(folder: Folder, name: str, limit: int = MAX_FILE) -> bytes:
    """The bytes of a plain file. Raises OSError for a link, a pipe, a device, or over `limit`
    bytes."""
    descriptor = folder.open(name, os.O_RDONLY | _NONBLOCK)
    try:
        file_stat = os.fstat(descriptor)
        if not stat.S_ISREG(file_stat.st_mode):
            raise OSError(errno.EINVAL, "not a plain file")
        # A file object would allocate `limit` bytes even for a small file.
        data = os.read(descriptor, min(file_stat.st_size, limit) + 1)
        while len(data) <= limit and (more := os.read(descriptor, _PIECE)):
            data += more
    finally:
        os.close(descriptor)
    if len(data) > limit:
        raise OSError(errno.EFBIG, f"larger than {limit} bytes")
    return data


def read_if_plain(folder: Folder, name: str) -> bytes:
    """The bytes of the file, or no text if it cannot be read, such as a link."""
    try:
        return read(folder, name)
    except OSError:
        return _NO_TEXT


def mode_of(folder: Folder, name: str) -> int:
    """The file's mode. Raises OSError for a link, which everybody may write."""
    mode = folder.stat(name).st_mode
    if not stat.S_ISREG(mode):
        raise OSError(errno.ELOOP, "not a plain file")
    return stat.S_IMODE(mode) & 0o777


def file_error(path: str, error: OSError) -> FileError:
    if error.errno in (errno.ELOOP, errno.ENOTDIR):
        return FileError(f"{path}: a link is in the way, and links are not followed")
    return FileError(f"{path}: {error.strerror or error}", "it was not changed")
