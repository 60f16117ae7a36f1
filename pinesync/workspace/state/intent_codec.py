"""An intent as JSON, and back. Intents of pinesync 0.1.0 are read: those had one format for all
operations, with every field that the operation did not use left empty."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

from pinesync.errors import StateError
from pinesync.model import Digest, PineId, Version
from pinesync.sync.intents import (
    Create,
    Delete,
    Download,
    Intent,
    Move,
    Rename,
    State,
    Upload,
)
from pinesync.workspace.state.codec import DIGEST, checked_path, checksum, damaged

_TYPES: Mapping[str, type[Intent]] = {
    "save": Upload,
    "create": Create,
    "pull": Download,
    "rename": Rename,
    "delete": Delete,
    "move": Move,
}
_OPS = {kind: op for op, kind in _TYPES.items()}
_NAMES = {"replaces": "object"}
"""Fields whose name on disk is another."""
_KEY = re.compile(r"[0-9a-z-]{1,60}")
_TEMP = re.compile(r"\.pinesync-[0-9a-z-]{1,60}\.tmp")


def as_json(intent: Intent) -> dict[str, Any]:
    """The intent with its checksum, as it goes to disk."""
    record: dict[str, Any] = {"op": _OPS[type(intent)]}
    for field in fields(intent):
        value = getattr(intent, field.name)
        if value is not None:
            name = _NAMES.get(field.name, field.name)
            record[name] = str(value) if isinstance(value, Version) else value
    return {**record, "sum": checksum(record)}


def from_json(path: Path, raw: Any) -> Intent:
    """The intent in the file. Raises StateError if it is damaged or from a later pinesync: either
    may be a save with a lost response."""
    try:
        record = dict(raw)
        if record.pop("sum", None) != checksum(record):
            raise ValueError
        kind = _TYPES.get(record.pop("op"))
        if kind is None:
            raise _unknown(path)
        values: dict[str, Any] = {
            field.name: _READ[field.name](record.pop(name))
            for field in fields(kind)
            if (name := _NAMES.get(field.name, field.name)) in record
        }
        if any(record.values()):
            raise _unknown(path)
        intent = kind(**values)
        if path.stem != intent.key or (isinstance(intent, Download) and not intent.temp):
            raise ValueError
    except (ValueError, TypeError, KeyError):
        raise damaged(path) from None
    return intent


def _unknown(path: Path) -> StateError:
    return StateError(
        f"{path}: written by a later version of pinesync",
        "nothing was done; update pinesync, then run the command again",
    )


def _text(raw: object) -> str:
    if not isinstance(raw, str):
        raise TypeError
    return raw


def _matching(pattern: re.Pattern[str]) -> Callable[[object], str]:
    def read(raw: object) -> str:
        if not pattern.fullmatch(_text(raw)):
            raise ValueError
        return _text(raw)

    return read


def _state(raw: object) -> str:
    if raw not in get_args(State):
        raise ValueError
    return _text(raw)


def _digest(raw: object) -> Digest:
    return Digest(_matching(DIGEST)(raw))


def _version(raw: object) -> Version:
    return Version.parse(_text(raw))


def _ids(raw: object) -> tuple[PineId, ...]:
    if not isinstance(raw, list | tuple):
        raise TypeError
    return tuple(PineId(pine_id) for pine_id in raw)


def _clock(raw: object) -> float:
    """A finite number from any clock."""
    if isinstance(raw, float) and not math.isnan(raw):
        return raw
    if isinstance(raw, int) and abs(raw) < 1 << 63:
        return raw
    raise ValueError


_READ: Mapping[str, Callable[[Any], object]] = {
    "key": _matching(_KEY),
    "state": _state,
    "path": checked_path,
    "origin": checked_path,
    "name": _text,
    "account": _text,
    "boot_id": _text,
    "digest": _digest,
    "replaces": _digest,
    "brings": _digest,
    "pine_id": PineId,
    "known_ids": _ids,
    "parent": _version,
    "landed": _version,
    "seen": _version,
    "temp": lambda raw: raw and _matching(_TEMP)(raw),
    "wall": _clock,
    "mono": _clock,
}
