"""`log`: the versions of a script, or the newest saves of all scripts, and who saved them."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from pinesync.app.project import Project, Setup, open_project
from pinesync.app.sync.text_diff import count_changed_lines
from pinesync.app.versions.oplog import MAX_OPERATIONS
from pinesync.app.versions.revspec import Revision, all_revisions, revision
from pinesync.app.versions.version_store import VersionStore
from pinesync.errors import FileError, Misuse, StateError
from pinesync.model import Digest, Entry, PineId, RelPath, Version, VersionInfo
from pinesync.sync.intents import Save
from pinesync.text.filenames import unescape_name
from pinesync.workspace.state import State
from pinesync.workspace.state.store import other_states

NEWEST = 20
"""The default number of saves to show."""


@dataclass(frozen=True, slots=True)
class Saved:
    """One saved version. `when` is in epoch seconds, 0 if unknown. `added` and `removed` count the
    lines changed since the previous version, None if that is not stored. `by` is "pinesync" if this
    machine saved it, and `commit` is the git commit it was saved from. `base` is True for the base
    of the local file."""

    path: RelPath | None
    name: str
    pine_id: PineId
    version: Version
    when: int
    added: int | None
    removed: int | None
    by: str
    commit: str | None
    base: bool
    digest: Digest


@dataclass(frozen=True, slots=True)
class Log:
    """The saves, newest first. `missing` more versions are not stored locally; `left` older ones
    were not requested. `unlisted` scripts are no longer in the account's list."""

    saves: tuple[Saved, ...]
    missing: int = 0
    left: int = 0
    unlisted: tuple[str, ...] = ()
    exit_code: int = 0


def log(
    setup: Setup, raws: Sequence[str] = (), *, limit: int | None = None, offline: bool = False
) -> Log:
    """At most `limit` versions of these scripts, or the newest saves of the whole account. Reads
    only what it returns."""
    project = open_project(setup)
    store = VersionStore(project, offline=offline)
    provenance = Provenance(project)
    if raws:
        revisions = [revision(project, raw) for raw in raws]
        return _versions(store, revisions, provenance, limit)
    if offline:
        return _versions(store, all_revisions(project, ()), provenance, limit or NEWEST)
    return _newest(project, store, provenance, limit or NEWEST)


class Provenance:
    """The versions that this machine saved from any workspace, and for this workspace the commits
    they were saved from."""

    def __init__(self, project: Project) -> None:
        self._state = project.workspace.state
        self._saves = _saves(self._state)

    def saved_by(self, pine_id: PineId, version: Version) -> str:
        mine = (pine_id, version) in self._saves or (pine_id, version) in self._others
        return "pinesync" if mine else "elsewhere"

    @cached_property
    def _others(self) -> set[tuple[PineId, Version]]:
        """The versions saved from other workspaces; damaged workspace states are skipped."""
        saves: set[tuple[PineId, Version]] = set()
        for folder in other_states(self._state.folder):
            with suppress(StateError, FileError):
                saves |= _saves(State(folder))
        return saves

    def commit(self, info: VersionInfo) -> str | None:
        return self._state.texts.commit_of(info.pine_id, info.version)


def _saves(state: State) -> set[tuple[PineId, Version]]:
    """The versions in a state. Reads both operation log and save records: either may be lost."""
    logged = [
        save for operation in state.log.operations(MAX_OPERATIONS) for save in operation.saves
    ]
    uploads = [intent for intent in state.log.intents() if isinstance(intent, Save)]
    saved = {(save.pine_id, save.version) for save in logged}
    return saved | {(r.pine_id, r.landed) for r in uploads if r.pine_id and r.landed}


def _versions(
    store: VersionStore, revisions: Sequence[Revision], provenance: Provenance, limit: int | None
) -> Log:
    """All versions of these scripts, up to the version given."""
    histories = store.histories(revisions)
    rows: list[Saved] = []
    missing = 0
    for which in revisions:
        history = histories.get(which.pine_id, ())
        last = store.newest(which.pine_id)
        if last is None:
            raise Misuse(
                f"{which.label}: unknown here, and TradingView does not list it",
                "`pinesync list` shows the account's scripts and their ids",
            )
        missing += last.major - len(history)
        wanted = [info for info in history if not which.version or info.version <= which.version]
        rows += _rows(store, which, wanted, provenance)
    rows.sort(key=lambda row: (-row.when, row.pine_id, -row.version.major))
    unlisted = [r.label for r in revisions if not store.offline and r.pine_id not in store.listed]
    shown = rows if limit is None else rows[:limit]
    return Log(tuple(shown), missing, len(rows) - len(shown), tuple(unlisted))


def _rows(
    store: VersionStore,
    which: Revision,
    infos: Sequence[VersionInfo],
    provenance: Provenance,
) -> Iterator[Saved]:
    before: VersionInfo | None = None
    text = ""
    for info in infos:
        new_text = store.text(info)
        line_counts: tuple[int, int] | None = None
        if before is None or before.version.next() == info.version:
            line_counts = (
                count_changed_lines(text, new_text) if before or info.version.major == 1 else None
            )
        yield _saved(which.entry, info, line_counts, provenance)
        before, text = info, new_text


def _newest(project: Project, store: VersionStore, provenance: Provenance, limit: int) -> Log:
    """The newest saves of all scripts, walking backwards. The list says when each script was last
    saved; each version bounds the time of its predecessor."""
    by_id = {e.pine_id: e for e in project.workspace.manifest.entries().values() if e.pine_id}
    scripts = sorted(store.listed.values(), key=lambda info: (-info.modified, info.pine_id))
    heads = [(-info.modified, info.pine_id, info.version.major) for info in scripts]
    first = [(Revision(i, by_id.get(i)), Version(n)) for _, i, n in heads[:limit]]
    versions = [(r, v) for r, last in first for v in (last, Version(last.major - 1)) if v.major]
    project.ports.tools.parallel(lambda pair: store.version(*pair), versions)
    rows: list[Saved] = []
    while heads and len(rows) < limit:
        _, pine_id, number = heapq.heappop(heads)
        which = Revision(pine_id, by_id.get(pine_id))
        info, text = store.version(which, Version(number)), ""
        if number > 1:
            before = store.version(which, Version(number - 1))
            text = store.text(before)
            heapq.heappush(heads, (-min(before.when, info.when), pine_id, number - 1))
        line_counts = count_changed_lines(text, store.text(info))
        rows.append(_saved(which.entry, info, line_counts, provenance))
    return Log(tuple(rows), left=sum(number for _, _, number in heads))


def _saved(
    entry: Entry | None,
    info: VersionInfo,
    line_counts: tuple[int, int] | None,
    provenance: Provenance,
) -> Saved:
    base = entry.base if entry else None
    added, removed = line_counts or (None, None)
    return Saved(
        path=entry.path if entry else None,
        name=entry.name if entry else unescape_name(info.name),
        pine_id=info.pine_id,
        version=info.version,
        when=info.when,
        added=added,
        removed=removed,
        by=provenance.saved_by(info.pine_id, info.version),
        commit=provenance.commit(info),
        base=base is not None and base.version == info.version,
        digest=info.digest,
    )
