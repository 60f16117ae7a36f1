"""The workspace as the engine sees it: the tree, pine.toml and the state, in one value that fits
`sync.ports.Workspace`."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from pinesync.errors import FileError, ManifestError, Misuse, StateError
from pinesync.git.objects import manifests_with
from pinesync.git.repo import dot_git, find_repository
from pinesync.git.side_record import SideRecord, configured_ref, is_configured, read_side_record
from pinesync.model import (
    Digest,
    Entry,
    PineId,
    RelPath,
    SavedText,
    Version,
    VersionInfo,
)
from pinesync.naming import BadPath, check_path
from pinesync.sync.plan import LocalText
from pinesync.sync.ports import ChangedMeanwhile
from pinesync.text import Unreadable, decode, digest, digest_of, dress, has_conflict_markers
from pinesync.workspace import manifest
from pinesync.workspace.files import MANIFEST, Tree, moving, refuse_unwritable
from pinesync.workspace.manifest import Manifest, Settings
from pinesync.workspace.state import State

if TYPE_CHECKING:
    from pinesync.sync.operations import Journal
    from pinesync.sync.records import Record
    from pinesync.sync.watching import Glance

_TRIES = 5


def find_root(start: Path) -> Path:
    """The nearest folder, from `start` up, that has a pine.toml. Misuse where there is none."""
    for folder in (start, *start.parents):
        if (folder / MANIFEST).is_file():
            return folder
    raise Misuse(
        f"{start}: not in a pinesync folder (no {MANIFEST} here or above)",
        "make one with `pinesync clone DIR` or `pinesync init`; without an account, "
        "`pinesync clone --sandbox DIR`",
    )


def read_manifest(
    tree: Tree, before: tuple[bytes, Manifest] | None = None
) -> tuple[bytes, Manifest]:
    """pine.toml as it is now; the value of `before` where that was read from the same bytes."""
    data = tree.read(MANIFEST)
    if data is None and not tree.root.is_dir():
        raise Misuse(
            f"{tree.root}: the folder is gone", "where it was moved, run the command there"
        )
    if data is None:
        raise Misuse(f"{tree.root}: {MANIFEST} is gone", "bring it back with git")
    if before and before[0] == data:
        return before
    return data, manifest.parse(_text(data))


@dataclass
class Read:
    """What was last read of pine.toml, or written, for all who look at one workspace: bytes that
    are still the same need not be parsed again."""

    last: tuple[bytes, Manifest] | None = None


def new_key(wall: float) -> str:
    """A name for a record that no other has; they sort by the time they were made."""
    return f"{int(max(wall, 0) * 1000):015d}-{os.urandom(4).hex()}"


class WorkspaceFolder:
    """One workspace. `wall` tells the time in epoch seconds, for names and dates only."""

    def __init__(
        self,
        tree: Tree,
        state: State,
        wall: Callable[[], float],
        read: Read | None = None,
    ) -> None:
        self.tree = tree
        self.state = state
        self._wall = wall
        self.known = read or Read()
        self._side_ref: str | None = None
        self._side_record: SideRecord | None = None

    @property
    def root(self) -> Path:
        return self.tree.root

    @property
    def journal(self) -> Journal:
        """What was done through this value, since the last time it went into the log; one value
        for all threads."""
        from pinesync.sync.operations import Journal

        found: Journal = vars(self).setdefault("_journal", Journal())
        return found

    # -- pine.toml -----------------------------------------------------------------------------

    def manifest(self) -> Manifest:
        """pine.toml as it is now."""
        return self.parsed()[1]

    def parsed(self) -> tuple[bytes, Manifest]:
        """Its bytes as they are now, and what they hold."""
        self.known.last = read = read_manifest(self.tree, self.known.last)
        return read

    def settings(self) -> Settings:
        return self.manifest().settings

    def entries(self) -> Mapping[RelPath, Entry]:
        """Those of pine.toml, with what a side ref knows of a newer version. Misuse, LeftForYou
        where that cannot be used."""
        held = self.manifest()
        return self.side_record(held.settings.id).over(held.entries)

    def side_record(self, workspace_id: str) -> SideRecord:
        """What stands on the side ref, as it was when it was first asked for."""
        if self._side_record is None:
            self._side_record = self._read_side_record(workspace_id)
        return self._side_record

    def _read_side_record(self, workspace_id: str) -> SideRecord:
        if self._side_ref is None and not is_configured(self.root):
            return SideRecord()
        repository = find_repository(self.root)
        if repository is None:
            return SideRecord()
        ref = self._side_ref or configured_ref(repository)
        return read_side_record(repository, ref, workspace_id) if ref else SideRecord()

    def reload_side_record(self, ref: str | None = None) -> None:
        """The side ref is read anew when it is next needed: this one, else that of the setting."""
        self._side_ref = ref or self._side_ref
        self._side_record = None

    def commit(
        self, changes: Mapping[RelPath, Entry | None], settings: Settings | None = None
    ) -> None:
        """One write of pine.toml, as it is at this moment, with these entries set or removed."""
        for _ in range(_TRIES):
            data, before = self.parsed()
            text, held = manifest.apply(_text(data), changes, settings, before)
            after = text.encode("utf-8")
            if after == data:
                return
            try:
                self.tree.write_manifest(after, data, new_key(self._wall()))
            except ChangedMeanwhile:
                continue
            self.known.last = after, held
            for path in changes:
                self.journal.changed(path, before.entries.get(path), held.entries.get(path))
            return
        raise FileError(f"{MANIFEST}: something else keeps writing it", "close it, and try again")

    def refuse_unwritable(self) -> None:
        refuse_unwritable(self.tree)

    def has_history(self) -> bool:
        return dot_git(self.root) is not None

    def recorded(
        self, texts: Mapping[tuple[PineId, Version], Digest]
    ) -> Mapping[PineId, frozenset[Version]]:
        # Of this workspace: what another pine.toml knew, before `init` made this one, is no word
        # on what its files are based on.
        own = self.manifest().settings.id
        found: dict[PineId, frozenset[Version]] = {}
        for (pine_id, version), text in texts.items():
            for old in manifests_with(self.root, text):
                for base in manifest.bases_of(old, own, pine_id):
                    if base.version == version:
                        found[pine_id] = found.get(pine_id, frozenset()) | set(base.theirs)
        return found

    # -- files ---------------------------------------------------------------------------------

    def local_texts(self, only: Collection[RelPath] | None = None) -> Mapping[RelPath, LocalText]:
        held = self.manifest()
        paths = set(held.entries if only is None else only)
        for raw in self.tree.scripts() if only is None else ():
            if raw not in paths and not _is_ignored(raw, held.settings.ignore):
                try:
                    paths.add(check_path(raw))
                except BadPath:
                    continue  # such a file cannot be tracked; `add` says why
        return {
            path: _local_text(path, found) for path, found in self.tree.read_each(sorted(paths))
        }

    def glance(self, path: RelPath) -> Glance:
        """The file as it is at this moment, for who watches it."""
        from pinesync.sync.watching import Glance

        try:
            data = self.tree.read(path)
        except FileError as error:
            return Glance(None, error.message.removeprefix(f"{path}: "))
        if data is None:
            return Glance(None)
        if self.tree.is_busy(path):
            # Asked once it is read: who begins to write meanwhile leaves a part to be read, too.
            return Glance(None, busy=True)
        try:
            text = decode(data)
        except Unreadable as error:
            return Glance(None, str(error))
        if has_conflict_markers(text):
            return Glance(digest(text), "conflict markers stand in it")
        return Glance(digest(text), "" if text.strip() else "the file is empty")

    def stats(self) -> Mapping[RelPath, object]:
        """What the file system says of each tracked file, which changes with the file."""
        return {path: self.tree.stat(path) for path in self.entries()}

    def is_occupied(self, path: RelPath) -> bool:
        return self.tree.stat(path) is not None

    def read(self, path: RelPath) -> bytes | None:
        return self.tree.read(path)

    def put(
        self,
        path: RelPath,
        text: str,
        expected: Digest | None,
        begun: Callable[[str], None],
        *,
        conflict: bool = False,
    ) -> None:
        data = dress(text, self.tree.read(path))
        key = new_key(self._wall())

        def came_out(old: bytes) -> None:
            self.keep_replaced(path, old, key, digest(text) if conflict else None)

        self.tree.put(path, data, expected, key, begun, came_out)
        self.journal.wrote(path, expected, digest(text))

    def keep_replaced(
        self, path: RelPath, old: bytes, key: str, conflict: Digest | None = None
    ) -> None:
        """What stood in the file is in the store before it leaves the folder."""
        from pinesync.workspace.checking import Replaced

        kept = self._keep_bytes(old)
        self.state.note_replaced(Replaced(key, path, kept, self._wall(), conflict))

    def take_back(self, record: Record) -> bool:
        """The record is dropped where nothing was done; else it stays, to be finished."""
        assert record.brings is not None
        key = record.temp.removeprefix(".pinesync-").removesuffix(".tmp")
        brought = self.state.text_of(record.brings) if record.landed else None
        conflict = record.brings if has_conflict_markers(brought or "") else None

        def came_out(old: bytes) -> None:
            try:
                self.keep_replaced(record.path, old, key, conflict)
            except (FileError, StateError) as error:
                above = record.path.rpartition("/")[0]
                temp = f"{above}/{record.temp}" if above else record.temp
                raise FileError(
                    f"{record.path}: the text it had is only in {temp}: {error.message}",
                    "leave that file there: once there is room, the next command saves its text",
                ) from error

        done = self.tree.take_back(
            record.path,
            record.temp,
            record.brings,
            record.object,
            came_out,
            lambda: self.state.drop_records([record]),
            lambda: self.state.has_replaced(key, record.path, record.object),
        )
        if done and record.landed:
            self.journal.wrote(record.path, record.object, record.brings)
        return done

    def log_operation(self, verb: str) -> None:
        """What was done through this value since the last time goes into the operation log."""
        journal: Journal | None = vars(self).pop("_journal", None)
        if journal and not journal.is_empty:
            from pinesync.workspace.operations import newest_time, write_operation

            wall = self._wall()
            # A clock may go back: of two, the later one is a millisecond later at least.
            later = max(wall, newest_time(self.state) + 0.0015)
            write_operation(self.state, journal.operation(new_key(later), verb, wall))

    def appear(self, old: RelPath, new: RelPath) -> None:
        moving.appear(self.tree, old, new)
        self.journal.moved(old, new)

    def has_moved(self, old: RelPath, new: RelPath, text: Digest) -> bool:
        return moving.has_moved(self.tree, old, new, text)

    def vanish(self, old: RelPath, new: RelPath, key: str) -> bool:
        return moving.vanish(self.tree, old, new, key)

    def retract(self, old: RelPath, new: RelPath, text: Digest, key: str) -> None:
        moving.retract(self.tree, old, new, text, key)

    def follow(self, old: RelPath, entry: Entry) -> None:
        """The entry of the old path stands at its own, with what was replaced there."""
        self.commit({old: None, entry.path: entry})
        self.state.note_moved(old, entry.path)

    def clear_leftovers(self) -> None:
        self.state.clear_leftovers()
        for path in self.tree.leftovers():
            self.tree.discard(path, self._keep_bytes)

    def _keep_bytes(self, old: bytes) -> Digest:
        """Bytes that are no text are kept as if they were Latin-1, which loses none."""
        try:
            return self.state.keep(decode(old))
        except Unreadable:
            return self.state.keep(old.decode("latin-1"))

    # -- state ---------------------------------------------------------------------------------

    def keep(self, text: str) -> Digest:
        return self.state.keep(text)

    def text_of(self, digest: Digest) -> str | None:
        return self.state.text_of(digest)

    def remember(self, saved: SavedText) -> None:
        self.state.remember(saved)

    def back_up(self, saved: SavedText) -> None:
        self.state.back_up(saved)

    def recall(self, pine_id: PineId, version: Version) -> Digest | None:
        return self.state.recall(pine_id, version)

    def recall_info(self, pine_id: PineId, version: Version) -> VersionInfo | None:
        return self.state.recall_info(pine_id, version)

    def note_info(self, info: VersionInfo) -> None:
        self.state.note_info(info)

    def records(self) -> Sequence[Record]:
        return self.state.records()

    def write_record(self, record: Record) -> None:
        self.state.write_record(record)
        self.journal.noted(record)

    def drop_records(self, records: Iterable[Record]) -> None:
        self.state.drop_records(records)


def _local_text(path: RelPath, found: bytes | FileError) -> LocalText:
    if isinstance(found, FileError):
        return LocalText(None, problem=found.message.removeprefix(f"{path}: "))
    try:
        marked = b"<<<<<<<" in found and has_conflict_markers(decode(found))
        return LocalText(digest_of(found), marked)
    except Unreadable as error:
        return LocalText(None, problem=str(error))


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ManifestError(f"not UTF-8 (at byte {error.start})", "restore it from git") from None


def _is_ignored(path: str, patterns: Sequence[str]) -> bool:
    """Whether a pattern of `ignore` covers the path; `drafts/**` is all below drafts."""
    return any(fnmatchcase(path, pattern) for pattern in patterns)
