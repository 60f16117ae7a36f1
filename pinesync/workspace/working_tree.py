"""The script files of one workspace, as texts. Replaced text is backed up first."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from pinesync.errors import FileError, StateError
from pinesync.model import Digest, RelPath
from pinesync.sync.planner import LocalText
from pinesync.text.canonical import (
    Unreadable,
    decode,
    digest,
    encode_like,
    has_conflict_markers,
)
from pinesync.text.filenames import BadPath, check_path
from pinesync.workspace.files import Tree, rename
from pinesync.workspace.manifest_file import ManifestFile
from pinesync.workspace.state import State
from pinesync.workspace.state.codec import Replaced
from pinesync.workspace.state.store import new_key

if TYPE_CHECKING:
    from pinesync.sync.intents import Download
    from pinesync.sync.watching import FileState


class WorkingTree:
    """Implements `sync.ports.Tree`. `manifest` has the listed files and the ignore patterns."""

    def __init__(
        self, tree: Tree, manifest: ManifestFile, state: State, wall: Callable[[], float]
    ) -> None:
        self.files = tree
        self._manifest = manifest
        self._state = state
        self._wall = wall

    def local_texts(self, only: Collection[RelPath] | None = None) -> Mapping[RelPath, LocalText]:
        listed = self._manifest.read().entries
        paths = set(listed if only is None else only)
        if only is None:
            paths.update(self.untracked())
        return {
            path: _local_text(path, content)
            for path, content in self.files.read_each(sorted(paths))
        }

    def untracked(self) -> Iterator[RelPath]:
        """The script files that are neither listed nor ignored. Reads none of them."""
        manifest = self._manifest.read()
        for raw in self.files.scripts():
            if raw not in manifest.entries and not _is_ignored(raw, manifest.settings.ignore):
                with suppress(BadPath):  # such a file cannot be tracked; `add` explains why
                    yield check_path(raw)

    def inspect(self, path: RelPath) -> FileState:
        """The current state of the file, for `watch`."""
        from pinesync.sync.watching import FileState

        try:
            data = self.files.read(path)
        except FileError as error:
            return FileState(None, error.message.removeprefix(f"{path}: "))
        if data is None:
            return FileState(None)
        if self.files.is_busy(path):
            # Check after the read: a writer that started meanwhile may have left a partial text.
            return FileState(None, busy=True)
        try:
            text = decode(data)
        except Unreadable as error:
            return FileState(None, str(error))
        if has_conflict_markers(text):
            return FileState(digest(text), "the file contains conflict markers")
        return FileState(digest(text), "" if text.strip() else "the file is empty")

    def stats(self) -> Mapping[RelPath, object]:
        """A stat value of each tracked file, which changes whenever the file does."""
        return {path: self.files.stat(path) for path in self._manifest.entries()}

    def scripts(self) -> Iterator[str]:
        """Every .pine file of the workspace, ignored or not."""
        return self.files.scripts()

    def stat(self, path: RelPath) -> tuple[int, int, int, int] | None:
        """A stat value that changes whenever the file does; None if there is no file."""
        return self.files.stat(path)

    def is_occupied(self, path: RelPath) -> bool:
        return self.files.stat(path) is not None

    def read(self, path: RelPath) -> bytes | None:
        return self.files.read(path)

    def put(
        self,
        path: RelPath,
        text: str,
        expected: Digest | None,
        on_temp_created: Callable[[str], None],
        *,
        conflict: bool = False,
    ) -> None:
        data = encode_like(text, self.files.read(path))
        key = new_key(self._wall())

        def on_replaced(old: bytes) -> None:
            self.keep_replaced(path, old, key, digest(text) if conflict else None)

        self.files.put(path, data, expected, key, on_temp_created, on_replaced)
        self._state.log.journal.wrote(path, expected, digest(text))

    def keep_replaced(
        self, path: RelPath, old: bytes, key: str, conflict: Digest | None = None
    ) -> None:
        """Back up the old content before it leaves the workspace."""
        digest = self._keep_bytes(old)
        self._state.backups.note(Replaced(key, path, digest, self._wall(), conflict))

    def finish_write(self, intent: Download) -> bool:
        """Drop the intent if nothing was done; else leave it to the caller to finish."""
        key = intent.temp.removeprefix(".pinesync-").removesuffix(".tmp")
        brought = self._state.texts.text_of(intent.brings) if intent.landed else None
        conflict = intent.brings if has_conflict_markers(brought or "") else None

        def on_replaced(old: bytes) -> None:
            try:
                self.keep_replaced(intent.path, old, key, conflict)
            except (FileError, StateError) as error:
                above = intent.path.rpartition("/")[0]
                temp = f"{above}/{intent.temp}" if above else intent.temp
                raise FileError(
                    f"{intent.path}: its old text exists only in {temp}: {error.message}",
                    "keep that file: once there is disk space, the next command backs it up",
                ) from error

        done = self.files.finish_write(
            intent.path,
            intent.temp,
            intent.brings,
            intent.replaces,
            on_replaced,
            lambda: self._state.log.drop([intent]),
            lambda: self._state.backups.has(key, intent.path, intent.replaces),
        )
        if done and intent.landed:
            self._state.log.journal.wrote(intent.path, intent.replaces, intent.brings)
        return done

    def add_new_name(self, old: RelPath, new: RelPath) -> None:
        rename.add_new_name(self.files, old, new)
        self._state.log.journal.moved(old, new)

    def is_moved(self, old: RelPath, new: RelPath, text: Digest) -> bool:
        return rename.is_moved(self.files, old, new, text)

    def remove_old_name(self, old: RelPath, new: RelPath, key: str) -> bool:
        return rename.remove_old_name(self.files, old, new, key)

    def revert_move(self, old: RelPath, new: RelPath, text: Digest, key: str) -> None:
        rename.revert_move(self.files, old, new, text, key)

    def clear_leftovers(self) -> None:
        self._state.store.clear_leftovers()
        for path in self.files.leftovers():
            self.files.discard(path, self._keep_bytes)

    def _keep_bytes(self, old: bytes) -> Digest:
        """Store the content. Bytes that are not text are decoded as Latin-1, without loss."""
        try:
            return self._state.texts.keep(decode(old))
        except Unreadable:
            return self._state.texts.keep(old.decode("latin-1"))


def _local_text(path: RelPath, data: bytes | FileError) -> LocalText:
    if isinstance(data, FileError):
        return LocalText(None, problem=data.message.removeprefix(f"{path}: "))
    return LocalText.of(data)


def _is_ignored(path: str, patterns: Sequence[str]) -> bool:
    """Whether an `ignore` pattern matches the path; `drafts/**` matches all below drafts."""
    return any(fnmatchcase(path, pattern) for pattern in patterns)
