"""What `doctor` finds, and the workspace that it looks at, as far as that can be used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from pinesync.commands.project import Project, Setup, folder_at
from pinesync.errors import EXIT_DONE, EXIT_FAILED, FileError, ManifestError, PinesyncError
from pinesync.naming import BadPath, check_path
from pinesync.sync.records import Record
from pinesync.text import Unreadable, decode, has_conflict_markers
from pinesync.workspace.files import Tree
from pinesync.workspace.folder import read_manifest
from pinesync.workspace.manifest import Manifest

T = TypeVar("T")
Level = Literal["ok", "note", "wrong"]
Said = tuple[Level, str, str]
"""A finding before its area is written to it: level, message, hint."""

_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing in one area. "wrong" keeps pinesync from its work, or waits for a person; "note"
    is worth knowing. `hint` says what to do, and is empty where all is well."""

    area: str
    level: Level
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Checkup:
    """All findings, every area at least once, and the version of everything that takes part;
    None for what is not there."""

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
    """An error as what it says of its area."""
    otherwise = "look at it, then run `pinesync doctor` again"
    if isinstance(error, ManifestError):
        otherwise = "mend it by hand, or take an older one from git"
    return level, error.message, error.hint or otherwise


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def named(names: Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


@contextmanager
def disk(path: Path) -> Iterator[None]:
    """What the disk refuses is a FileError."""
    try:
        yield
    except OSError as error:
        at = error.filename or path
        raise FileError(
            f"{at}: {error.strerror or error}",
            "if that lasts, see to it, then run `pinesync doctor` again",
        ) from error


@dataclass(frozen=True, slots=True)
class File:
    """One .pine file: whether conflict markers stand in it, or why it cannot be used."""

    marked: bool = False
    problem: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Workspace:
    """A folder with a pine.toml. What of it cannot be used is the error that says why. `files`
    are all .pine files that are there, by their paths."""

    root: Path
    manifest: Manifest | PinesyncError
    project: Project | PinesyncError
    records: Sequence[Record] | PinesyncError
    files: Mapping[str, File] | PinesyncError

    def lists(self, path: str) -> bool:
        """Whether pine.toml has the file; where it cannot be used, every file may be listed."""
        return not isinstance(self.manifest, Manifest) or path in self.manifest.entries


def look_at(setup: Setup, root: Path) -> Workspace:
    """The workspace at `root`, each part for itself: none that is unusable hides another."""
    tree = Tree(root)
    read = _tried(lambda: read_manifest(tree))
    if isinstance(read, PinesyncError):
        return Workspace(root, read, read, read, _tried(lambda: _files(tree, None)))
    manifest = read[1]
    project = _tried(lambda: Project(setup, folder_at(setup, root, manifest.settings.id)))
    records: Sequence[Record] | PinesyncError
    if isinstance(project, PinesyncError):
        records = project
    else:
        records = _tried(project.folder.records)
    return Workspace(root, manifest, project, records, _tried(lambda: _files(tree, manifest)))


def _tried(act: Callable[[], T]) -> T | PinesyncError:
    try:
        return act()
    except PinesyncError as error:
        return error


def _files(tree: Tree, manifest: Manifest | None) -> Mapping[str, File]:
    paths = {*tree.scripts(), *(manifest.entries if manifest else ())}
    seen = {path: _file(tree, path) for path in sorted(paths)}
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
        return File(problem=why, hint="put a plain file there that you can read")
    except Unreadable as error:
        return File(problem=str(error), hint="save it as UTF-8")
