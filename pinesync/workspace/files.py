"""The one place that writes into the user's folder.

A file is exchanged with a temporary one beside it in a single system call, and what came out is
looked at: if an editor saved in between, the two are exchanged back. No symlink below the root is
followed: folders are opened one by one, by descriptor, where the system has that.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pinesync.errors import FileError
from pinesync.model import Digest, RelPath
from pinesync.naming import SUFFIX
from pinesync.sync.ports import ChangedMeanwhile
from pinesync.text import Unreadable, decode, digest

MANIFEST = "pine.toml"
MAX_FILE = 8 * 1024 * 1024
MODE = 0o644
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
_CLOEXEC = getattr(os, "O_CLOEXEC", 0)
_BINARY = getattr(os, "O_BINARY", 0)
_BY_DESCRIPTOR = os.open in os.supports_dir_fd
_EXCHANGE = 2
_NOT_SUPPORTED = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EPERM)
_SKIPPED = frozenset(("node_modules", "__pycache__"))

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
        flags |= _NOFOLLOW | _CLOEXEC | _BINARY
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

    def sync(self) -> None:
        if self.descriptor is not None:
            os.fsync(self.descriptor)


class Tree:
    """The folder at `root`. Paths are `RelPath`s, which passed the rules of naming."""

    def __init__(self, root: Path, exchange: Exchange | None = None) -> None:
        self.root = root
        self._exchange = exchange or exchange_files

    # -- reading -------------------------------------------------------------------------------

    def read(self, path: RelPath | str) -> bytes | None:
        """The file's bytes, None where there is none. FileError for anything but a plain file."""
        try:
            with self._folder_of(path) as (folder, name):
                return _read(folder, name)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _file_error(path, error) from error

    def scripts(self) -> Iterator[str]:
        """The paths of all .pine files, whatever they are called, except under hidden folders
        and folders that are links."""
        pending = [""]
        while pending:
            prefix = pending.pop()
            try:
                with os.scandir(self.root / prefix) as found:
                    for item in found:
                        if item.name.startswith(".") or item.name in _SKIPPED:
                            continue
                        if item.is_dir(follow_symlinks=False):
                            pending.append(f"{prefix}{item.name}/")
                        elif item.name.endswith(SUFFIX) and item.is_file(follow_symlinks=False):
                            yield prefix + item.name
            except OSError as error:
                raise _file_error(prefix or ".", error) from error

    # -- writing -------------------------------------------------------------------------------

    def put(
        self,
        path: RelPath | str,
        data: bytes,
        expected: Digest | None,
        key: str,
        begun: Callable[[str], None],
        came_out: Callable[[bytes], None],
    ) -> None:
        """Let the file hold `data`, wholly or not at all.

        `expected` is the digest of the text it must have, None for a file that must not exist.
        `begun` is told the temporary file's name before the exchange, `came_out` gets the old
        bytes before they leave the folder. ChangedMeanwhile where the file was another."""
        try:
            with self._folder_of(path, make=True) as (folder, name):
                if expected is None:
                    _create(folder, name, data, f".pinesync-{key}.tmp", begun)
                else:
                    self._replace(
                        folder, name, data, expected, f".pinesync-{key}.tmp", begun, came_out
                    )
        except OSError as error:
            raise _file_error(path, error) from error

    def _replace(
        self,
        folder: Folder,
        name: str,
        data: bytes,
        expected: Digest,
        temp: str,
        begun: Callable[[str], None],
        came_out: Callable[[bytes], None],
    ) -> None:
        if _digest_of(_read(folder, name)) != expected:
            raise ChangedMeanwhile
        _write_temp(folder, temp, data, _mode_of(folder, name))
        exchanged = False
        try:
            begun(temp)
            self._exchange(folder, temp, name)
            exchanged = True
            old = _read(folder, temp)
            if _digest_of(old) != expected:
                # An editor saved between the look and the exchange: its text goes back.
                self._exchange(folder, temp, name)
                exchanged = False
                raise ChangedMeanwhile
            came_out(old)
        finally:
            if not exchanged:
                with suppress(FileNotFoundError):
                    folder.unlink(temp)
        folder.unlink(temp)
        folder.sync()

    def write_manifest(self, data: bytes, expected: bytes | None, key: str) -> None:
        """Replace pine.toml as a whole. ChangedMeanwhile where it is not `expected` any more."""
        temp = f".pinesync-{key}.tmp"
        try:
            with self._folder_of(MANIFEST, make=True) as (folder, name):
                if expected is None:
                    _create(folder, name, data, temp, lambda _: None)
                    return
                _write_temp(folder, temp, data, _mode_of(folder, name))
                try:
                    self._exchange(folder, temp, name)
                    if _read(folder, temp) != expected:
                        self._exchange(folder, temp, name)
                        raise ChangedMeanwhile
                finally:
                    folder.unlink(temp)
                folder.sync()
        except OSError as error:
            raise _file_error(MANIFEST, error) from error

    def take_back(
        self,
        path: RelPath,
        temp: str,
        brings: Digest,
        replaced: Digest | None,
        came_out: Callable[[bytes], None],
    ) -> bool:
        """Finish, or undo, an exchange that broke off; whether the file has the new text.

        The temporary file tells: with the new text in it, nothing was exchanged; with the old
        text, the exchange was done; gone, everything was. With any other text an editor saved in
        between, and gets its text back."""
        try:
            with self._folder_of(path) as (folder, name):
                return self._take_back(folder, name, temp, brings, replaced, came_out)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise _file_error(path, error) from error

    def _take_back(
        self,
        folder: Folder,
        name: str,
        temp: str,
        brings: Digest,
        replaced: Digest | None,
        came_out: Callable[[bytes], None],
    ) -> bool:
        try:
            left = _read(folder, temp)
        except FileNotFoundError:
            return True
        if replaced is None:
            folder.unlink(temp)
            return _digest_if_there(folder, name) == brings
        if _digest_of(left) == brings:
            folder.unlink(temp)
            return False
        if _digest_of(left) != replaced and _digest_if_there(folder, name) == brings:
            self._exchange(folder, temp, name)
            folder.unlink(temp)
            return False
        came_out(left)
        folder.unlink(temp)
        return _digest_of(left) == replaced

    # -- the way there -------------------------------------------------------------------------

    @contextmanager
    def _folder_of(self, path: str, *, make: bool = False) -> Iterator[tuple[Folder, str]]:
        """The open folder that holds the file, and the file's name in it."""
        *parts, name = path.split("/")
        if not _BY_DESCRIPTOR:
            yield Folder(self._plain_folder(parts, make), None), name
            return
        descriptor = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | _CLOEXEC)
        try:
            for part in parts:
                if make:
                    with suppress(FileExistsError):
                        os.mkdir(part, 0o755, dir_fd=descriptor)
                flags = os.O_RDONLY | os.O_DIRECTORY | _NOFOLLOW | _CLOEXEC
                below = os.open(part, flags, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = below
            yield Folder(self.root.joinpath(*parts), descriptor), name
        finally:
            os.close(descriptor)

    def _plain_folder(self, parts: list[str], make: bool) -> Path:
        """The same by name, for systems without descriptors of folders."""
        folder = self.root
        for part in parts:
            folder = folder / part
            if make:
                folder.mkdir(exist_ok=True)
            if folder.is_symlink():
                raise OSError(errno.ELOOP, "a link, which is not followed")
        return folder


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
    aside = temp.removesuffix(".tmp") + "-old.tmp"
    folder.link(name, aside)
    folder.replace(temp, name)
    folder.replace(aside, temp)


def _renameat2(descriptor: int, temp: str, name: str) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    try:
        call = libc.renameat2
    except AttributeError:
        raise OSError(errno.ENOSYS, "no renameat2") from None
    if call(descriptor, os.fsencode(temp), descriptor, os.fsencode(name), _EXCHANGE) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _create(
    folder: Folder, name: str, data: bytes, temp: str, begun: Callable[[str], None]
) -> None:
    """A new file, whole from its first moment; never over one that is there."""
    _write_temp(folder, temp, data, MODE)
    try:
        begun(temp)
        folder.link(temp, name)
    except FileExistsError:
        raise ChangedMeanwhile from None
    finally:
        folder.unlink(temp)
    folder.sync()


def _write_temp(folder: Folder, temp: str, data: bytes, mode: int) -> None:
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


def _read(folder: Folder, name: str) -> bytes:
    with os.fdopen(folder.open(name, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "not a plain file")
        data = file.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise OSError(errno.EFBIG, f"larger than {MAX_FILE} bytes")
    return data


def _mode_of(folder: Folder, name: str) -> int:
    found = os.stat(folder.at(name), dir_fd=folder.descriptor, follow_symlinks=False)
    return stat.S_IMODE(found.st_mode) & 0o777


def _digest_of(data: bytes) -> Digest | None:
    try:
        return digest(decode(data))
    except Unreadable:
        return None


def _digest_if_there(folder: Folder, name: str) -> Digest | None:
    try:
        return _digest_of(_read(folder, name))
    except FileNotFoundError:
        return None


def _file_error(path: str, error: OSError) -> FileError:
    if error.errno in (errno.ELOOP, errno.ENOTDIR):
        return FileError(f"{path}: a link stands in the way, and links are not followed")
    return FileError(f"{path}: {error.strerror or error}", "nothing of it was changed")


def is_free(target: Path) -> bool:
    """Whether a new folder can be put there: nothing is there, or an empty folder."""
    if not os.path.lexists(target):
        return True
    return target.is_dir() and not target.is_symlink() and not any(target.iterdir())


@contextmanager
def building(target: Path) -> Iterator[Path]:
    """A folder beside `target` to fill, which takes its place at the end, and leaves nothing
    behind where that is not reached."""
    import shutil
    import tempfile

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(prefix=f".{target.name[:60]}-", dir=target.parent))
        place.chmod(0o755)
    except OSError as error:
        raise _file_error(str(target), error) from error
    try:
        yield place
        try:
            if target.is_dir():
                # Somebody may stand in it, so it is filled; pine.toml makes it whole, and is last.
                names = [item.name for item in place.iterdir() if item.name != MANIFEST]
                for name in [*names, MANIFEST]:
                    (place / name).rename(target / name)
            else:
                place.rename(target)
        except OSError as error:
            raise _file_error(str(target), error) from error
    finally:
        shutil.rmtree(place, ignore_errors=True)
