"""Looking at the three sides of every script, and finding its row in the policy's table.

A `Snapshot` is what was seen of the three sides. `wanted` tells which saved versions must be read
before it can be judged, `survey` judges it. Both are pure: the same snapshot, the same answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pinesync.model import Digest, Entry, Kind, PineId, RelPath, ScriptInfo, Version
from pinesync.sync.policy import POLICY, Act, Local, Row, There
from pinesync.sync.reverts import Comparison
from pinesync.sync.words import Status
from pinesync.text.filenames import fold, place, shown

MOST_VERSIONS = 1000
"""Nobody saves as often between two looks. Of what a service claims beyond it, nothing is read."""


@dataclass(frozen=True, slots=True)
class LocalText:
    """A file of the folder: its digest, or why it has none; whether it has conflict markers."""

    digest: Digest | None
    marked: bool = False
    problem: str = ""


@dataclass(frozen=True)
class Snapshot:
    """The three sides. `listed` None means that nobody asked (offline): the service then counts
    as it was at the base. `texts` holds the digests of saved versions that were read, `gone` the
    ids that are proven gone, `recorded` those whose newest version HEAD's history of pine.toml
    has, with the versions of others that it names there; `compared` the edited files that were
    compared with the saves of others; `files` leaves out what the workspace ignores, and `occupied`
    are the places where that or something else is, by their folded paths."""

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
class Situation:
    """One script as it stands: what the table is asked with, and what a step needs to act.
    `at` is the version whose text the file has, where that is not the base's; `comparison` how an
    edited file compares with the saves of others."""

    path: RelPath
    local: Local
    there: There
    entry: Entry | None = None
    info: ScriptInfo | None = None
    digest: Digest | None = None
    problem: str = ""
    at: Version | None = None
    comparison: Comparison = field(default_factory=Comparison)

    @property
    def row(self) -> Row:
        return POLICY[self.local, self.there]

    @property
    def word(self) -> Status:
        return self.row.word


@dataclass(frozen=True, slots=True)
class Step:
    """One act on one script."""

    situation: Situation
    act: Act


Wanted = tuple[PineId, Version]

COMPARABLE = (There.SAME, There.MOVED, There.RECORDED, There.RECORDED_THEIRS)
"""Where an edited file must be compared with the saves of others before it may be sent."""


def wanted(snapshot: Snapshot) -> list[Wanted]:
    """The saved versions whose texts `survey` needs and `snapshot.texts` lacks. Ask again when
    these are there: what they hold may make more of them necessary."""
    need: list[Wanted] = []
    for entry in snapshot.entries.values():
        need += _wanted_by(entry, snapshot)
    for info, path in _counterparts(snapshot):
        if path in snapshot.files and snapshot.files[path].digest:
            need.append((info.pine_id, info.version))
    return [pair for pair in dict.fromkeys(need) if pair not in snapshot.texts]


def moved_on(snapshot: Snapshot) -> list[Wanted]:
    """The newest versions of the scripts that the service has a newer one of than the base."""
    found = []
    for entry in snapshot.entries.values():
        info = info_of(entry, snapshot)
        if info and entry.base and info.version > entry.base.version:
            found.append((info.pine_id, info.version))
    return found


def _wanted_by(entry: Entry, snapshot: Snapshot) -> list[Wanted]:
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
    return Version(max(base.major, newest.major - MOST_VERSIONS)).until(newest)


def survey(snapshot: Snapshot) -> tuple[Situation, ...]:
    """Every script and file of the snapshot, in the order of their paths."""
    paired = {path: info for info, path in _counterparts(snapshot)}
    found = [_tracked(entry, snapshot, paired) for entry in snapshot.entries.values()]
    for path, file in snapshot.files.items():
        if path not in snapshot.entries:
            found.append(_loose(path, Local.UNTRACKED, None, file, paired.get(path), snapshot))
    for path, info in paired.items():
        if path not in snapshot.entries and path not in snapshot.files:
            found.append(Situation(path, Local.ABSENT, There.MOVED, info=info))
    return tuple(sorted(found, key=lambda situation: situation.path))


def _tracked(entry: Entry, snapshot: Snapshot, paired: Mapping[RelPath, ScriptInfo]) -> Situation:
    file = snapshot.files.get(entry.path)
    if entry.pine_id is None or entry.base is None:
        info = paired.get(entry.path)
        if entry.pine_id and info is None:
            # It names a script that cannot be seen now: never a reason to create another.
            local = Local.EDITED if file else Local.MISSING
            there = There.GONE if entry.pine_id in snapshot.gone else There.SAME
            return Situation(entry.path, local, there, entry)
        if file is None:
            return Situation(entry.path, Local.MISSING, There.ABSENT, entry)
        loose = _loose(entry.path, Local.ADDED, entry, file, info, snapshot)
        if entry.pine_id and loose.there is There.TAKEN:
            # Linked with a script that it has no text in common with: merged without a base.
            return replace(loose, local=Local.EDITED, there=There.MOVED)
        return loose
    info = info_of(entry, snapshot)
    there = _there(entry, info, snapshot)
    if file is None:
        local = Local.MARKED if entry.hidden else Local.MISSING
        return Situation(entry.path, local, there, entry, info)
    local, at = _local(entry, file), None
    if local is Local.EDITED and there in _MOVED_ON and info:
        at = _version_of(file.digest, entry, info, snapshot)
        if at == info.version:
            there = There.EQUAL
        elif at and there is not There.RECORDED:
            # A later version's text is in the file, so git did not go back behind it.
            local, there = Local.AHEAD, There.MOVED
    comparison = snapshot.compared.get(entry.path, Comparison())
    if local is Local.EDITED and there in COMPARABLE:
        # The file differs from the base; whether it is derived from it is told by its text alone.
        if comparison.unknown:
            local = Local.UNCOMPARED
        elif comparison.reverted:
            local = Local.UNDOES
    return Situation(
        entry.path, local, there, entry, info, file.digest, file.problem, at, comparison
    )


_MOVED_ON = (There.MOVED, There.RECORDED, There.RECORDED_THEIRS)


def _local(entry: Entry, file: LocalText) -> Local:
    if _is_marked(entry, file):
        return Local.MARKED
    if file.digest is None:
        return Local.UNREADABLE
    return Local.SAME if entry.base and file.digest == entry.base.expected else Local.EDITED


def _is_marked(entry: Entry | None, file: LocalText) -> bool:
    return file.marked or bool(entry and entry.hidden)


def _there(entry: Entry, info: ScriptInfo | None, snapshot: Snapshot) -> There:
    if entry.pine_id in snapshot.gone:
        return There.GONE
    if info is None or (entry.base and info.version <= entry.base.version):
        return There.SAME
    theirs = snapshot.recorded.get(entry.pine_id) if entry.pine_id else None
    if theirs is None or entry.base is None:
        return There.MOVED
    # Git went back behind the newest version: meant, where only pushes of ours came after.
    after = any(version > entry.base.version for version in theirs)
    return There.RECORDED_THEIRS if after else There.RECORDED


def _loose(
    path: RelPath,
    local: Local,
    entry: Entry | None,
    file: LocalText,
    info: ScriptInfo | None,
    snapshot: Snapshot,
) -> Situation:
    """A file without a base: listed for creation, or not listed at all."""
    there, at = There.ABSENT, None
    if file.digest is None:
        local = Local.UNREADABLE
    elif file.marked and entry:
        local = Local.MARKED
    elif info:
        same = snapshot.texts[info.pine_id, info.version] == file.digest
        there, at = (There.TWIN, info.version) if same else (There.TAKEN, None)
    return Situation(path, local, there, entry, info, file.digest, file.problem, at)


def _version_of(
    digest: Digest | None, entry: Entry, info: ScriptInfo, snapshot: Snapshot
) -> Version | None:
    """The newest version after the base that has this text."""
    assert entry.base is not None
    for version in reversed(_since(entry.base.version, info.version)):
        if snapshot.texts[info.pine_id, version] == digest:
            return version
    return None


def info_of(entry: Entry, snapshot: Snapshot) -> ScriptInfo | None:
    """The entry's script as it is listed."""
    if snapshot.listed is None or entry.pine_id is None:
        return None
    return snapshot.listed.get(entry.pine_id)


