"""The operation log: what pinesync did in a workspace, one file for each command that changed
something.

    operations/<key>.json   verb, time, entries, files, saves

It is written after the fact and validated when read. Losing it loses the undo, but no work.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pinesync.errors import ManifestError
from pinesync.model import Digest, Entry, PineId, RelPath, Version
from pinesync.sync.operations import Change, Moved, Operation, SentVersion, Written
from pinesync.text.filenames import check_path
from pinesync.workspace.manifest import as_table, from_table
from pinesync.workspace.state.codec import DIGEST, damaged, is_time
from pinesync.workspace.state.store import Store

KIND = "operations"
KEPT = 5000
"""The most operations the log keeps: months of saves under `watch`."""
_VERB = re.compile(r"[a-z][a-z -]{0,30}")


def write_operation(store: Store, operation: Operation) -> None:
    """Write the operation to the log, not durably, and drop the oldest beyond KEPT."""
    entries = [
        [c.path, c.before and as_table(c.before), c.after and as_table(c.after)]
        for c in operation.entries
    ]
    saves = [
        [s.path, s.pine_id, str(s.version), s.parent and str(s.parent)] for s in operation.saves
    ]
    value = {
        "key": operation.key,
        "verb": operation.verb,
        "when": operation.when,
        "undoes": operation.undoes,
        "entries": entries,
        "files": [[w.path, w.before, w.after] for w in operation.files],
        "saves": saves,
        "moves": [[m.old, m.new] for m in operation.moves],
    }
    store.write_json(KIND, operation.key, value)
    store.drop_json(KIND, store.keys(KIND)[:-KEPT])


def newest_time(store: Store) -> float:
    """The time in the newest key, in epoch seconds; 0 if the log is empty."""
    newest = max(store.keys(KIND), default="").partition("-")[0]
    return int(newest) / 1000 if newest.isdecimal() and newest.isascii() else 0.0


def read_operations(store: Store, limit: int) -> list[Operation]:
    """The newest `limit` operations, oldest first. Raises StateError if one is damaged."""
    operations = []
    for path, raw in store.read_json(KIND, limit):
        try:
            operation = _operation(raw)
            if operation.key != path.stem:
                raise ValueError
        except (ValueError, TypeError, KeyError, ManifestError):
            raise damaged(path) from None
        operations.append(operation)
    return operations


def _operation(raw: Mapping[str, Any]) -> Operation:
    verb, when, undoes = raw["verb"], raw["when"], raw["undoes"]
    if not _VERB.fullmatch(verb) or not is_time(when) or not isinstance(undoes, str | None):
        raise ValueError
    return Operation(
        key=raw["key"],
        verb=verb,
        when=when,
        undoes=undoes,
        entries=tuple(_change(*row) for row in raw["entries"]),
        files=tuple(_written(*row) for row in raw["files"]),
        saves=tuple(_sent(*row) for row in raw["saves"]),
        moves=tuple(Moved(_path(old), _path(new)) for old, new in raw["moves"]),
    )


def _change(path: object, before: Any, after: Any) -> Change:
    checked = _path(path)
    return Change(checked, _entry(checked, before), _entry(checked, after))


def _entry(path: RelPath, table: Any) -> Entry | None:
    return None if table is None else from_table(path, table)


def _written(path: object, before: Any, after: Any) -> Written:
    return Written(_path(path), None if before is None else _digest(before), _digest(after))


def _sent(path: object, pine_id: str, version: object, parent: object) -> SentVersion:
    before = None if parent is None else Version.parse(parent)
    return SentVersion(_path(path), PineId(pine_id), Version.parse(version), before)


def _path(raw: object) -> RelPath:
    if not isinstance(raw, str):
        raise TypeError
    return check_path(raw)


def _digest(raw: Any) -> Digest:
    if not DIGEST.fullmatch(raw):
        raise ValueError
    return Digest(raw)
