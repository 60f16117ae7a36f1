"""The operation log: what each command did, for `log` and `undo`. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pinesync.model import Digest, Entry, PineId, RelPath, Version
from pinesync.sync.intents import Create, Intent, Upload

UNDO = "undo"
REDO = "redo"
RECOVERY = "recovery"
"""The verb of an operation that finishes an interrupted command."""
SHORTEST = 4
"""The fewest characters of an id: a shorter one would soon name two operations."""


@dataclass(frozen=True, slots=True)
class Change:
    """An entry of pine.toml before and after; None if there is none."""

    path: RelPath
    before: Entry | None
    after: Entry | None


@dataclass(frozen=True, slots=True)
class Written:
    """A file's text before and after, by digest. `before` is None for a new file."""

    path: RelPath
    before: Digest | None
    after: Digest


@dataclass(frozen=True, slots=True)
class SentVersion:
    """A version saved on TradingView on top of `parent`; None for a new script."""

    path: RelPath
    pine_id: PineId
    version: Version
    parent: Version | None


@dataclass(frozen=True, slots=True)
class Moved:
    """A file that moved to another path."""

    old: RelPath
    new: RelPath


@dataclass(frozen=True, slots=True)
class Operation:
    """One command that changed something. `when` is in epoch seconds. `undoes` is the key of the
    operation that this undo or redo reverted."""

    key: str
    verb: str
    when: float
    undoes: str | None = None
    entries: tuple[Change, ...] = ()
    files: tuple[Written, ...] = ()
    saves: tuple[SentVersion, ...] = ()
    moves: tuple[Moved, ...] = ()

    @property
    def paths(self) -> tuple[RelPath, ...]:
        """All paths that it touched, in order."""
        touched = {change.path for change in self.entries} | {file.path for file in self.files}
        return tuple(sorted(touched | {save.path for save in self.saves}))


@dataclass(slots=True)
class Journal:
    """The changes of the running command so far. For each path, only the first and the last state
    count. `undoes` is the key of the operation that it reverts."""

    entries: dict[RelPath, Change] = field(default_factory=dict)
    files: dict[RelPath, Written] = field(default_factory=dict)
    saves: list[SentVersion] = field(default_factory=list)
    moves: list[Moved] = field(default_factory=list)
    undoes: str | None = None

    def changed(self, path: RelPath, before: Entry | None, after: Entry | None) -> None:
        earlier = self.entries.get(path)
        self.entries[path] = Change(path, earlier.before if earlier else before, after)

    def wrote(self, path: RelPath, before: Digest | None, after: Digest) -> None:
        earlier = self.files.get(path)
        self.files[path] = Written(path, earlier.before if earlier else before, after)

    def moved(self, old: RelPath, new: RelPath) -> None:
        self.moves.append(Moved(old, new))

    def record_intent(self, intent: Intent) -> None:
        """Note a written intent. Only a save that landed counts as a change."""
        if intent.state == "landed" and isinstance(intent, Upload | Create):
            assert intent.pine_id
            assert intent.landed
            self.saves.append(
                SentVersion(intent.path, intent.pine_id, intent.landed, intent.parent)
            )

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed and nothing was undone."""
        return not (self._changes() or self._written() or self.saves or self.undoes)

    def operation(self, key: str, verb: str, when: float) -> Operation:
        """The journal as one operation."""
        saves, moves = tuple(self.saves), tuple(self.moves)
        return Operation(
            key, verb, when, self.undoes, self._changes(), self._written(), saves, moves
        )

    def _changes(self) -> tuple[Change, ...]:
        return tuple(c for c in self.entries.values() if c.before != c.after)

    def _written(self) -> tuple[Written, ...]:
        return tuple(w for w in self.files.values() if w.before != w.after)


def undone(operations: Sequence[Operation]) -> set[str]:
    """The keys of the operations that are undone and not redone."""
    keys: set[str] = set()
    for operation in sorted(operations, key=lambda each: each.key, reverse=True):
        if operation.undoes and operation.key not in keys:
            keys.add(operation.undoes)
    return keys


def short_ids(operations: Sequence[Operation]) -> dict[str, str]:
    """For each key the shortest id that names no other operation. Keys begin with the time, so an
    id is taken from the random end."""
    many = Counter(start for operation in operations for start in _prefixes(operation))
    return {
        operation.key: next((s for s in _prefixes(operation) if many[s] == 1), operation.key)
        for operation in operations
    }


def _prefixes(operation: Operation) -> Iterator[str]:
    end = _random_part(operation)
    return (end[:length] for length in range(SHORTEST, len(end) + 1))


def find_operations(operations: Sequence[Operation], wanted: str) -> list[Operation]:
    """The operations whose short id begins like this; if there are none, those whose key does."""
    ends = [operation for operation in operations if _random_part(operation).startswith(wanted)]
    return ends or [operation for operation in operations if operation.key.startswith(wanted)]


def _random_part(operation: Operation) -> str:
    return operation.key.rpartition("-")[2]


def to_undo(operations: Sequence[Operation]) -> Operation | None:
    """The newest operation in effect that is not itself an undo. For a redone operation, this is
    the redo: undoing it puts the earlier undo back in effect."""
    gone = undone(operations)
    in_effect = (o for o in operations if o.key not in gone and o.verb != UNDO)
    return max(in_effect, key=lambda each: each.key, default=None)


def to_redo(operations: Sequence[Operation]) -> Operation | None:
    """The newest undo in effect, if no other operation followed it."""
    gone = undone(operations)
    in_effect = [o for o in operations if o.key not in gone]
    others = [o.key for o in in_effect if o.verb not in (UNDO, REDO)]
    undone_ops = [o for o in in_effect if o.verb == UNDO and o.key > max(others, default="")]
    return max(undone_ops, key=lambda each: each.key, default=None)
