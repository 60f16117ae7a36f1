"""Decide what a file change means to `watch`: a save to upload, or something else.

Pure: the watcher decides when to look and what to do. `meaning` applies its rules in order.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from pinesync.model import Digest, RelPath

MANY = 3
"""If more files than this change at the same time, `watch` asks: it was no person in an editor."""


class Meaning(Enum):
    """The handling of a file that may have changed."""

    NOTHING = auto()
    """It is unchanged, or equal to the base."""
    WAIT = auto()
    """It is being written, or was just emptied or removed: look again."""
    VANISHED = auto()
    """It is gone. Reported, but never acted on."""
    UNSENDABLE = auto()
    """Its text may not be sent. Reported."""
    BY_GIT = auto()
    """Git wrote it. Reported, and left until a person decides."""
    MANY = auto()
    """One of many that changed at the same time: ask."""
    SAVE = auto()
    """Somebody saved it."""


@dataclass(frozen=True, slots=True)
class FileState:
    """The current state of a file: the digest of its text, None if it is gone or not text; why it
    may not be sent, if so; whether a program has it open for writing; and whether it has stayed the
    same for as long as an editor may need."""

    digest: Digest | None
    problem: str = ""
    busy: bool = False
    is_stable: bool = False


def meaning(
    state: FileState,
    agreed: Digest | None,
    handled: Digest | None,
    *,
    git_written: bool = False,
) -> Meaning:
    """The meaning of one file's change. `agreed` is the digest of the base, `handled` that of the
    text handled last. `git_written` is true if git wrote the file."""
    if state.busy:
        return Meaning.WAIT
    if state.digest is not None and state.digest in (agreed, handled):
        return Meaning.NOTHING
    if state.digest is None or state.problem:
        # An editor may empty or remove a file for a moment while it saves.
        if not state.is_stable:
            return Meaning.WAIT
        return Meaning.UNSENDABLE if state.problem else Meaning.VANISHED
    if git_written:
        return Meaning.BY_GIT
    return Meaning.SAVE


def meanings(
    states: Mapping[RelPath, FileState],
    agreed: Mapping[RelPath, Digest],
    handled: Mapping[RelPath, Digest],
    git_written: Collection[RelPath],
    *,
    allow_many: bool = False,
) -> dict[RelPath, Meaning]:
    """The meaning of all changes in one time window. With `allow_many`, any number of files may be
    sent."""
    by_path = {
        path: meaning(state, agreed.get(path), handled.get(path), git_written=path in git_written)
        for path, state in states.items()
    }
    saved = [path for path, what in by_path.items() if what is Meaning.SAVE]
    if len(saved) > MANY and not allow_many:
        by_path |= dict.fromkeys(saved, Meaning.MANY)
    return by_path
