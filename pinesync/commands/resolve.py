"""`resolve`: end a conflict. The person chooses a text; the other one stays readable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from pinesync.commands.project import Project, Setup, open_project
from pinesync.commands.restore import base_text, write
from pinesync.commands.running import Run, finished
from pinesync.errors import LeftForYou, Misuse
from pinesync.model import Base, Entry, RelPath
from pinesync.sync.execute.texts import read_text
from pinesync.sync.report import Outcome
from pinesync.text import Unreadable, decode, digest, has_conflict_markers

Side = Literal["ours", "theirs", "merged"]


def resolve(setup: Setup, paths: Sequence[str], side: Side) -> Run:
    """Settle conflict markers or a flag: with your text, with theirs, or as the file is now."""
    project = open_project(setup)
    wanted = [project.path(raw) for raw in paths]
    with project.writing("resolve"):
        return finished(_resolve(project, path, side) for path in wanted)


def _resolve(project: Project, path: RelPath, side: Side) -> Outcome:
    entry = project.folder.entries().get(path)
    if entry is None:
        raise Misuse(f"{path}: not listed in pine.toml", "`pinesync status` lists scripts")
    marked = _is_marked(project, path)
    if side == "merged" and marked:
        raise LeftForYou(
            f"{path}: conflict markers stand in it", "edit the file and remove them, then try again"
        )
    if entry.hidden:
        return _unflag(project, entry, side, marked)
    if not marked:
        return Outcome(path, "told", message="nothing to resolve", hint="`pinesync status` tells")
    text = _ours(project, path) if side == "ours" else base_text(project, entry)
    return write(project, entry, text, "resolved")


def _unflag(project: Project, entry: Entry, side: Side, marked: bool) -> Outcome:
    """End the flag. The base never stays below the hidden save: it was seen and decided on."""
    assert entry.hidden
    assert entry.pine_id
    hidden = read_text(project.remote(), project.folder, (entry.pine_id, entry.hidden))
    outcome = Outcome(entry.path, "resolved", entry.hidden, pine_id=entry.pine_id)
    if side == "theirs":
        outcome = write(project, entry, hidden, "resolved")
        if outcome.exit_code:
            return outcome
    elif side == "ours" and marked:
        outcome = write(project, entry, _ours(project, entry.path), "resolved")
    if entry.base is None or entry.base.version < entry.hidden:
        entry = replace(entry, base=Base(entry.hidden, digest(hidden)))
    project.folder.commit({entry.path: replace(entry, hidden=None)})
    return replace(outcome, hint="push saves the file's text if it differs")


def _is_marked(project: Project, path: RelPath) -> bool:
    try:
        return has_conflict_markers(decode(project.folder.read(path) or b""))
    except Unreadable:
        return False


def _ours(project: Project, path: RelPath) -> str:
    """The file's text before the merge put markers into it."""
    for replaced in project.folder.state.replaced(path):
        text = project.folder.text_of(replaced.digest)
        if text is not None and not has_conflict_markers(text):
            return text
    raise LeftForYou(
        f"{path}: your text before the merge is not kept on this machine",
        "edit the file and remove the markers, then run `pinesync resolve --merged`",
    )