def _counterparts(snapshot: Snapshot) -> list[tuple[ScriptInfo, RelPath]]:
    """Each listed script that no entry has, with the path that it has here: that of an entry
    waiting to be created under its name, else, where all are tracked, the one that its own name
    gives."""
    entries = snapshot.entries.values()
    tracked = {entry.pine_id for entry in entries if entry.base}
    new = [info for info in (snapshot.listed or {}).values() if info.pine_id not in tracked]
    if not new:
        return []
    named_by_id = {entry.pine_id: entry.path for entry in entries if not entry.base}
    waiting = {e.name: e.path for e in entries if e.pine_id is None}
    taken = {fold(path) for path in snapshot.entries} | snapshot.occupied
    loose = {fold(path): path for path in snapshot.files if path not in snapshot.entries}
    pairs: list[tuple[ScriptInfo, RelPath]] = []
    for info in sorted(new, key=lambda info: info.pine_id):
        path = named_by_id.get(info.pine_id) or waiting.pop(shown(info.name), None)
        if path is None:
            if not snapshot.track_all:
                continue  # who forgot a script does not meet it again in its file
            folder = snapshot.folders.get(info.kind, "")
            path = place(shown(info.name), info.pine_id, folder, taken)
            path = loose.get(fold(path), path)
            taken.add(fold(path))
        pairs.append((info, path))
    return pairs


def new_places(snapshot: Snapshot) -> list[RelPath]:
    """Where scripts would be written that are new here: no file of the snapshot is there."""
    known = snapshot.entries.keys() | snapshot.files.keys()
    return [path for _, path in _counterparts(snapshot) if path not in known]


def named(
    situations: tuple[Situation, ...], patterns: list[str]
) -> tuple[tuple[Situation, ...], list[str]]:
    """The situations that the patterns name (a path, a folder, or "." for all), and the patterns
    that name none."""
    if not patterns:
        return situations, []
    chosen: dict[RelPath, Situation] = {}
    unmatched = []
    for pattern in patterns:
        hits = [s for s in situations if is_named(s.path, pattern)]
        chosen.update({s.path: s for s in hits})
        if not hits:
            unmatched.append(pattern)
    return tuple(s for s in situations if s.path in chosen), unmatched


def is_named(path: RelPath, pattern: str) -> bool:
    """Whether the pattern is this path, a folder that it lies in, or "."."""
    return pattern in (".", path) or path.startswith(pattern.rstrip("/") + "/")
