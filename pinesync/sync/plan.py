"""Which word a script gets, and what pull and push do about it: the policy is the table below.

A `Snapshot` is what was seen of the three sides. `wanted` tells which saved versions must be read
before it can be judged, `survey` judges it. Both are pure: the same snapshot, the same answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from pinesync.model import Digest, Entry, Kind, PineId, RelPath, ScriptInfo, Version
from pinesync.naming import fold, place, shown


class Local(Enum):
    """The file, against its entry in pine.toml."""

    SAME = "same"
    EDITED = "edited"
    AHEAD = "equals a version after the base, not the newest"
    UNDOES = "edited so that it takes back all of the last foreign save inside the base"
    MISSING = "missing"
    ADDED = "added"
    UNTRACKED = "untracked"
    ABSENT = "no file"
    MARKED = "conflict markers, or flagged"
    UNREADABLE = "not a text"


class There(Enum):
    """The script on the service, against the base; for a file without one, what has its name."""

    SAME = "same"
    MOVED = "moved on"
    EQUAL = "moved on, same text as local"
    RECORDED = "moved on, but HEAD's history of pine.toml already recorded the newest version"
    GONE = "gone, proven"
    ABSENT = "no script"
    TWIN = "a script of that name or path, same text"
    TAKEN = "a script of that name or path, other text"


class Act(Enum):
    """What one step does."""

    NOTHING = "–"
    TELL = "– (say how to restore)"
    LEAVE = "–, a word on stderr (named: exit 3)"
    FORWARD = "fast-forward"
    ADOPT = "adopt"
    ADOPT_FORWARD = "adopt, then fast-forward"
    MERGE = "three-way merge; conflict markers if it must"
    WRITE = 'with track = "all": write the file'
    PUT_BACK = "put the base's text back"
    KEEP = "keep the file"
    SAVE = "save the next version"
    SAVE_OVER = "save it as the next version, over the newest (`git revert`, then push)"
    CREATE = "create"
    REFUSE = "refused, exit 3"
    TAKE_OURS = "keep the file, take their version as the base"
    TAKE_THEIRS = "their text, the file's old text kept"


@dataclass(frozen=True, slots=True)
class Row:
    word: str
    pull: Act
    push: Act


POLICY: Mapping[tuple[Local, There], Row] = {
    (Local.SAME, There.SAME): Row("clean", Act.NOTHING, Act.NOTHING),
    (Local.SAME, There.MOVED): Row("behind", Act.FORWARD, Act.LEAVE),
    (Local.EDITED, There.SAME): Row("modified", Act.NOTHING, Act.SAVE),
    (Local.EDITED, There.EQUAL): Row("clean", Act.ADOPT, Act.ADOPT),
    (Local.AHEAD, There.MOVED): Row("behind", Act.ADOPT_FORWARD, Act.ADOPT),
    (Local.UNDOES, There.SAME): Row("undoes", Act.PUT_BACK, Act.REFUSE),
    (Local.UNDOES, There.MOVED): Row("undoes", Act.PUT_BACK, Act.REFUSE),
    (Local.SAME, There.RECORDED): Row("rolled-back", Act.REFUSE, Act.SAVE_OVER),
    (Local.EDITED, There.RECORDED): Row("rolled-back", Act.REFUSE, Act.SAVE_OVER),
    (Local.EDITED, There.MOVED): Row("diverged", Act.MERGE, Act.REFUSE),
    (Local.MISSING, There.SAME): Row("missing", Act.TELL, Act.TELL),
    (Local.MISSING, There.MOVED): Row("missing", Act.TELL, Act.TELL),
    (Local.MISSING, There.RECORDED): Row("missing", Act.TELL, Act.TELL),
    (Local.MISSING, There.ABSENT): Row("missing", Act.TELL, Act.TELL),
    (Local.SAME, There.GONE): Row("gone", Act.KEEP, Act.REFUSE),
    (Local.EDITED, There.GONE): Row("gone", Act.KEEP, Act.REFUSE),
    (Local.MISSING, There.GONE): Row("gone", Act.KEEP, Act.REFUSE),
    (Local.ADDED, There.ABSENT): Row("new", Act.NOTHING, Act.CREATE),
    (Local.ADDED, There.TWIN): Row("clean", Act.ADOPT, Act.ADOPT),
    (Local.ADDED, There.TAKEN): Row("name-taken", Act.REFUSE, Act.REFUSE),
    (Local.UNTRACKED, There.ABSENT): Row("untracked", Act.NOTHING, Act.NOTHING),
    (Local.UNTRACKED, There.TWIN): Row("clean", Act.ADOPT, Act.ADOPT),
    (Local.UNTRACKED, There.TAKEN): Row("name-taken", Act.REFUSE, Act.REFUSE),
    (Local.ABSENT, There.MOVED): Row("remote-only", Act.WRITE, Act.NOTHING),
    **{(Local.MARKED, there): Row("conflict", Act.REFUSE, Act.REFUSE) for there in There},
    **{(Local.UNREADABLE, there): Row("unreadable", Act.REFUSE, Act.REFUSE) for there in There},
}

NEVER: Mapping[tuple[Local, There], str] = {
    (local, there): why
    for locals_, theres, why in (
        ((Local.SAME,), (There.EQUAL,), "an unedited file needs no look at the newest text"),
        (
            (Local.SAME, Local.EDITED, Local.AHEAD, Local.UNDOES),
            (There.ABSENT, There.TWIN, There.TAKEN),
            "a script with a base has an id",
        ),
        (
            (Local.AHEAD,),
            (There.SAME, There.EQUAL, There.RECORDED, There.GONE),
            "a later version was read, and git did not go back on it",
        ),
        (
            (Local.UNDOES,),
            (There.EQUAL, There.RECORDED, There.GONE),
            "a text that is there, or a commit, was taken back on purpose",
        ),
        ((Local.MISSING,), (There.EQUAL, There.TWIN, There.TAKEN), "there is no text to compare"),
        (
            (Local.ADDED, Local.UNTRACKED),
            (There.SAME, There.MOVED, There.EQUAL, There.RECORDED, There.GONE),
            "without an id there is no base",
        ),
        (
            (Local.ABSENT,),
            tuple(there for there in There if there is not There.MOVED),
            "without file and entry there is only a script that is new here",
        ),
    )
    for local in locals_
    for there in theres
}
"""The pairs that cannot come up, with the reason; with POLICY they are all pairs."""


@dataclass(frozen=True, slots=True)
class LocalText:
    """A file of the folder: its digest, or why it has none; whether it has conflict markers."""

    digest: Digest | None
    marked: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The three sides. `listed` None means that nobody asked (offline): the service then counts
    as it was at the base. `texts` holds the digests of saved versions that were read, `gone` the
    ids that are proven gone, `recorded` those whose newest version HEAD's history of pine.toml
    has, `undoing` the edited files that take back what the last pull brought; `files` leaves out
    what the workspace ignores."""

    entries: Mapping[RelPath, Entry]
    files: Mapping[RelPath, LocalText]
    listed: Mapping[PineId, ScriptInfo] | None
    texts: Mapping[tuple[PineId, Version], Digest] = field(default_factory=dict)
    gone: frozenset[PineId] = frozenset()
    recorded: frozenset[PineId] = frozenset()
    undoing: frozenset[RelPath] = frozenset()
    track_all: bool = True
    folders: Mapping[Kind, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Situation:
    """One script as it stands: what the table is asked with, and what a step needs to act.
    `at` is the version whose text the file has, where that is not the base's."""

    path: RelPath
    local: Local
    there: There
    entry: Entry | None = None
    info: ScriptInfo | None = None
    digest: Digest | None = None
    problem: str = ""
    at: Version | None = None

    @property
    def row(self) -> Row:
        return POLICY[self.local, self.there]

    @property
    def word(self) -> str:
        return self.row.word


Wanted = tuple[PineId, Version]


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
        info = _info(entry, snapshot)
        if info and entry.base and info.version > entry.base.version:
            found.append((info.pine_id, info.version))
    return found


def _wanted_by(entry: Entry, snapshot: Snapshot) -> list[Wanted]:
    file = snapshot.files.get(entry.path)
    info = _info(entry, snapshot)
    if not (entry.base and info and file and file.digest) or info.version <= entry.base.version:
        return []
    if file.digest == entry.base.expected or _is_marked(entry, file):
        return []
    newest = (info.pine_id, info.version)
    if snapshot.texts.get(newest) in (None, file.digest):
        return [newest]
    return [(info.pine_id, version) for version in entry.base.version.until(info.version)]


def survey(snapshot: Snapshot) -> tuple[Situation, ...]:
    """Every script and file of the snapshot, in the order of their paths."""
    paired = {path: info for info, path in _counterparts(snapshot)}
    found = [_tracked(entry, snapshot, paired) for entry in snapshot.entries.values()]
    for path, file in snapshot.files.items():
        if path not in snapshot.entries:
            found.append(_loose(path, Local.UNTRACKED, None, file, paired.get(path), snapshot))
    for path, info in paired.items():
        if path not in snapshot.entries and path not in snapshot.files and snapshot.track_all:
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
        return _loose(entry.path, Local.ADDED, entry, file, info, snapshot)
    info = _info(entry, snapshot)
    there = _there(entry, info, snapshot)
    if file is None:
        local = Local.MARKED if entry.hidden else Local.MISSING
        return Situation(entry.path, local, there, entry, info)
    local, at = _local(entry, file), None
    if local is Local.EDITED and there in (There.MOVED, There.RECORDED) and info:
        at = _version_of(file.digest, entry, info, snapshot)
        if at == info.version:
            there = There.EQUAL
        elif at and there is There.MOVED:
            local = Local.AHEAD
    if local is Local.EDITED and there in (There.SAME, There.MOVED):
        local = Local.UNDOES if entry.path in snapshot.undoing else local
    return Situation(entry.path, local, there, entry, info, file.digest, file.problem, at)


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
    return There.RECORDED if entry.pine_id in snapshot.recorded else There.MOVED


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
    for version in reversed(entry.base.version.until(info.version)):
        if snapshot.texts[info.pine_id, version] == digest:
            return version
    return None


def _info(entry: Entry, snapshot: Snapshot) -> ScriptInfo | None:
    if snapshot.listed is None or entry.pine_id is None:
        return None
    return snapshot.listed.get(entry.pine_id)


def _counterparts(snapshot: Snapshot) -> list[tuple[ScriptInfo, RelPath]]:
    """Each listed script that no entry has, with the path that it has here: that of an entry
    waiting to be created under its name, else the one that its own name gives."""
    entries = snapshot.entries.values()
    tracked = {entry.pine_id for entry in entries if entry.base}
    named_by_id = {entry.pine_id: entry.path for entry in entries if not entry.base}
    waiting = {e.name: e.path for e in entries if e.pine_id is None}
    taken = {fold(path) for path in snapshot.entries}
    loose = {fold(path): path for path in snapshot.files if path not in snapshot.entries}
    pairs: list[tuple[ScriptInfo, RelPath]] = []
    for info in sorted((snapshot.listed or {}).values(), key=lambda info: info.pine_id):
        if info.pine_id in tracked:
            continue
        path = named_by_id.get(info.pine_id) or waiting.pop(shown(info.name), None)
        if path is None:
            folder = snapshot.folders.get(info.kind, "")
            path = place(shown(info.name), info.pine_id, folder, taken)
            path = loose.get(fold(path), path)
            taken.add(fold(path))
        pairs.append((info, path))
    return pairs


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
        hits = [s for s in situations if _matches(s.path, pattern)]
        chosen.update({s.path: s for s in hits})
        if not hits:
            unmatched.append(pattern)
    return tuple(s for s in situations if s.path in chosen), unmatched


def _matches(path: RelPath, pattern: str) -> bool:
    return pattern in (".", path) or path.startswith(pattern.rstrip("/") + "/")
