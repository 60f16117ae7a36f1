"""`check`: what the compiler says, without saving anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pinesync import syntax
from pinesync.commands.project import DEFAULT_REMOTE, Pool, Setup, open_project, open_remote
from pinesync.errors import EXIT_COMPILE, EXIT_DONE, EXIT_FAILED, Misuse, gravest
from pinesync.model import Diagnostic
from pinesync.naming import SUFFIX
from pinesync.text import Unreadable, decode
from pinesync.workspace.files import Tree


@dataclass(frozen=True, slots=True)
class Checked:
    """One file, named as the person named it: the findings, the text they point into, and why it
    could not be checked, if it could not."""

    path: str
    diagnostics: tuple[Diagnostic, ...] = ()
    source: str = ""
    problem: str = ""

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(d for d in self.diagnostics if d.severity == "error")


@dataclass(frozen=True, slots=True)
class Checks:
    files: tuple[Checked, ...]

    @property
    def exit_code(self) -> int:
        codes = [EXIT_FAILED for file in self.files if file.problem]
        codes += [EXIT_COMPILE for file in self.files if file.errors]
        return gravest(*codes, EXIT_DONE)


def check(
    setup: Setup,
    paths: Sequence[str] = (),
    *,
    offline: bool = False,
    remote: str | None = None,
) -> Checks:
    """Check files or folders, or all scripts of the workspace. Needs no cookie and, with paths,
    no workspace. Offline only the syntax is looked at."""
    root, settings_remote = _workspace(setup, needed=not paths)
    files = _files(setup, paths or [str(root)])
    client = None
    if not offline:
        client = open_remote(setup, remote or settings_remote, signed_in=False)

    def one(path: Path) -> Checked:
        shown = _shown(setup, path)
        try:
            text = decode(Tree(path.parent).read(path.name) or b"")
        except Unreadable as error:
            return Checked(shown, problem=str(error))
        found = syntax.check(text)
        if client and not found and text.strip():
            verdict = client.check(text)
            found = (*verdict.errors, *verdict.warnings)
        return Checked(shown, found, text)

    return Checks(tuple(Pool(setup.jobs, setup.progress)(one, files)))


def _workspace(setup: Setup, *, needed: bool) -> tuple[Path, str]:
    try:
        project = open_project(setup)
    except Misuse:
        if needed:
            raise
        return setup.cwd, DEFAULT_REMOTE
    return project.folder.root, project.settings.remote


def _files(setup: Setup, paths: Sequence[str]) -> list[Path]:
    found: list[Path] = []
    for raw in paths:
        path = setup.cwd / raw
        if path.is_dir():
            found += [path / name for name in sorted(Tree(path).scripts())]
        elif path.is_file():
            found.append(path)
        else:
            raise Misuse(f"{raw}: no such file", f"name a {SUFFIX} file, or a folder with some")
    return list(dict.fromkeys(found))


def _shown(setup: Setup, path: Path) -> str:
    try:
        return path.relative_to(setup.cwd).as_posix()
    except ValueError:
        return str(path)
