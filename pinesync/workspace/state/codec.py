"""Decode files of the state directory. Their content is untrusted: every note, path and number is
checked before use."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pinesync.errors import StateError
from pinesync.model import KINDS, Digest, RelPath
from pinesync.text.filenames import check_path

if TYPE_CHECKING:
    pass

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_KEY = r"[0-9a-z-]{1,60}"
_TEMP = r"\.pinesync-[0-9a-z-]{1,60}\.tmp"


@dataclass(frozen=True)
class Replaced:
    """A text that pinesync replaced in the workspace; `when` in epoch seconds. `conflict` is the
    digest of the merge with markers that replaced it, else None."""

    key: str
    path: RelPath
    digest: Digest
    when: float
    conflict: Digest | None = None


def checksum(value: Mapping[str, Any]) -> str:
    """A checksum of an intent: any damaged bit could decide the fate of a save."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def load(path: Path, body: bytes | None) -> Any:
    """Parse the JSON of a file; StateError if it is invalid."""
    try:
        return json.loads(body or b"")
    except (ValueError, RecursionError):
        raise damaged(path) from None


def damaged(path: Path) -> StateError:
    """The error for a file that pinesync cannot have written."""
    return StateError(
        f"{path}: damaged, or not written by pinesync",
        "nothing was done; check the file and move it away if you do not need it",
    )


def is_sound_info(info: Any) -> bool:
    """Whether this is valid metadata of a version."""
    return (
        isinstance(info.digest, str)
        and bool(DIGEST.fullmatch(info.digest))
        and type(info.when) is int
        and is_time(info.when)
        and isinstance(info.name, str)
        and info.kind in KINDS
    )


def checked_path(raw: object) -> RelPath:
    if not isinstance(raw, str):
        raise TypeError
    return check_path(raw)


def is_time(value: object) -> bool:
    """Whether the value is a number of seconds within calendar range, and not NaN."""
    return isinstance(value, int | float) and -6e10 < value < 2e11


def read_replaced(path: Path, raw: Any) -> Replaced:
    """Decode the note of a replaced text; StateError if it is damaged."""
    try:
        replaced = Replaced(**{**raw, "path": checked_path(raw["path"])})
        digests = (replaced.digest, replaced.conflict or replaced.digest)
        sound = all(map(DIGEST.fullmatch, digests)) and replaced.key == path.stem
        if not (sound and is_time(replaced.when)):
            raise ValueError
    except (ValueError, TypeError, KeyError):
        raise damaged(path) from None
    return replaced
