"""The outcomes of a run, script by script, recorded as they happen."""

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
    """The outcome for one script: what was done, its current version and, if that needs explaining,
    a message and a hint. `exit_code` is the exit code that this script alone would cause.
    `moved_from` is the file's old path if it moved."""

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
    """The source that the diagnostics refer to; empty if there are none."""
    moved_from: RelPath | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """A step that a real run would take, with what it means for charts and alerts."""

    path: RelPath
    word: Status
    act: str
    diagnostics: tuple[Diagnostic, ...] = ()
    source: str = ""
    """The source that the diagnostics refer to; empty if there are none."""


@dataclass(frozen=True, slots=True)
class Committed:
    """The commit of a run's changes, and the scripts in it."""

    commit: str
    subject: str
    paths: tuple[RelPath, ...]


@dataclass(frozen=True, slots=True)
class Recorded:
    """The side ref that records bases, its newest commit, and the scripts newly recorded. `commit`
    is None in a dry run and if there is no record yet."""

    ref: str
    commit: str | None
    paths: tuple[RelPath, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """The outcomes of a run, in order, and the error that ended it early, if any. A dry run has
    `planned` instead. `commit` is set if one was made, `record` if one was requested."""

    outcomes: tuple[Outcome, ...] = ()
    planned: tuple[Planned, ...] = ()
    dry_run: bool = False
    stopped: PinesyncError | None = None
    commit: Committed | None = None
    record: Recorded | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there was nothing to do."""
        return not (self.outcomes or self.planned or self.stopped)

    @property
    def exit_code(self) -> int:
        codes = [outcome.exit_code for outcome in self.outcomes]
        return gravest(*codes, *([self.stopped.exit_code] if self.stopped else []))


def failed(path: RelPath, error: PinesyncError, pine_id: PineId | None = None) -> Outcome:
    """The outcome of a step that failed with an error."""
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


def join_versions(versions: Iterable[Version]) -> str:
    """Versions as words, oldest first: 2.0, 3.0 and 5.0."""
    *others, last = map(str, sorted(versions)) if versions else ("",)
    return f"{', '.join(others)} and {last}" if others else last


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A script with an unreadable version. A later import brings all of it."""

    path: RelPath
    pine_id: PineId
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """How many versions of how many scripts were imported, how many the branch has in total, and
    its last commit, if any. In a dry run, how many would be imported. `note` is a one-time remark
    about a local branch of that name."""

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
