"""`diff`: the file against the text last agreed, or against the newest one on TradingView."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from pinesync.commands.project import Project, Setup, open_project
from pinesync.commands.running import chosen
from pinesync.errors import EXIT_DIFFERENT, EXIT_DONE, NotSignedIn
from pinesync.model import Entry, PineId, RelPath, Version
from pinesync.sync.execute.look import look
from pinesync.sync.execute.texts import read_text
from pinesync.sync.plan import Situation
from pinesync.sync.ports import Remote
from pinesync.text import Unreadable, decode, digest, lines


@dataclass(frozen=True, slots=True)
class FileDiff:
    """One file. `lines` are those of a unified diff, without line ends; empty where there is
    nothing to show and `note` says why."""

    path: RelPath
    old: str
    new: str
    added: int
    removed: int
    lines: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Diff:
    files: tuple[FileDiff, ...]
    exit_code: int = EXIT_DONE


def diff(
    setup: Setup, paths: Sequence[str] = (), *, remote: bool = False, exit_code: bool = False
) -> Diff:
    """What differs, file by file. Against the base only what is not held is asked for."""
    project = open_project(setup)
    client = project.remote() if remote else None
    view = look(client, project.folder, project.tools(), project.scope())
    situations = [s for s in chosen(view, project.patterns(paths)) if s.entry]
    found = [_file_diff(project, s, client) for s in situations]
    files = tuple(file for file in found if file is not None)
    return Diff(files, EXIT_DIFFERENT if exit_code and files else EXIT_DONE)


def _file_diff(project: Project, situation: Situation, client: Remote | None) -> FileDiff | None:
    path, entry, info = situation.path, situation.entry, situation.info
    data = project.folder.read(path)
    if data is None:
        return FileDiff(path, "", "", 0, 0, (), "the file is missing")
    try:
        here = decode(data)
    except Unreadable as error:
        return FileDiff(path, "", "", 0, 0, (), str(error))
    if entry is None or entry.base is None or entry.pine_id is None:
        return unified(path, "(nothing)", "file", "", here)
    base = entry.base
    if client is None:
        if digest(here) == base.expected:
            return None
        held = project.folder.text_of(base.expected)
        if held is None:
            held = _committed(project, entry)
        if held is None:
            held = _saved(project, entry.pine_id, base.version)
        return unified(path, str(base.version), "file", held, here)
    if info is None:
        return FileDiff(path, "", "", 0, 0, (), "the script is gone from TradingView")
    if info.version == base.version and digest(here) == base.expected:
        return None
    theirs = read_text(client, project.folder, (entry.pine_id, info.version))
    if digest(theirs) == digest(here):
        return None
    return unified(path, f"TradingView {info.version}", "file", theirs, here)


def _committed(project: Project, entry: Entry) -> str | None:
    """The base's text out of git, where teammates without the account have it."""
    from pinesync.workspace import git

    data = git.text_at_head(project.folder.root, entry.path)
    try:
        text = decode(data) if data is not None else None
    except Unreadable:
        return None
    expected = entry.base.expected if entry.base else None
    return text if text is not None and digest(text) == expected else None


def _saved(project: Project, pine_id: PineId, version: Version) -> str:
    try:
        remote = project.remote()
    except NotSignedIn as error:
        hint = f"{error.hint}; `git diff` shows edits without an account"
        raise NotSignedIn(error.message, hint) from None
    return read_text(remote, project.folder, (pine_id, version))


def unified(path: RelPath, old_label: str, new_label: str, old: str, new: str) -> FileDiff:
    """A unified diff of two canonical texts, as git shows it."""
    body: list[str] = []
    for line in difflib.unified_diff(lines(old), lines(new), n=3, lineterm="\n"):
        body.append(line.removesuffix("\n"))
        if not line.endswith("\n"):
            body.append("\\ No newline at end of file")
    body = body[2:]
    return FileDiff(
        path,
        f"a/{path} ({old_label})",
        f"b/{path} ({new_label})",
        sum(line.startswith("+") for line in body),
        sum(line.startswith("-") for line in body),
        tuple(body),
    )
