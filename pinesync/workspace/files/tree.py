"""Read and write the workspace's files, each completely or not at all."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import groupby
from pathlib import Path

from pinesync.atomic import Folder, write_temp
from pinesync.errors import FileError, PinesyncError
from pinesync.model import Digest, RelPath
from pinesync.sync.ports import ChangedMeanwhile
from pinesync.text.canonical import digest_or_none
from pinesync.text.filenames import SUFFIX
from pinesync.workspace.files.exchange import (
    Exchange,
    exchange_files,
    file_error,
    is_being_written,
    left_by_exchange,
    mode_of,
    read,
    read_if_plain,
)
from pinesync.workspace.files.walk import MANIFEST, folder_of, plain_files

MODE = 0o644
_TEMPORARY = r"\.pinesync-[0-9a-z-]+\.tmp"


class Tree:
    """The folder at `root`. Paths are `RelPath`s, which have passed `check_path`."""

    def __init__(self, root: Path, exchange: Exchange | None = None) -> None:
        self.root = root
        self._exchange = exchange or exchange_files

    # -- reading -------------------------------------------------------------------------------

    def read(self, path: RelPath | str) -> bytes | None:
        """The file's bytes; None if there is no file. Raises FileError for anything but a plain
        file."""
        try:
            with self._folder_of(path) as (folder, name):
                return read(folder, name)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise file_error(path, error) from error

    def read_each(self, paths: Iterable[RelPath]) -> Iterator[tuple[RelPath, bytes | FileError]]:
        """Read those files that exist. Yields what `read` returns or the error it raises. Adjacent
        paths in the same folder open it only once."""
        for _, group in groupby(paths, key=lambda path: path.rpartition("/")[0]):
            together = list(group)
            try:
                with self._folder_of(together[0]) as (folder, _name):
                    for path in together:
                        content = _found(folder, path)
                        if content is not None:
                            yield path, content
            except FileNotFoundError:
                continue
            except OSError as error:
                yield from ((path, file_error(path, error)) for path in together)

    def scripts(self) -> Iterator[str]:
        """The paths of all .pine files, even with unsafe names, except below hidden folders and
        folders that are links."""
        for path, name in plain_files(self.root):
            if name.endswith(SUFFIX) and not name.startswith("."):
                yield path

    def leftovers(self) -> list[str]:
        """The temporary files left by killed processes."""
        return [path for path, name in plain_files(self.root) if re.fullmatch(_TEMPORARY, name)]

    def is_busy(self, path: RelPath) -> bool:
        """Whether another program has the file open for writing, if the system can tell."""
        if self.stat(path) is None:
            return False
        try:
            with self._folder_of(path) as (folder, name):
                return is_being_written(folder, name)
        except OSError:
            return False

    def stat(self, path: RelPath) -> tuple[int, int, int, int] | None:
        """A stat value that changes whenever the file does; None if there is no file."""
        try:
            # Runs every second for every file: building a Path would cost more than the stat.
            file_stat = os.stat(os.path.join(self.root, path), follow_symlinks=False)
        except OSError:
            return None
        return file_stat.st_mtime_ns, file_stat.st_ctime_ns, file_stat.st_size, file_stat.st_ino

    # -- writing -------------------------------------------------------------------------------

    def put(
        self,
        path: RelPath | str,
        data: bytes,
        expected: Digest | None,
        key: str,
        on_temp_created: Callable[[str], None],
        on_replaced: Callable[[bytes], None],
    ) -> None:
        """Write `data` to the file, completely or not at all.

        `expected` is the digest of the file's current text, None if it must not exist.
        `on_temp_created` is called with the temporary file's name before the exchange.
        `on_replaced` receives the old bytes before they leave the folder; if it fails, they are put
        back. Raises ChangedMeanwhile if the file had other content. After any error, `finish_write`
        finds out what was done and removes the temporary file."""
        temp = f".pinesync-{key}.tmp"
        with self._writing(path, make=True) as (folder, name):
            if expected is None:
                _create(folder, name, data, temp, on_temp_created)
            else:
                self._replace(folder, name, data, expected, temp, on_temp_created, on_replaced)

    def _replace(
        self,
        folder: Folder,
        name: str,
        data: bytes,
        expected: Digest,
        temp: str,
        on_temp_created: Callable[[str], None],
        on_replaced: Callable[[bytes], None],
    ) -> None:
        if digest_or_none(read(folder, name)) != expected:
            raise ChangedMeanwhile
        write_temp(folder, temp, data, mode_of(folder, name))
        on_temp_created(temp)
        self._exchange(folder, temp, name)
        busy = is_being_written(folder, temp)
        old = read(folder, temp)
        if busy or digest_or_none(old) != expected:
            # An editor saved between the check and the exchange, or is saving: restore its text.
            self._exchange(folder, temp, name)
            raise ChangedMeanwhile
        try:
            on_replaced(old)
        except PinesyncError:
            self._exchange(folder, temp, name)
            if read_if_plain(folder, temp) != data:
                # An editor saved meanwhile: its text stays, and the old text waits for disk space.
                self._exchange(folder, temp, name)
            raise
        folder.unlink(temp)
        folder.sync()

    def write_manifest(self, data: bytes, expected: bytes, key: str) -> None:
        """Replace all of pine.toml. Raises ChangedMeanwhile if it is no longer `expected`."""
        temp = f".pinesync-{key}.tmp"
        with self._writing(MANIFEST) as (folder, name):
            write_temp(folder, temp, data, mode_of(folder, name))
            self._exchange_manifest(folder, temp, name, expected)

    def _exchange_manifest(self, folder: Folder, temp: str, name: str, expected: bytes) -> None:
        try:
            self._exchange(folder, temp, name)
        except OSError:
            with suppress(OSError):
                folder.unlink(temp)
            raise
        if is_being_written(folder, temp) or read_if_plain(folder, temp) != expected:
            # A person or git wrote it in between: restore that text.
            self._exchange(folder, temp, name)
            folder.unlink(temp)
            raise ChangedMeanwhile
        folder.unlink(temp)
        folder.sync()

    def discard(self, path: str, on_replaced: Callable[[bytes], object]) -> None:
        """Remove a leftover after passing its content to `on_replaced`."""
        with self._writing(path) as (folder, name):
            on_replaced(read(folder, name))
            folder.unlink(name)

    def finish_write(
        self,
        path: RelPath,
        temp: str,
        brings: Digest,
        replaced: Digest | None,
        on_replaced: Callable[[bytes], None],
        on_not_done: Callable[[], None],
        was_backed_up: Callable[[], bool],
    ) -> bool:
        """Finish or undo an interrupted write. Returns whether the file has the new text.

        The temporary file shows what happened. If it has the new text, nothing was exchanged. If it
        has the old text, the exchange was done. If it is gone, everything was done, provided that
        `was_backed_up` confirms that the old text came out; the whole folder may have been
        replaced. If it has any other text, an editor saved in between, and its text is restored.
        Before removing a temporary file that shows that nothing was done, `on_not_done` is called:
        a later check must not mistake the missing file for success."""
        try:
            with self._folder_of(path) as (folder, name):
                left = left_by_exchange(folder, temp)
                if left is None:
                    # Everything was done, unless the old text is still there or there again.
                    current = _digest_if_there(folder, name)
                    done = current == brings or (current != replaced and was_backed_up())
                    if not done:
                        on_not_done()
                    return done
                left_digest = digest_or_none(left)
                if replaced is None:
                    done = _is_same(folder, temp, name) or _digest_if_there(folder, name) == brings
                elif left_digest in (brings, replaced) and not is_being_written(folder, temp):
                    done = left_digest == replaced
                else:
                    done = False
                    if _digest_if_there(folder, name) == brings:
                        self._exchange(folder, temp, name)
                    else:
                        on_replaced(left)
                if done and replaced is not None:
                    on_replaced(left)
                if not done:
                    on_not_done()
                folder.unlink(temp)
                folder.sync()
                return done
        except FileNotFoundError:
            on_not_done()
            return False
        except OSError as error:
            raise file_error(path, error) from error

    # -- the way there -------------------------------------------------------------------------

    @contextmanager
    def opened(self, path: str, *, make: bool = False) -> Iterator[Folder]:
        """The open folder at a path; the root for an empty path. With `make`, create it and its
        parents."""
        with self._folder_of(f"{path}/" if path else "", make=make) as (folder, _):
            yield folder

    @contextmanager
    def _writing(self, path: str, *, make: bool = False) -> Iterator[tuple[Folder, str]]:
        """The open folder of a file, and the file's name in it. An OSError becomes a FileError."""
        try:
            with self._folder_of(path, make=make) as (folder, name):
                yield folder, name
        except OSError as error:
            raise file_error(path, error) from error

    def _folder_of(
        self, path: str, *, make: bool = False
    ) -> AbstractContextManager[tuple[Folder, str]]:
        return folder_of(self.root, path, make=make)


def _found(folder: Folder, path: RelPath) -> bytes | FileError | None:
    try:
        return read(folder, path.rpartition("/")[2])
    except FileNotFoundError:
        return None
    except OSError as error:
        return file_error(path, error)


def _create(
    folder: Folder, name: str, data: bytes, temp: str, on_temp_created: Callable[[str], None]
) -> None:
    """Create a file atomically. Never replaces an existing one."""
    write_temp(folder, temp, data, MODE)
    on_temp_created(temp)
    try:
        folder.link(temp, name)
    except FileExistsError:
        raise ChangedMeanwhile from None
    folder.unlink(temp)
    folder.sync()


def _is_same(folder: Folder, one: str, other: str) -> bool:
    """Whether two names are the same file."""
    try:
        return os.path.samestat(folder.stat(one), folder.stat(other))
    except FileNotFoundError:
        return False


def _digest_if_there(folder: Folder, name: str) -> Digest | None:
    try:
        return digest_or_none(read(folder, name))
    except FileNotFoundError:
        return None
