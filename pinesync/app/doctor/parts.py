"""The usable parts of the workspace that `doctor` checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from pinesync.app.doctor.checkup import Unusable
from pinesync.app.project import Project, Setup, workspace_at
from pinesync.errors import FileError, PinesyncError
from pinesync.model import Entry, RelPath
from pinesync.text.canonical import Unreadable, decode, has_conflict_markers
from pinesync.text.filenames import BadPath, check_path
from pinesync.workspace.files import Tree
from pinesync.workspace.manifest_file import read_manifest

T = TypeVar("T")


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


def _part(area: str) -> Callable[[Callable[[WorkspaceCheck], T]], cached_property[T]]:
    """A part of the workspace, read on first access. Raises Unusable if it is unusable; `area`
    reports why."""

    def of(read: Callable[[WorkspaceCheck], T]) -> cached_property[T]:
        def part(here: WorkspaceCheck) -> T:
            try:
                return read(here)
            except Unusable:
                raise
            except PinesyncError as error:
                raise Unusable(area, error) from error

        return cached_property(part)

    return of


class WorkspaceCheck:
    """A directory with a pine.toml. An unusable part does not hide the others."""

    def __init__(self, setup: Setup, root: Path) -> None:
        self.setup = setup
        self.root = root

    manifest = _part("manifest")(lambda here: read_manifest(Tree(here.root))[1])
    project = _part("state")(
        lambda here: Project(
            here.setup, workspace_at(here.setup, here.root, here.manifest.settings.id)
        )
    )
    records = _part("records")(lambda here: here.project.workspace.log.intents())
    files = _part("permissions")(lambda here: _files(Tree(here.root), here.entries))

    @property
    def entries(self) -> Mapping[RelPath, Entry]:
        """The entries of pine.toml; none if it is unusable."""
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
