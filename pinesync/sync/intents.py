"""Intents: a write-ahead log. Each operation is on disk before it starts, so that after a crash or
a lost response the next run knows what to look for.

Each operation has its own type. All of them share one life cycle:

    prepared → sent → landed | abandoned

A prepared intent was never sent. The outcome of a sent intent is unknown until the next run reads
the service or the disk. Downloads, moves, renames and deletions are removed once their effect is
recorded. Uploads stay: a landed one is an entry of the push log, an abandoned one a tombstone,
because its save can still appear.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from pinesync.model import Digest, PineId, RelPath, Version

State = Literal["prepared", "sent", "landed", "abandoned"]

_NEXT: dict[State, frozenset[State]] = {
    "prepared": frozenset(("prepared", "sent")),
    "sent": frozenset(("sent", "landed", "abandoned")),
    "landed": frozenset(("landed",)),
    "abandoned": frozenset(("abandoned",)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """The common fields. `path` is the file, `name` the script's saved name, `digest` that of the
    text that the operation saves, downloads, moves or starts from. The clocks can only lengthen a
    wait: `mono` is in seconds since the boot `boot_id`, `wall` in epoch seconds."""

    key: str = ""
    state: State = "prepared"
    path: RelPath
    name: str
    digest: Digest
    pine_id: PineId | None = None
    account: str = ""
    wall: float = 0.0
    boot_id: str = ""
    mono: float = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the outcome is unknown or not recorded yet."""
        return self.state in ("prepared", "sent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload(Intent):
    """Save the next version of a script on top of `parent`. `landed` is the version it became, or
    the one the response named; `seen` is the newest version already searched for a late save."""

    pine_id: PineId
    parent: Version
    landed: Version | None = None
    seen: Version | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Create(Intent):
    """Create a script. `known_ids` are the scripts that existed before. `pine_id` and `landed` are
    set once the save landed or the response named them."""

    known_ids: tuple[PineId, ...] = ()
    landed: Version | None = None
    seen: Version | None = None

    @property
    def parent(self) -> None:
        """A new script starts from no version."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Download(Intent):
    """Replace the text of a file. `brings` is the digest of the new text, `replaces` that of the
    old one (None: no file), `temp` the name of the temporary file next to it. `landed` is the
    version, with the text `digest`, that becomes the base; None keeps the base."""

    replaces: Digest | None = None
    temp: str = ""
    brings: Digest
    landed: Version | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename(Intent):
    """Rename a script to `name`. Its newest version stays `parent`, with the text `digest`."""

    pine_id: PineId
    parent: Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete(Intent):
    """Delete a script whose newest version was `parent`, with the text `digest`."""

    pine_id: PineId
    parent: Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Move(Intent):
    """Move a file with the text `digest`, and its entry, from `origin` to `path`."""

    origin: RelPath


Save = Upload | Create
"""The intents that create a version on the service."""

AnyIntent = TypeVar("AnyIntent", bound=Intent)


def with_state(intent: AnyIntent, state: State, **changes: object) -> AnyIntent:
    """The intent in its next state, with `changes`. Raises ValueError if the state cannot
    follow."""
    if state not in _NEXT[intent.state]:
        raise ValueError(f"{intent.key}: {intent.state} does not become {state}")
    return replace(intent, state=state, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Now:
    """A reading of the clocks. `mono` counts from the boot that `boot_id` names ("" unknown)."""

    wall: float
    mono: float
    boot_id: str


def age(intent: Intent | Now, now: Now) -> float:
    """Seconds since the intent was written, or since those clocks were read. Clock changes can
    lower this, never raise it."""
    # Same boot: the monotonic clock measures the whole age.
    if intent.boot_id and intent.boot_id == now.boot_id:
        return max(0.0, now.mono - intent.mono)
    # Rebooted since: the intent is at least as old as this boot.
    if intent.boot_id and now.boot_id:
        return now.mono
    return max(0.0, min(now.wall - intent.wall, now.mono - intent.mono))
