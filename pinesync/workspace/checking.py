"""Reading what the state directory holds: a record, a note or a number is checked before it is
believed, since a file is not trusted because it exists. What a record is made of is imported where
one is read: most looks at a workspace find none."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from pinesync.errors import StateError
from pinesync.model import KINDS, Digest, PineId, RelPath, Version
from pinesync.naming import check_path

if TYPE_CHECKING:
    from pinesync.sync.intents import Record

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_KEY = r"[0-9a-z-]{1,60}"
_TEMP = r"\.pinesync-[0-9a-z-]{1,60}\.tmp"


@dataclass(frozen=True)
class Replaced:
    """A text that pinesync replaced in the folder; `when` in epoch seconds. `conflict` is the
    text with markers that a merge put in its place, None for anything else."""

    key: str
    path: RelPath
    digest: Digest
    when: float
    conflict: Digest | None = None


def plain(record: Record) -> dict[str, Any]:
    held = {f.name: getattr(record, f.name) for f in fields(record)}
    return {k: str(v) if isinstance(v, Version) else v for k, v in held.items() if v is not None}


def checksum(held: Mapping[str, Any]) -> str:
    """What shows that a record is as it was written: every bit of it may decide about a save."""
    return hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()


def load(path: Path, body: bytes | None) -> Any:
    """The JSON in a file; StateError where it has none."""
    try:
        return json.loads(body or b"")
    except (ValueError, RecursionError):
        raise damaged(path) from None


def damaged(path: Path) -> StateError:
    """What is raised for a file that pinesync cannot have written."""
    return StateError(
        f"{path}: damaged, or not written by pinesync",
        "nothing was done; look at the file, and move it away if it is not needed",
    )


def read_record(path: Path, raw: Any) -> Record:
    """The record, or StateError: a state directory is not trusted because it exists."""
    from pinesync.sync.intents import Record

    try:
        if not isinstance(raw, dict) or raw.keys() - {"sum", *(f.name for f in fields(Record))}:
            raise ValueError
        held = {key: value for key, value in raw.items() if key != "sum"}
        if raw.get("sum") != checksum(held):
            raise ValueError
        if not all(isinstance(held.get(name, ""), str) for name in ("digest", "temp")):
            raise ValueError
        held["path"] = _checked_path(held["path"])
        held["origin"] = _checked_path(held["origin"]) if "origin" in raw else None
        held["known_ids"] = tuple(PineId(known) for known in held.get("known_ids", ()))
        for name in ("parent", "landed", "seen"):
            held[name] = Version.parse(held[name]) if name in raw else None
        held["pine_id"] = PineId(held["pine_id"]) if "pine_id" in raw else None
        record = Record(**held)
        if not _is_sound(record, path):
            raise ValueError
    except (ValueError, TypeError, KeyError):
        raise damaged(path) from None
    return record


def is_sound_info(info: Any) -> bool:
    """Whether it may be what is known of a version."""
    return (
        isinstance(info.digest, str)
        and bool(DIGEST.fullmatch(info.digest))
        and type(info.when) is int
        and is_time(info.when)
        and isinstance(info.name, str)
        and info.kind in KINDS
    )


def _checked_path(raw: object) -> RelPath:
    if not isinstance(raw, str):
        raise TypeError
    return check_path(raw)


def _is_sound(record: Record, path: Path) -> bool:
    from pinesync.sync.intents import Op, State

    digests = [record.digest, record.object, record.brings]
    return (
        path.stem == record.key
        and bool(re.fullmatch(_KEY, record.key))
        and record.op in get_args(Op)
        and record.state in get_args(State)
        and all(d is None or DIGEST.fullmatch(d) for d in digests)
        and (not record.temp or bool(re.fullmatch(_TEMP, record.temp)))
        and (record.op != "pull" or bool(record.temp and record.brings))
        and (record.op == "move") == (record.origin is not None)
        and (record.op not in ("rename", "delete") or bool(record.pine_id and record.parent))
        and _is_clock(record.wall)
        and _is_clock(record.mono)
        and all(isinstance(t, str) for t in (record.name, record.account, record.boot_id))
    )


def _is_clock(value: object) -> bool:
    """A number to reckon with, whatever clock it came from."""
    if isinstance(value, float):
        return not math.isnan(value)
    return isinstance(value, int) and abs(value) < 1 << 63


def is_time(value: object) -> bool:
    """Seconds that fit into a calendar, and no NaN."""
    return isinstance(value, int | float) and -6e10 < value < 2e11


def read_replaced(path: Path, raw: Any) -> Replaced:
    """The note of a replaced text, or StateError."""
    try:
        replaced = Replaced(**{**raw, "path": _checked_path(raw["path"])})
        digests = (replaced.digest, replaced.conflict or replaced.digest)
        sound = all(map(DIGEST.fullmatch, digests)) and replaced.key == path.stem
        if not (sound and is_time(replaced.when)):
            raise ValueError
    except (ValueError, TypeError, KeyError):
        raise damaged(path) from None
    return replaced
