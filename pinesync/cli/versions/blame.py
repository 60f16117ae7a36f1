"""`blame-version`: the commit that contains a version, such as the one on somebody's chart."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

import click

from pinesync.app.project import Project, Setup, open_project
from pinesync.app.versions.revspec import Revision, revision
from pinesync.app.versions.version_store import VersionStore
from pinesync.cli import completers as completed
from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, shared
from pinesync.cli.render import echo_err, emit_json, format_time, out
from pinesync.errors import ActionRequired, Misuse
from pinesync.git.blame import commit_at, text_at, with_text, with_trailers
from pinesync.git.repo import require_repository
from pinesync.model import Digest, Entry, PineId, RelPath, Version
from pinesync.text.unicode import escape_controls

_BY = {
    "note": "noted when it was saved from this machine",
    "trailers": "named in the commit's trailers",
    "text": "found by its text",
}


@click.command(
    "blame-version",
    cls=Verb,
    examples=[
        "pinesync blame-version indicators/Trend.pine",
        "pinesync blame-version indicators/Trend.pine@2",
    ],
)
@click.argument("script", metavar="PATH[@VERSION]", shell_complete=completed.paths)
@shared
def command(script: str) -> int:
    """Show the git commit that a version, such as the one on your chart, was made from.

    Without a version, that of the file's base. It is noted when a push saves the version, or else
    found by the trailers of `push --commit`, or by its text in the file's history.
    """
    blame = blame_version(build_setup(), script)
    if emit_json("blame-version", blame):
        return blame.exit_code
    day, author = format_time(blame.date), escape_controls(blame.author)
    out(f"{blame.commit}  {day}  {author}  {escape_controls(blame.subject)}")
    echo_err(f"{escape_controls(blame.path)} {blame.version}: {_BY[blame.by]}")
    return blame.exit_code


By = Literal["note", "trailers", "text"]


@dataclass(frozen=True, slots=True)
class Blame:
    """A version's commit and how it was found. `by` is the note of a push from this machine, the
    commit's trailers, or the file's text in it. `date` is the author date in epoch seconds."""

    path: RelPath
    pine_id: PineId
    version: Version
    commit: str
    by: By
    date: float
    author: str
    subject: str
    exit_code: int = 0


def blame_version(setup: Setup, raw: str) -> Blame:
    """The commit that contains PATH@7; without a version, the base. Misuse outside git,
    ActionRequired if no commit contains it."""
    project = open_project(setup)
    entry, version = _named(project, raw)
    repository = require_repository(project.workspace.root)
    assert entry.pine_id
    for commit_id, by in _candidates(project, entry, entry.pine_id, version):
        commit = commit_at(project.workspace.root, commit_id)
        if commit:
            details = commit.commit, by, commit.date, commit.author, commit.subject
            return Blame(entry.path, entry.pine_id, version, *details)
    raise ActionRequired(
        f"{entry.path}: no commit here has the text of version {version}",
        "this clone is shallow: `git fetch --unshallow` brings older commits"
        if repository.is_shallow()
        else "it was saved without one; `pinesync push --commit` commits what it saves",
    )


def _named(project: Project, raw: str) -> tuple[Entry, Version]:
    """The script and version meant by PATH@7 or USER;…@7. The version defaults to the base."""
    which = revision(project, raw)
    entry = which.entry
    if entry is None:
        raise Misuse(f"{raw}: no saved script of this workspace", "`pinesync status` lists them")
    version = which.version or (entry.base.version if entry.base else None)
    if version is None:
        raise Misuse(f"{raw}: it was never synced", "name a version, as in PATH@7")
    return entry, version


def _candidates(
    project: Project, entry: Entry, pine_id: PineId, version: Version
) -> Iterator[tuple[str, By]]:
    """Commits that may contain the version, the most certain first."""
    root, path = project.workspace.root, entry.path
    noted = project.workspace.texts.commit_of(pine_id, version)
    if noted:
        yield noted, "note"
    known = _digests(project, entry, pine_id, version)
    for commit in with_trailers(root, pine_id, version):
        # Anybody can write trailers: compare the text if it is known.
        stored = text_at(root, commit, path)
        if not known or stored is None or stored in known:
            yield commit, "trailers"
    if not known:
        known = {VersionStore(project).version(Revision(pine_id, entry), version).digest}
    if commit_id := with_text(root, path, known):
        yield commit_id, "text"


def _digests(
    project: Project, entry: Entry, pine_id: PineId, version: Version
) -> Collection[Digest]:
    """Digests of the version's text, found without a request."""
    known = {project.workspace.texts.recall(pine_id, version)}
    if entry.base and entry.base.version == version:
        known |= {entry.base.digest, entry.base.sent}
    return {digest for digest in known if digest}
