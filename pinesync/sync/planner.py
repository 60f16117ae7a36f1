"""Compare the three sides of every script and find its row in the policy table.

A `Snapshot` holds the observed three sides. `wanted` names the saved versions that must be read
first, `survey` returns the states. Both are pure: the same snapshot gives the same result.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pinesync.model import Digest, Entry, Kind, PineId, RelPath, ScriptInfo, Version
from pinesync.sync.policy import POLICY, Act, LocalSide, RemoteSide, Row
from pinesync.sync.reverts import Comparison
from pinesync.sync.words import Status
from pinesync.text.canonical import Unreadable, decode, digest_of, has_conflict_markers
from pinesync.text.filenames import collision_key, place, unescape_name

MAX_VERSIONS = 1000
"""The most versions read after a base. Nobody saves that often between two runs."""


@dataclass(frozen=True, slots=True)
class LocalText:
    """A file of the workspace: its digest or its problem, and whether it has conflict markers."""

    digest: Digest | None
    marked: bool = False
    problem: str = ""

    @classmethod
    def of(cls, data: bytes) -> LocalText:
        """The text that a file of these bytes has."""
        try:
            marked = b"<<<<<<<" in data and has_conflict_markers(decode(data))
            return cls(digest_of(data), marked)
        except Unreadable as error:
            return cls(None, problem=str(error))


@dataclass(frozen=True)
class Snapshot:
    """The three sides. `listed` is None offline: the service then counts as unchanged since the
    base. `texts` holds the digests of saved versions that were read, `gone` the ids proven gone.
    `recorded` holds the scripts whose newest version is in HEAD's history of pine.toml, with the
    versions that pine.toml then listed as saved by others. `compared` holds the edited files that
    were compared with foreign saves. `files` excludes ignored files; `occupied` are the collision
    keys of all other paths in use."""

    entries: Mapping[RelPath, Entry]
    files: Mapping[RelPath, LocalText]
    listed: Mapping[PineId, ScriptInfo] | None
    texts: Mapping[tuple[PineId, Version], Digest] = field(default_factory=dict)
    gone: frozenset[PineId] = frozenset()
    recorded: Mapping[PineId, frozenset[Version]] = field(default_factory=dict)
    compared: Mapping[RelPath, Comparison] = field(default_factory=dict)
    occupied: frozenset[str] = frozenset()
    track_all: bool = True
    folders: Mapping[Kind, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScriptState:
    """The current state of one script: the key into the policy table, and what a step needs to act.
    `at` is the version whose text the file has, if not the base. `comparison` is how an edited file
    compares with foreign saves."""

    path: RelPath
    local: LocalSide
    remote: RemoteSide
    entry: Entry | None = None
    info: ScriptInfo | None = None
    digest: Digest | None = None
    problem: str = ""
    at: Version | None = None
    comparison: Comparison = field(default_factory=Comparison)

    @property
    def row(self) -> Row:
        return POLICY[self.local, self.remote]

    @property
    def word(self) -> Status:
        return self.row.word

    @property
    def renamed_to(self) -> str | None:
        """Its name on TradingView if pine.toml has another."""
        if not (self.entry and self.info and self.entry.pine_id):
            return None
        name = unescape_name(self.info.name)
        return name if name != self.entry.name else None


@dataclass(frozen=True, slots=True)
class Step:
    """One act on one script."""

    state: ScriptState
    act: Act


VersionKey = tuple[PineId, Version]

COMPARABLE = (RemoteSide.SAME, RemoteSide.MOVED, RemoteSide.RECORDED, RemoteSide.RECORDED_THEIRS)
"""With these remote sides, an edited file is compared with foreign saves before it is sent."""


def versions_needed(snapshot: Snapshot) -> list[VersionKey]:
    """The saved versions whose texts `survey` needs and `snapshot.texts` lacks. Call it again once
    those are read: their texts may require more."""
    need: list[VersionKey] = []
    for entry in snapshot.entries.values():
        need += _versions_needed_by(entry, snapshot)
    for info, path in _counterparts(snapshot):
        if path in snapshot.files and snapshot.files[path].digest:
            need.append((info.pine_id, info.version))
    return [pair for pair in dict.fromkeys(need) if pair not in snapshot.texts]


def newer_versions(snapshot: Snapshot) -> list[VersionKey]:
    """The newest version of each script that has one newer than its base."""
    newer = []
    for entry in snapshot.entries.values():
        info = info_of(entry, snapshot)
        if info and entry.base and info.version > entry.base.version:
            newer.append((info.pine_id, info.version))
    return newer


def _versions_needed_by(entry: Entry, snapshot: Snapshot) -> list[VersionKey]:
    file = snapshot.files.get(entry.path)
    info = info_of(entry, snapshot)
    if not (entry.base and info and file and file.digest) or info.version <= entry.base.version:
        return []
    if file.digest == entry.base.expected or _is_marked(entry, file):
        return []
    newest = (info.pine_id, info.version)
    if snapshot.texts.get(newest) in (None, file.digest):
        return [newest]
    return [(info.pine_id, version) for version in _since(entry.base.version, info.version)]


def _since(base: Version, newest: Version) -> list[Version]:
    """The versions after the base that an edited file is compared with."""
    return Version(max(base.major, newest.major - MAX_VERSIONS)).until(newest)


def survey(snapshot: Snapshot) -> tuple[ScriptState, ...]:
    """The state of every script and file in the snapshot, by path."""
    paired = {path: info for info, path in _counterparts(snapshot)}
    states = [_tracked(entry, snapshot, paired) for entry in snapshot.entries.values()]
    for path, file in snapshot.files.items():
        if path not in snapshot.entries:
            states.append(_new(path, LocalSide.UNTRACKED, None, file, paired.get(path), snapshot))
    for path, info in paired.items():
        if path not in snapshot.entries and path not in snapshot.files:
            states.append(ScriptState(path, LocalSide.ABSENT, RemoteSide.MOVED, info=info))
    return tuple(sorted(states, key=lambda state: state.path))


def _tracked(entry: Entry, snapshot: Snapshot, paired: Mapping[RelPath, ScriptInfo]) -> ScriptState:
    file = snapshot.files.get(entry.path)
    if entry.pine_id is None or entry.base is None:
        # There is no base yet, so nothing to compare with.
        info = paired.get(entry.path)
        if entry.pine_id and info is None:
            # The entry's script is not on the service's list: creating another would duplicate it.
            local = LocalSide.EDITED if file else LocalSide.MISSING
            remote = RemoteSide.GONE if entry.pine_id in snapshot.gone else RemoteSide.SAME
            return ScriptState(entry.path, local, remote, entry)
        if file is None:
            return ScriptState(entry.path, LocalSide.MISSING, RemoteSide.ABSENT, entry)
        new_state = _new(entry.path, LocalSide.ADDED, entry, file, info, snapshot)
        if entry.pine_id and new_state.remote is RemoteSide.TAKEN:
            # Linked with a script whose text differs: the merge has no base.
            return replace(new_state, local=LocalSide.EDITED, remote=RemoteSide.MOVED)
        return new_state
    info = info_of(entry, snapshot)
    remote = _remote_side(entry, info, snapshot)
    if file is None:
        local = LocalSide.MARKED if entry.shadowed else LocalSide.MISSING
        return ScriptState(entry.path, local, remote, entry, info)
    local, at = _local_side(entry, file), None
    if local is LocalSide.EDITED and remote in _REMOTE_MOVED and info:
        # Both sides changed since the base; the file may hold one of the newer versions.
        at = _version_of(file.digest, entry, info, snapshot)
        if at == info.version:
            remote = RemoteSide.EQUAL
        elif at and remote is not RemoteSide.RECORDED:
            # The file has a later version's text, so git did not go back before it.
            local, remote = LocalSide.AHEAD, RemoteSide.MOVED
    comparison = snapshot.compared.get(entry.path, Comparison())
    if local is LocalSide.EDITED and remote in COMPARABLE:
        # The file differs from the base. Only its text can show whether it derives from the base.
        if comparison.unknown:
            local = LocalSide.UNCOMPARED
        elif comparison.reverted:
            local = LocalSide.UNDOES
    return ScriptState(
        entry.path, local, remote, entry, info, file.digest, file.problem, at, comparison
    )


_REMOTE_MOVED = (RemoteSide.MOVED, RemoteSide.RECORDED, RemoteSide.RECORDED_THEIRS)


def _local_side(entry: Entry, file: LocalText) -> LocalSide:
    if _is_marked(entry, file):
        return LocalSide.MARKED
    if file.digest is None:
        return LocalSide.UNREADABLE
    return LocalSide.SAME if entry.base and file.digest == entry.base.expected else LocalSide.EDITED


def _is_marked(entry: Entry | None, file: LocalText) -> bool:
    return file.marked or bool(entry and entry.shadowed)


def _remote_side(entry: Entry, info: ScriptInfo | None, snapshot: Snapshot) -> RemoteSide:
    if entry.pine_id in snapshot.gone:
        return RemoteSide.GONE
    if info is None or (entry.base and info.version <= entry.base.version):
        return RemoteSide.SAME
    theirs = snapshot.recorded.get(entry.pine_id) if entry.pine_id else None
    if theirs is None or entry.base is None:
        return RemoteSide.MOVED
    # Git went back before the newest version. That is intended if only our own pushes came after.
    after = any(version > entry.base.version for version in theirs)
    return RemoteSide.RECORDED_THEIRS if after else RemoteSide.RECORDED


def _new(
    path: RelPath,
    local: LocalSide,
    entry: Entry | None,
    file: LocalText,
    info: ScriptInfo | None,
    snapshot: Snapshot,
) -> ScriptState:
    """A file without a base: listed for creation, or not listed at all."""
    remote, at = RemoteSide.ABSENT, None
    if file.digest is None:
        local = LocalSide.UNREADABLE
    elif file.marked and entry:
        local = LocalSide.MARKED
    elif info:
        same = snapshot.texts[info.pine_id, info.version] == file.digest
        remote, at = (RemoteSide.SAME_TEXT, info.version) if same else (RemoteSide.TAKEN, None)
    return ScriptState(path, local, remote, entry, info, file.digest, file.problem, at)


def _version_of(
    digest: Digest | None, entry: Entry, info: ScriptInfo, snapshot: Snapshot
) -> Version | None:
    """The newest version after the base with this text."""
    assert entry.base is not None
    for version in reversed(_since(entry.base.version, info.version)):
        if snapshot.texts[info.pine_id, version] == digest:
            return version
    return None


def info_of(entry: Entry, snapshot: Snapshot) -> ScriptInfo | None:
    """The entry's script on the service's list."""
    if snapshot.listed is None or entry.pine_id is None:
        return None
    return snapshot.listed.get(entry.pine_id)


def _counterparts(snapshot: Snapshot) -> list[tuple[ScriptInfo, RelPath]]:
    """Each listed script without an entry, and its path here: the path of an entry waiting to be
    created under its name or else, if all scripts are tracked, the path that its name gives."""
    entries = snapshot.entries.values()
    tracked = {entry.pine_id for entry in entries if entry.base}
    new = [info for info in (snapshot.listed or {}).values() if info.pine_id not in tracked]
    if not new:
        return []
    named_by_id = {entry.pine_id: entry.path for entry in entries if not entry.base}
    pending = {e.name: e.path for e in entries if e.pine_id is None}
    taken = {collision_key(path) for path in snapshot.entries} | snapshot.occupied
    other = {collision_key(path): path for path in snapshot.files if path not in snapshot.entries}
    pairs: list[tuple[ScriptInfo, RelPath]] = []
    for info in sorted(new, key=lambda info: info.pine_id):
        path = named_by_id.get(info.pine_id) or pending.pop(unescape_name(info.name), None)
        if path is None:
            if not snapshot.track_all:
                continue  # after `rm`, a script is not matched with its file again
            folder = snapshot.folders.get(info.kind, "")
            path = place(unescape_name(info.name), info.pine_id, folder, taken)
            path = other.get(collision_key(path), path)
            taken.add(collision_key(path))
        pairs.append((info, path))
    return pairs


def new_paths(snapshot: Snapshot) -> list[RelPath]:
    """The paths for new scripts, which no entry or file of the snapshot uses."""
    known = snapshot.entries.keys() | snapshot.files.keys()
    return [path for _, path in _counterparts(snapshot) if path not in known]
