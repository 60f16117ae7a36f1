"""`blame-version`: the commit that holds a version, which may be the one on somebody's chart."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from pinesync.commands.project import Project, Setup, open_project
from pinesync.errors import LeftForYou, Misuse, NotAccessible
from pinesync.model import Digest, Entry, PineId, RelPath, Version
from pinesync.sync.execute.texts import read_text
from pinesync.text import digest
from pinesync.workspace import committing, tracing

By = Literal["note", "trailers", "text"]


@dataclass(frozen=True, slots=True)
class Blame:
    """The commit of a version, and how it was found: `by` the note of a push from this machine,
    the commit's trailers, or the file's text in it. `date` is when it was written, in epoch
    seconds."""

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
    """Which commit holds PATH@7; without a version that of the base. Misuse outside of git,
    LeftForYou where no commit has it."""
    project = open_project(setup)
    entry, version = _named(project, raw)
    if not committing.is_repository(project.folder.root):
        raise Misuse(
            f"{project.folder.root}: in no git repository, so no commit has a version",
            "run `git init`; `pinesync push --commit` then commits what it saves",
        )
    assert entry.pine_id
    for found, by in _candidates(project, entry, entry.pine_id, version):
        commit = tracing.commit_at(project.folder.root, found)
        if commit:
            told = commit.commit, by, commit.date, commit.author, commit.subject
            return Blame(entry.path, entry.pine_id, version, *told)
    shallow = tracing.is_shallow(project.folder.root)
    raise LeftForYou(
        f"{entry.path}: no commit here has the text of version {version}",
        "this clone is shallow: `git fetch --unshallow` brings older commits"
        if shallow
        else "it was saved without one; `pinesync push --commit` commits what it saves",
    )


def _named(project: Project, raw: str) -> tuple[Entry, Version]:
    """The script and the version that a person means by PATH@7 or USER;…@7. A file may have an @
    in its own name."""
    entries = project.folder.entries()
    name, at, number = raw.rpartition("@")
    version = None
    if at and name and raw not in entries:
        try:
            version = Version.parse(number)
        except ValueError as error:
            if project.inside(raw) not in entries:
                raise Misuse(f"{raw}: {error}", "a version is like PATH@7") from None
    named = raw if version is None else name
    by_id = {str(entry.pine_id): entry for entry in entries.values() if entry.pine_id}
    entry = by_id.get(named) if named.startswith("USER;") else entries.get(project.path(named))
    if entry is None or entry.pine_id is None:
        raise Misuse(f"{named}: no saved script of this folder", "`pinesync status` lists them")
    version = version or (entry.base.version if entry.base else None)
    if version is None:
        raise Misuse(f"{named}: nothing was ever agreed on for it", "name a version, as in PATH@7")
    return entry, version


def _candidates(
    project: Project, entry: Entry, pine_id: PineId, version: Version
) -> Iterator[tuple[str, By]]:
    """Commits that may be the one, the surest first."""
    root, path = project.folder.root, entry.path
    noted = project.folder.state.commit_of(pine_id, version)
    if noted:
        yield noted, "note"
    known = _digests(project, entry, pine_id, version)
    for commit in tracing.with_trailers(root, pine_id, version):
        # Anybody can write trailers: where the text is known, it is looked at.
        held = tracing.text_at(root, commit, path)
        if not known or held is None or held in known:
            yield commit, "trailers"
    if not known:
        try:
            known = {digest(read_text(project.remote(), project.folder, (pine_id, version)))}
        except NotAccessible:
            return  # there is no such version
    found = tracing.with_text(root, path, known)
    if found:
        yield found, "text"


def _digests(
    project: Project, entry: Entry, pine_id: PineId, version: Version
) -> Collection[Digest]:
    """What the version's text is known by, without asking anybody."""
    known = {project.folder.recall(pine_id, version)}
    if entry.base and entry.base.version == version:
        known |= {entry.base.digest, entry.base.sent}
    return {one for one in known if one}
