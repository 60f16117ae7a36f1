"""What a change of a file means while somebody watches: a save to send, or something else.

Pure: who looks, how often, and what is done about it is the watcher's. The order of the rules is
the order of `meaning`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from pinesync.model import Digest, RelPath

MANY = 3
"""More files than this, changed at once, are asked about: it was no person with an editor."""


class Meaning(Enum):
    """What to do about a file that may have changed."""

    NOTHING = auto()
    """It is as it was, or as it was last agreed."""
    WAIT = auto()
    """It is being written, or was just emptied or removed: look once more."""
    VANISHED = auto()
    """It is gone. That is told, and never acted on."""
    UNFIT = auto()
    """It is no text that may be sent: told."""
    GITS = auto()
    """Git wrote it: told, and left until somebody says so."""
    MANY = auto()
    """One of many that changed at once: asked about."""
    SAVE = auto()
    """Somebody saved it."""


@dataclass(frozen=True, slots=True)
class FileState:
    """A file as it is at this moment: the digest of its text, None where it is gone or no text;
    why it may not be sent as it is; whether somebody has it open for writing, and whether it was
    just the same for as long as an editor may need."""

    digest: Digest | None
    problem: str = ""
    busy: bool = False
    again: bool = False


def meaning(
    state: FileState,
    agreed: Digest | None,
    handled: Digest | None,
    *,
    gits: bool = False,
) -> Meaning:
    """Of one file. `agreed` is the digest of the base, `handled` of the text that was last dealt
    with; `gits` says that git wrote it."""
    if state.busy:
        return Meaning.WAIT
    if state.digest is not None and state.digest in (agreed, handled):
        return Meaning.NOTHING
    if state.digest is None or state.problem:
        # An editor that empties or replaces a file is in the middle of that for a moment.
        if not state.again:
            return Meaning.WAIT
        return Meaning.UNFIT if state.problem else Meaning.VANISHED
    if gits:
        return Meaning.GITS
    return Meaning.SAVE


def meanings(
    states: Mapping[RelPath, FileState],
    agreed: Mapping[RelPath, Digest],
    handled: Mapping[RelPath, Digest],
    gits: Collection[RelPath],
    *,
    many: bool = False,
) -> dict[RelPath, Meaning]:
    """Of all files that changed in one window. With `many` the person wants any number sent."""
    found = {
        path: meaning(state, agreed.get(path), handled.get(path), gits=path in gits)
        for path, state in states.items()
    }
    saved = [path for path, what in found.items() if what is Meaning.SAVE]
    if len(saved) > MANY and not many:
        found |= dict.fromkeys(saved, Meaning.MANY)
    return found
