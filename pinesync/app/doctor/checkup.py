"""The findings of `doctor`, and the usable parts of the workspace it checks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeVar

from pinesync.app.project import Project, Setup, folder_at
from pinesync.errors import EXIT_DONE, EXIT_FAILED, FileError, ManifestError, PinesyncError
from pinesync.model import Entry, RelPath
from pinesync.text.canonical import Unreadable, decode, has_conflict_markers
from pinesync.text.filenames import BadPath, check_path, shell_quote
from pinesync.workspace.files import Tree
from pinesync.workspace.manifest_file import read_manifest

T = TypeVar("T")
Level = Literal["ok", "note", "wrong"]
Said = tuple[Level, str, str]
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


def ok(message: str) -> Said:
    return "ok", message, ""


def note(message: str, hint: str) -> Said:
    return "note", message, hint


def wrong(message: str, hint: str) -> Said:
    return "wrong", message, hint


def told(error: PinesyncError, level: Level = "wrong") -> Said:
    """Convert an error to a finding."""
    otherwise = "check it, then run `pinesync doctor` again"
    if isinstance(error, Unusable):
        error = error.error
    if isinstance(error, ManifestError):
        otherwise = "fix it by hand, or restore an older one from git"
    return level, error.message, error.hint or otherwise


def named(names: Sequence[str]) -> str:
    """The first names, and the number of the rest."""
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def entered_by_others(folder: Path) -> Iterator[Said]:
    """A finding if other users of this machine can enter one of pinesync's own directories."""
    if os.name == "posix" and folder.stat().st_mode & 0o077:
        yield wrong(
            f"{folder}: other users of this machine can read it",
            f"run `chmod 700 {shell_quote(str(folder))}`",
        )


@contextmanager
def disk(path: Path) -> Iterator[None]:
    """Raise an OSError as a FileError."""
    try:
        yield
    except OSError as error:
        at = error.filename or path
        raise FileError(
            f"{at}: {error.strerror or error}",
            "if it persists, fix it, then run `pinesync doctor` again",
        ) from error


@dataclass(frozen=True, slots=True)
class File:
    """One .pine file: whether it contains conflict markers, or why it cannot be used."""

    marked: bool = False
    problem: str = ""
    hint: str = ""


class Unusable(PinesyncError):
    """A part of the workspace is unusable; the area `area` reports why."""

    def __init__(self, area: str, error: PinesyncError) -> None:
        super().__init__(error.message, error.hint)
        self.area = area
        self.error = error


def _part(area: str) -> Callable[[Callable[[Workspace], T]], cached_property[T]]:
    """A part of the workspace, read on first access. Raises Unusable if it is unusable; `area`
    reports why."""

    def of(read: Callable[[Workspace], T]) -> cached_property[T]:
        def part(here: Workspace) -> T:
            try:
                return read(here)
            except Unusable:
                raise
            except PinesyncError as error:
                raise Unusable(area, error) from error

        return cached_property(part)

    return of


class Workspace:
    """A directory with a pine.toml. An unusable part does not hide the others."""

    def __init__(self, setup: Setup, root: Path) -> None:
        self.setup = setup
        self.root = root

    manifest = _part("manifest")(lambda here: read_manifest(Tree(here.root))[1])
    project = _part("state")(
        lambda here: Project(
            here.setup, folder_at(here.setup, here.root, here.manifest.settings.id)
        )
    )
    records = _part("records")(lambda here: here.project.workspace.log.intents())
    files = _part("permissions")(lambda here: _files(Tree(here.root), here.entries))

    @property
    def entries(self) -> Mapping[RelPath, Entry]:
        """None where pine.toml cannot be used."""
        with suppress(Unusable):
            return self.manifest.entries
        return {}

    def lists(self, path: str) -> bool:
        """Whether pine.toml lists the file; True if pine.toml is unusable."""
        with suppress(Unusable):
            return path in self.manifest.entries
        return True


def _files(tree: Tree, entries: Iterable[RelPath]) -> Mapping[str, File]:
    seen = {path: _file(tree, path) for path in sorted({*tree.scripts(), *entries})}
    return {path: file for path, file in seen.items() if file is not None}


def _file(tree: Tree, path: str) -> File | None:
    try:
        check_path(path)
        data = tree.read(path)
        return None if data is None else File(has_conflict_markers(decode(data)))
    except BadPath as error:
        return File(problem=f"cannot be tracked: {error}", hint="give it another name")
    except FileError as error:
        why = error.message.removeprefix(f"{path}: ")
        return File(problem=why, hint="replace it with a readable plain file")
    except Unreadable as error:
        return File(problem=str(error), hint="save it as UTF-8")
