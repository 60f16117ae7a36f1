"""The findings of `doctor`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pinesync.errors import EXIT_DONE, EXIT_FAILED, ManifestError, PinesyncError
from pinesync.text.filenames import shell_quote
from pinesync.text.plural import shorten_list

Level = Literal["ok", "note", "wrong"]
CheckResult = tuple[Level, str, str]
"""A finding without its area: level, message, hint."""

_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding in one area. "wrong" stops pinesync from working or needs a person; "note" is
    worth knowing. `hint` says what to do, and is empty if all is well."""

    area: str
    level: Level
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Checkup:
    """All findings, at least one for each area, and the versions of all components; None for a
    missing one."""

    findings: tuple[Finding, ...]
    versions: Mapping[str, str | None]

    @property
    def exit_code(self) -> int:
        return EXIT_FAILED if any(f.level == "wrong" for f in self.findings) else EXIT_DONE


def ok(message: str) -> CheckResult:
    return "ok", message, ""


def note(message: str, hint: str) -> CheckResult:
    return "note", message, hint


def wrong(message: str, hint: str) -> CheckResult:
    return "wrong", message, hint


class Unusable(PinesyncError):
    """A part of the workspace is unusable; `area` is the area that reports why."""

    def __init__(self, area: str, error: PinesyncError) -> None:
        super().__init__(error.message, error.hint)
        self.area = area
        self.error = error


def from_error(error: PinesyncError, level: Level = "wrong") -> CheckResult:
    """Convert an error to a finding."""
    otherwise = "check it, then run `pinesync doctor` again"
    if isinstance(error, Unusable):
        error = error.error
    if isinstance(error, ManifestError):
        otherwise = "fix it by hand, or restore an older one from git"
    return level, error.message, error.hint or otherwise


def some_names(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    return shorten_list(names, _SHOWN)


def check_private(folder: Path) -> Iterator[CheckResult]:
    """A finding if other users of this machine can enter one of pinesync's own directories."""
    if os.name == "posix" and folder.stat().st_mode & 0o077:
        yield wrong(
            f"{folder}: other users of this machine can read it",
            f"run `chmod 700 {shell_quote(str(folder))}`",
        )
