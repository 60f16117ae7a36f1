"""`check`: run the compiler without saving anything."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pinesync.app.parallel import Pool
from pinesync.app.project import (
    DEFAULT_REMOTE,
    Project,
    Setup,
    find_project,
    open_project,
    open_remote,
)
from pinesync.errors import (
    EXIT_COMPILE,
    EXIT_DONE,
    EXIT_FAILED,
    FileError,
    Misuse,
    PinesyncError,
    gravest,
)
from pinesync.model import Diagnostic, RelPath
from pinesync.sync.engine.uploads.compare_contract import changes
from pinesync.text import pine_syntax
from pinesync.text.canonical import (
    Unreadable,
    decode,
    digest_or_none,
    has_conflict_markers,
)
from pinesync.text.contract import diagnostics
from pinesync.text.filenames import SUFFIX
from pinesync.text.unicode import invisible_characters
from pinesync.workspace.files import Tree

if TYPE_CHECKING:
    from pinesync.tradingview.client import PineClient


@dataclass(frozen=True, slots=True)
class Checked:
    """One file, named as the user typed it: the findings, the text they refer to (empty without
    findings), and the error if it could not be checked."""

    path: str
    diagnostics: tuple[Diagnostic, ...] = ()
    source: str = ""
    problem: str = ""

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(d for d in self.diagnostics if d.severity == "error")

    @property
    def failing(self) -> tuple[Diagnostic, ...]:
        """The findings that fail a strict check: all but notes."""
        return tuple(d for d in self.diagnostics if d.severity != "note")


@dataclass(frozen=True, slots=True)
class Checks:
    """All files. With `strict` a warning fails like an error. `stopped` is the error that made the
    compiler unavailable; the remaining files have only a syntax check."""

    files: tuple[Checked, ...]
    strict: bool = False
    stopped: PinesyncError | None = None

    @property
    def exit_code(self) -> int:
        codes = [EXIT_FAILED for file in self.files if file.problem]
        codes += [self.stopped.exit_code] if self.stopped else []
        failing = [file.failing if self.strict else file.errors for file in self.files]
        codes += [EXIT_COMPILE for failed in failing if failed]
        return gravest(*codes, EXIT_DONE)


def check(
    setup: Setup,
    paths: Sequence[str] = (),
    *,
    offline: bool = False,
    full: bool = False,
    remote: str | None = None,
    strict: bool = False,
    source: tuple[str, bytes] | None = None,
) -> Checks:
    """Check files, directories or globs, or all scripts of the workspace. `source` is a name and
    bytes to check instead of files. Needs no cookie and, with paths, no workspace. Offline, check
    only the syntax; `full` also runs the full compiler, which knows the limits. Invisible
    characters always cause a warning, as does what charts and alerts may read differently."""
    project = find_project(setup) if paths or source else open_project(setup)
    root = str(project.workspace.root if project else setup.cwd)
    files = [] if source else _files(setup, paths or [root], named=bool(paths))
    client = None
    if not offline:
        workspace_remote = project.settings.remote if project else DEFAULT_REMOTE
        client = open_remote(setup, remote or workspace_remote, signed_in=False)

    failures: list[PinesyncError] = []

    def check_bytes(shown: str, data: bytes) -> Checked:
        base = base_of(project, setup.cwd / shown, data) if project else None
        try:
            return checked(shown, data, None if failures else client, full=full, base=base)
        except PinesyncError as error:
            failures.append(error)
            return checked(shown, data, base=base)

    def check_file(path: Path) -> Checked:
        shown = _display_path(setup, path)
        try:
            data = Tree(path.parent).read(path.name) or b""
        except FileError as error:
            return Checked(shown, problem=error.message.removeprefix(f"{path.name}: "))
        return check_bytes(shown, data)

    done = [check_bytes(*source)] if source else Pool(setup.jobs, setup.progress)(check_file, files)
    return Checks(tuple(done), strict, failures[0] if failures else None)


def base_of(project: Project, path: Path, data: bytes) -> str | None:
    """The text that an edited script is based on, if it is known on this machine or in git, and
    pine.toml does not turn the comparison off. Sends nothing."""
    from pinesync.app.sync.diff import agreed_text
    from pinesync.git.blame import text_in_history

    if project.settings.contract == "ignore" or not path.is_relative_to(project.workspace.root):
        return None
    path_here = path.relative_to(project.workspace.root).as_posix()
    entry = project.workspace.manifest.entries().get(RelPath(path_here))
    if entry is None or entry.base is None or digest_or_none(data) == entry.base.expected:
        return None
    text = agreed_text(project, entry)
    if text is None:
        text = text_in_history(project.workspace.root, entry.path, entry.base.expected)
    return text


def checked(
    path: str,
    data: bytes,
    client: PineClient | None = None,
    *,
    full: bool = False,
    base: str | None = None,
) -> Checked:
    """Check the bytes of a file. Without a client, check only the syntax. With `full`, the full
    compiler also checks what the quick one accepts. With its `base`, check what charts and alerts
    may read differently."""
    try:
        text = decode(data)
    except Unreadable as error:
        return Checked(path, problem=str(error))
    findings = _conflict_marker_error(text) or pine_syntax.check(text)
    if client and not findings and text.strip():
        verdict = client.check(text)
        findings = (*verdict.errors, *verdict.warnings)
        if full and not verdict.errors:
            last = client.full_check(text)
            # Of old Pine, only the full compiler may have looked at the text.
            findings = (*last.errors, *(last if verdict.unchecked else verdict).warnings)
    if base is not None and not any(diagnostic.severity == "error" for diagnostic in findings):
        shifts = changes(base, text, client.full_check if client else None)
        findings = (*findings, *diagnostics(shifts))
    findings = (*findings, *invisible_characters(text))
    return Checked(path, findings, text if findings else "")


def _conflict_marker_error(text: str) -> tuple[Diagnostic, ...]:
    """One finding in place of all the syntax errors that conflict markers cause."""
    if not has_conflict_markers(text):
        return ()
    lines = enumerate(text.split("\n"), start=1)
    line, marker = next((n, text) for n, text in lines if text.startswith("<<<<<<<"))
    message = "the file contains conflict markers"
    return (Diagnostic("error", line, 1, line, len(marker), message),)


def _files(setup: Setup, paths: Sequence[str], *, named: bool) -> list[Path]:
    """The scripts that files, directories and globs name. Raises Misuse for a path that names no
    script, and with `named` for a directory without scripts."""
    files: list[Path] = []
    for raw in paths:
        path = setup.cwd / raw
        if os.path.isdir(path):
            scripts = [path / name for name in sorted(Tree(path).scripts())]
            if named and not scripts:
                raise Misuse(f"{raw}: contains no {SUFFIX} file", "name a folder with scripts")
            files += scripts
        elif not raw.endswith(SUFFIX) and os.path.exists(path):
            raise Misuse(f"{raw}: not a {SUFFIX} file; nothing was sent")
        elif os.path.isfile(path):
            files.append(path)
        elif glob.has_magic(raw):
            files += _matching_scripts(setup.cwd, raw)
        else:
            raise Misuse(f"{raw}: no such file", f"name a {SUFFIX} file, or a folder with some")
    return list(dict.fromkeys(files))


def _matching_scripts(cwd: Path, pattern: str) -> list[Path]:
    """The scripts that match a glob. ** does not follow links, and hidden files match only if the
    glob names them. Raises Misuse if nothing matches."""
    parts = Path(pattern).parts
    magic = next(at for at, part in enumerate(parts) if glob.has_magic(part))
    base, rest = cwd.joinpath(*parts[:magic]), parts[magic:]
    hidden = any(part.startswith(".") for part in rest)
    try:
        matches = sorted(path for path in base.glob("/".join(rest)) if path.suffix == SUFFIX)
    except ValueError as error:
        raise Misuse(f"{pattern}: no pattern: {error}") from None
    below = [(path, path.relative_to(base).parts) for path in matches]
    scripts = [path for path, names in below if hidden or not any(n[0] == "." for n in names)]
    if not scripts:
        raise Misuse(f"{pattern}: no {SUFFIX} file matches")
    return scripts


def _display_path(setup: Setup, path: Path) -> str:
    try:
        return path.relative_to(setup.cwd).as_posix()
    except ValueError:
        return str(path)
