"""What was done, script by script: recorded as it happened, never as it was hoped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pinesync.errors import EXIT_DONE, EXIT_FAILED, EXIT_LEFT, PinesyncError, gravest
from pinesync.model import Diagnostic, PineId, RelPath, Version
from pinesync.sync.words import Status

Done = Literal[
    "saved",
    "created",
    "adopted",
    "pulled",
    "written",
    "merged",
    "conflict",
    "kept",
    "recovered",
    "refused",
    "failed",
    "pending",
    "told",
    "skipped",
    "resolved",
    "restored",
    "forgotten",
    "moved",
    "renamed",
    "deleted",
]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One script: what was done, the version it has now, and, where that needs words, what
    happened and what to do. `exit_code` is what this script alone would end the process with;
    `moved_from` is where its file was before it moved."""

    path: RelPath
    done: Done
    version: Version | None = None
    before: Version | None = None
    message: str = ""
    hint: str = ""
    exit_code: int = EXIT_DONE
    pine_id: PineId | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    source: str = ""
    """The text that the diagnostics point into; empty without any."""
    moved_from: RelPath | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """A step that a dry run would do."""

    path: RelPath
    word: Status
    act: str


@dataclass(frozen=True, slots=True)
class Committed:
    """The commit of what a run changed, and whose files are in it."""

    commit: str
    subject: str
    paths: tuple[RelPath, ...]


@dataclass(frozen=True, slots=True)
class Recorded:
    """The side ref that records the bases, its newest commit, and the scripts that are new there.
    `commit` is None of what a dry run would record, and where there is no record yet."""

    ref: str
    commit: str | None
    paths: tuple[RelPath, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """What a run did, in order, and the error that ended it early, if one did. A dry run has
    `planned` instead. `commit` is there where one was made, `record` where one was asked for."""

    outcomes: tuple[Outcome, ...] = ()
    planned: tuple[Planned, ...] = ()
    dry_run: bool = False
    stopped: PinesyncError | None = None
    commit: Committed | None = None
    record: Recorded | None = None

    @property
    def exit_code(self) -> int:
        codes = [outcome.exit_code for outcome in self.outcomes]
        return gravest(*codes, *([self.stopped.exit_code] if self.stopped else []))


def failed(path: RelPath, error: PinesyncError, pine_id: PineId | None = None) -> Outcome:
    """The outcome of a step that an error ended."""
    return Outcome(
        path,
        "failed",
        message=error.message.removeprefix(f"{path}: "),
        hint=error.hint or "",
        exit_code=error.exit_code,
        pine_id=pine_id,
    )


def refused(path: RelPath, message: str, hint: str, *, exit_code: int = EXIT_LEFT) -> Outcome:
    return Outcome(path, "refused", message=message, hint=hint, exit_code=exit_code)


def enumerated(versions: Iterable[Version]) -> str:
    """Versions as a sentence has them, the oldest first: 2.0, 3.0 and 5.0."""
    *most, last = map(str, sorted(versions)) if versions else ("",)
    return f"{', '.join(most)} and {last}" if most else last


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A script of which a version could not be read; all of it comes with a later import."""

    path: RelPath
    pine_id: PineId
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """How many versions of how many scripts came onto the branch, how many are on it, and its
    last commit, None where it has none. A dry run tells how many would come. `note` is what is to
    be known of a local branch of that name, told once."""

    branch: str
    versions: int
    scripts: int
    total: int
    tip: str | None
    left_out: tuple[LeftOut, ...] = ()
    dry_run: bool = False
    note: str = ""

    @property
    def exit_code(self) -> int:
        return gravest(*(EXIT_FAILED for _ in self.left_out))
