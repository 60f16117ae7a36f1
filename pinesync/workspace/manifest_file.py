"""Read pine.toml of one workspace, and write it by atomic exchange."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pinesync.errors import FileError, ManifestError, Misuse
from pinesync.git.location import dot_git, may_name_side_ref
from pinesync.model import Account, Digest, Entry, PineId, RelPath, Version
from pinesync.sync.ports import ChangedMeanwhile, Scope
from pinesync.workspace import manifest
from pinesync.workspace.files import MANIFEST, Tree, refuse_unwritable
from pinesync.workspace.manifest import Manifest, Settings
from pinesync.workspace.state import State
from pinesync.workspace.state.store import new_key

if TYPE_CHECKING:
    from pinesync.git.refs.side_record import SideRecord

_TRIES = 5


def read_manifest(
    tree: Tree, before: tuple[bytes, Manifest] | None = None
) -> tuple[bytes, Manifest]:
    """Read and parse pine.toml now. Returns `before` if the bytes are the same."""
    data = tree.read(MANIFEST)
    if data is None and not tree.root.is_dir():
        raise Misuse(
            f"{tree.root}: the folder is gone", "if it was moved, run the command in its new place"
        )
    if data is None:
        raise Misuse(f"{tree.root}: {MANIFEST} is gone", "restore it from git")
    if before and before[0] == data:
        return before
    return data, manifest.parse(_text(data))


@dataclass
class LastRead:
    """A cache of the pine.toml last read or written, shared by all readers of one workspace.
    Unchanged bytes are not parsed again."""

    last: tuple[bytes, Manifest] | None = None


class ManifestFile:
    """Implements `sync.ports.Manifest`."""

    def __init__(
        self, tree: Tree, state: State, wall: Callable[[], float], known: LastRead | None = None
    ) -> None:
        self._tree = tree
        self._state = state
        self._wall = wall
        self.known = known or LastRead()
        self._side_ref: str | None = None
        self._side_record: SideRecord | None = None

    @property
    def _root(self) -> Path:
        return self._tree.root

    def read(self) -> Manifest:
        """Read pine.toml now."""
        return self.parsed()[1]

    def parsed(self) -> tuple[bytes, Manifest]:
        """The current bytes of pine.toml, and their parsed content."""
        self.known.last = read = read_manifest(self._tree, self.known.last)
        return read

    def settings(self) -> Settings:
        return self.read().settings

    def entries(self) -> Mapping[RelPath, Entry]:
        """The entries of pine.toml, updated with newer versions from the side ref. Misuse or
        ActionRequired if the ref cannot be used."""
        manifest = self.read()
        if self._side_ref is None and not may_name_side_ref(self._root):
            return manifest.entries
        return self.side_record(manifest.settings.id).merged_into(manifest.entries)

    def side_record(self, workspace_id: str) -> SideRecord:
        """The content of the side ref, cached on first use."""
        if self._side_record is None:
            self._side_record = self._read_side_record(workspace_id)
        return self._side_record

    def _read_side_record(self, workspace_id: str) -> SideRecord:
        from pinesync.git.refs.remote_branch import record_ref
        from pinesync.git.refs.side_record import SideRecord, configured_ref, read_side_record
        from pinesync.git.repo import find_repository

        repository = find_repository(self._root)
        if repository is None:
            return SideRecord()
        ref = self._side_ref or configured_ref(repository)
        ref = ref or record_ref(repository, self.settings().remote)
        if ref is None:
            return SideRecord()
        return read_side_record(repository, ref, workspace_id)

    def reload_side_record(self, ref: str | None = None) -> None:
        """Read the side ref again on next use: `ref`, else the configured one."""
        self._side_ref = ref or self._side_ref
        self._side_record = None

    def commit(
        self, changes: Mapping[RelPath, Entry | None], settings: Settings | None = None
    ) -> None:
        """Set or remove these entries in one write of the current pine.toml."""
        for _ in range(_TRIES):
            data, before = self.parsed()
            text, after = manifest.apply(_text(data), changes, settings, before)
            body = text.encode("utf-8")
            if body == data:
                return
            try:
                self._tree.write_manifest(body, data, new_key(self._wall()))
            except ChangedMeanwhile:
                continue  # another program wrote it: apply the changes to its new text
            self.known.last = body, after
            for path in changes:
                self._state.log.journal.changed(
                    path, before.entries.get(path), after.entries.get(path)
                )
            return
        raise FileError(
            f"{MANIFEST}: another program keeps writing it", "close that program, then try again"
        )

    def refuse_unwritable(self) -> None:
        refuse_unwritable(self._tree)

    def has_history(self) -> bool:
        return dot_git(self._root) is not None

    def recorded(
        self, texts: Mapping[tuple[PineId, Version], Digest]
    ) -> Mapping[PineId, frozenset[Version]]:
        from pinesync.git.objects import manifests_with

        # Only this workspace: a pine.toml from before `init` says nothing about the bases of these
        # files.
        workspace_id = self.read().settings.id
        return manifest.recorded_in(
            lambda text: manifests_with(self._root, text), workspace_id, texts
        )

    def follow(self, old: RelPath, entry: Entry) -> None:
        self.commit({old: None, entry.path: entry})
        self._state.backups.move(old, entry.path)

    def scope(self, only: frozenset[RelPath] | None = None) -> Scope:
        settings = self.settings()
        return Scope(
            settings.owner, settings.track == "all", settings.folders, only, settings.contract
        )

    def pin(self, account: Account) -> None:
        self.commit({}, self.settings().pinned(account))


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ManifestError(f"not UTF-8 (at byte {error.start})", "restore it from git") from None
