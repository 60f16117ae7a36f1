"""What is about to be done, on disk before it is done: an intent tells the next run what to look
for after a crash or a lost answer.

There is one type for each operation, with just its fields, and one life for all of them:

    prepared → sent → landed | abandoned

A prepared intent was never sent. A sent one has an unknown outcome until the service, or the disk,
was read. Downloads, moves, renames and deletions are removed once their effect is written down;
uploads stay: a landed one is a line of the push log, an abandoned one a tombstone, since its save
may still turn up.
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
    """What every intent has. `path` is the file, `name` the script's saved name, `digest` that of
    the text that the operation makes, brings, moves or starts from. The three clocks only ever
    lengthen a wait: `mono` in seconds since the boot that `boot_id` names, `wall` in epoch
    seconds."""

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
        """Whether its outcome is not known, or not written down."""
        return self.state in ("prepared", "sent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload(Intent):
    """The next version of a script, on top of `parent`. `landed` is the version that it became,
    or that the answer named; `seen` the newest version that was searched for a late save."""

    pine_id: PineId
    parent: Version
    landed: Version | None = None
    seen: Version | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Create(Intent):
    """A new script. `known_ids` are the scripts that existed before; `pine_id` and `landed` are
    known once it landed, or once its answer named them."""

    known_ids: tuple[PineId, ...] = ()
    landed: Version | None = None
    seen: Version | None = None

    @property
    def parent(self) -> None:
        """A new script starts from no version."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Download(Intent):
    """A file gets another text. `brings` is the digest of what it gets, `replaces` of what it had
    (None: there was no file), `temp` the name of the temporary file beside it. `landed` is the
    version, with the text `digest`, that becomes the base; None where the base stays."""

    replaces: Digest | None = None
    temp: str = ""
    brings: Digest
    landed: Version | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename(Intent):
    """A script gets the name `name`; its newest version, `parent` with the text `digest`, stays."""

    pine_id: PineId
    parent: Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete(Intent):
    """A script is deleted, whose newest version was `parent` with the text `digest`."""

    pine_id: PineId
    parent: Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Move(Intent):
    """A file with the text `digest`, and its entry, go from `origin` to `path`."""

    origin: RelPath


Save = Upload | Create
"""What makes a version on the service."""

AnyIntent = TypeVar("AnyIntent", bound=Intent)


def advanced(intent: AnyIntent, state: State, **changes: object) -> AnyIntent:
    """The intent in its next state, with what is known by then. ValueError for a step back."""
    if state not in _NEXT[intent.state]:
        raise ValueError(f"{intent.key}: {intent.state} does not become {state}")
    return replace(intent, state=state, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Now:
    """A reading of the clocks. `mono` counts from the boot that `boot_id` names ("" unknown)."""

    wall: float
    mono: float
    boot_id: str


def age(intent: Intent, now: Now) -> float:
    """Seconds since the intent was written, or less: never more, whatever a clock says."""
    if intent.boot_id and intent.boot_id == now.boot_id:
        return max(0.0, now.mono - intent.mono)
    if intent.boot_id and now.boot_id:
        return now.mono
    return max(0.0, min(now.wall - intent.wall, now.mono - intent.mono))
