"""A commit as two ports of the engine: its pine.toml and its files, which nobody can change.

A push through git saves what was committed, whatever the work tree holds now. What the engine
records of it stays in memory; the caller writes it to git.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import Any

from pinesync.errors import FileError
from pinesync.git.objects import manifests_with
from pinesync.git.repo import Repository
from pinesync.model import Account, Digest, Entry, PineId, RelPath, Version
from pinesync.sync.planner import LocalText
from pinesync.sync.ports import Scope
from pinesync.text.filenames import SUFFIX, BadPath, check_path
from pinesync.workspace.files.exchange import MAX_FILE
from pinesync.workspace.manifest import Settings, recorded_in

_TOO_LARGE = f"larger than {MAX_FILE >> 20} MiB"


class CommittedManifest:
    """Implements `sync.ports.Manifest` for the pine.toml of a commit. `flagged` is called with each
    entry that the engine flags because a save of ours hides somebody else's: only that must
    survive this process, as all else is read from the service again."""

    def __init__(
        self,
        repository: Repository,
        commit: str | None,
        settings: Settings,
        entries: Mapping[RelPath, Entry],
        flagged: Callable[[Entry], None],
    ) -> None:
        self._repository = repository
        self._commit = commit
        self.settings = settings
        self._entries = dict(entries)
        self._flagged = flagged

    def entries(self) -> Mapping[RelPath, Entry]:
        return dict(self._entries)

    def scope(self, only: frozenset[RelPath] | None = None) -> Scope:
        every = self.settings.track == "all"
        settings = self.settings
        return Scope(settings.owner, every, settings.folders, only, settings.contract)

    def commit(self, changes: Mapping[RelPath, Entry | None]) -> None:
        for path, entry in changes.items():
            before = self._entries.get(path)
            if entry and entry.shadowed and entry.shadowed != (before and before.shadowed):
                self._flagged(entry)
            if entry is None:
                self._entries.pop(path, None)
            else:
                self._entries[path] = entry

    def follow(self, old: RelPath, entry: Entry) -> None:
        self.commit({old: None, entry.path: entry})

    def pin(self, account: Account) -> None:
        self.settings = self.settings.pinned(account)

    def refuse_unwritable(self) -> None:
        pass

    def has_history(self) -> bool:
        return self._commit is not None

    def recorded(
        self, texts: Mapping[tuple[PineId, Version], Digest]
    ) -> Mapping[PineId, frozenset[Version]]:
        root, commit = self._repository.root, self._commit or "HEAD"
        return recorded_in(lambda text: manifests_with(root, text, commit), self.settings.id, texts)


class CommittedTree:
    """Implements `sync.ports.Tree` for the script files of a commit; None is an empty tree. It
    cannot be written: each method that would raises FileError."""

    def __init__(self, repository: Repository, commit: str | None) -> None:
        self._repository = repository
        self._commit = commit
        self._scripts = _scripts(repository, commit) if commit else frozenset()

    def local_texts(self, only: Collection[RelPath] | None = None) -> Mapping[RelPath, LocalText]:
        wanted = sorted(self._scripts if only is None else self._scripts & set(only))
        if not (self._commit and wanted):
            return {}
        blobs = self._repository.blobs(self._commit, wanted)
        return {path: _local_text(blobs[path].data) for path in wanted if path in blobs}

    def is_occupied(self, path: RelPath) -> bool:
        return path in self._scripts

    def read(self, path: RelPath) -> bytes | None:
        if path not in self._scripts or self._commit is None:
            return None
        blob = self._repository.blobs(self._commit, [path]).get(path)
        if blob and blob.data is None:
            raise FileError(f"{path}: {_TOO_LARGE}")
        return blob.data if blob else None

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise FileError("the files of a commit cannot be written")

    put = finish_write = add_new_name = is_moved = remove_old_name = revert_move = _refuse

    def clear_leftovers(self) -> None:
        pass


def _local_text(data: bytes | None) -> LocalText:
    return LocalText(None, problem=_TOO_LARGE) if data is None else LocalText.of(data)


def _scripts(repository: Repository, commit: str) -> frozenset[RelPath]:
    """Each regular .pine file of the commit that can be tracked."""
    listed = repository.ask("ls-tree", "-r", "-z", "--full-tree", f"{commit}:{_folder(repository)}")
    scripts: set[RelPath] = set()
    for row in filter(None, listed.split(b"\0")):
        head, _, raw = row.partition(b"\t")
        name = raw.decode("utf-8", "surrogateescape")
        if head.startswith(b"100") and name.endswith(SUFFIX):
            with suppress(BadPath):  # such a file cannot be tracked
                scripts.add(check_path(name))
    return frozenset(scripts)


def _folder(repository: Repository) -> str:
    return repository.prefix.decode("utf-8", "surrogateescape")
