"""The record of a write: on disk before the write begins, and closed when its effect is written
down. A save's record that is `landed` is a line of the push log, an `abandoned` one a tombstone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pinesync.model import Digest, PineId, RelPath, Version

Op = Literal["save", "create", "pull", "rename", "delete", "move"]
State = Literal["prepared", "sent", "landed", "abandoned"]


@dataclass(frozen=True, slots=True)
class Record:
    """One write. `parent` is the version it started from, `digest` that of the version it
    makes or brings, `object` that of the text it replaces (pull), `temp` the temporary file beside
    `path` and `brings` the digest of what it holds, a merge's say (pull), `known_ids` the ids that
    existed before (create), `landed` where it ended, `origin` the path that a file leaves (move).
    Of a rename `name` is the new one; it and a deletion start from the version `parent` with the
    text `digest`, and make none. `seen` is the newest
    version that was looked through for a save that came late. The three clocks only ever lengthen
    a wait: `mono` in seconds since the boot that `boot_id` names, `wall` in epoch seconds."""

    key: str
    op: Op
    state: State
    path: RelPath
    name: str
    digest: Digest
    pine_id: PineId | None = None
    account: str = ""
    parent: Version | None = None
    object: Digest | None = None
    known_ids: tuple[PineId, ...] = ()
    temp: str = ""
    brings: Digest | None = None
    landed: Version | None = None
    seen: Version | None = None
    origin: RelPath | None = None
    wall: float = 0.0
    boot_id: str = ""
    mono: float = 0.0

    @property
    def is_open(self) -> bool:
        return self.state in ("prepared", "sent")


@dataclass(frozen=True, slots=True)
class Now:
    """A reading of the clocks. `mono` counts from the boot that `boot_id` names ("" unknown)."""

    wall: float
    mono: float
    boot_id: str


def age(record: Record, now: Now) -> float:
    """Seconds since the record was written, or less: never more, whatever a clock says."""
    if record.boot_id and record.boot_id == now.boot_id:
        return max(0.0, now.mono - record.mono)
    if record.boot_id and now.boot_id:
        return now.mono
    return max(0.0, min(now.wall - record.wall, now.mono - record.mono))
