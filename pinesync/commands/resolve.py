"""`resolve`: end a conflict. The person chooses a text; the other one stays readable."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Literal

from pinesync.commands.kept import kept_at
from pinesync.commands.project import Project, Setup, open_project
from pinesync.commands.restore import base_text, choose, write
from pinesync.commands.running import Run, finished
from pinesync.errors import LeftForYou, Misuse
from pinesync.git.objects import our_side, text_at_head
from pinesync.model import Base, Entry, PineId, RelPath, Version
from pinesync.naming import typed
from pinesync.sync.execute.saving import own_versions, saves_of
from pinesync.sync.execute.texts import read_text
from pinesync.sync.report import Outcome
from pinesync.text import (
    Unreadable,
    conflict_blocks,
    decode,
    digest,
    has_conflict_markers,
    our_part,
)
from pinesync.workspace.folder import WorkspaceFolder

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
    if side == "merged" and entry.base:
        # A merge by hand, say, whose text takes back what somebody else saved.
        data = project.folder.read(path)
        with suppress(Unreadable):
            if data is not None and choose(project, path, decode(data)):
                return Outcome(path, "resolved", entry.base.version)
    if not marked:
        return Outcome(path, "told", message="nothing to resolve", hint="`pinesync status` tells")
    text = _ours(project, path) if side == "ours" else base_text(project, entry)
    return write(project, entry, text, "resolved")


def _unflag(project: Project, entry: Entry, side: Side, marked: bool) -> Outcome:
    """End the flag. The base never stays below the hidden save: it was seen and decided on."""
    assert entry.hidden
    assert entry.pine_id
    path, folder = entry.path, project.folder
    hidden = read_text(project.remote(), folder, (entry.pine_id, entry.hidden))
    outcome = Outcome(path, "resolved", entry.hidden, pine_id=entry.pine_id)
    if side == "theirs":
        outcome = write(project, entry, hidden, "resolved")
        if outcome.exit_code:
            return outcome
    elif side == "ours" and marked:
        outcome = write(project, entry, _ours(project, path), "resolved")
    base = entry.base
    if base is None or base.version < entry.hidden:
        ours = own_versions(folder, entry.pine_id)
        at = (entry.hidden, digest(hidden))
        base = base.moved(*at, ours) if base else Base(*at)
    _remember(folder, entry.pine_id, entry.hidden)
    folder.commit({path: replace(entry, base=base, hidden=None)})
    with suppress(Unreadable):
        choose(project, path, decode(folder.read(path) or b""))
    return replace(outcome, hint="push saves the file's text if it differs")


def _remember(folder: WorkspaceFolder, pine_id: PineId, hidden: Version) -> None:
    """The saves of ours that hide this version are settled, whatever pine.toml git brings back."""
    for record in saves_of(folder, pine_id):
        if record.state == "landed" and record.landed and record.landed > hidden:
            # Not a save of this command, so not through its journal.
            folder.state.write_record(replace(record, seen=record.landed))


def _is_marked(project: Project, path: RelPath) -> bool:
    try:
        return has_conflict_markers(decode(project.folder.read(path) or b""))
    except Unreadable:
        return False


def _ours(project: Project, path: RelPath) -> str:
    """The text that this very merge put markers into: pinesync's, as it was noted then, or git's,
    from its stages or HEAD. LeftForYou where that cannot be told."""
    folder = project.folder
    blocks = conflict_blocks(decode(folder.read(path) or b""))
    noted = {
        replaced.digest
        for replaced in folder.state.replaced(path)
        if (merged := folder.text_of(replaced.conflict) if replaced.conflict else None)
        and all(block in merged for block in blocks)
    }
    candidates = [text for one in noted if (text := folder.text_of(one)) is not None]
    if not noted:
        # Markers that pinesync wrote are in a note, so these are git's.
        for data in (our_side(folder.root, path), text_at_head(folder.root, path)):
            with suppress(Unreadable):
                text = decode(data) if data is not None else None
                if text is not None and _is_ours(text, blocks):
                    candidates.append(text)
                    break
    if len(candidates) == 1:
        return candidates[0]
    raise LeftForYou(
        f"{path}: which text you had before the merge cannot be told on this machine",
        f"{_candidates(project, path)}; or remove the markers by hand, then push",
    )


_MOST_NAMED = 3


def _candidates(project: Project, path: RelPath) -> str:
    """What may be the text before the merge, and how to bring it back."""
    folder = project.folder
    ways = [
        f"`pinesync restore --back {kept.number} {typed(path)}`"
        for kept in kept_at(project, path)
        if not has_conflict_markers(folder.text_of(kept.digest) or "")
    ][:_MOST_NAMED]
    if folder.has_history():
        ways.append(f"`git checkout HEAD -- {typed(path)}`")
    return f"it may be what {' or '.join(ways)} brings back" if ways else "no other text is kept"


def _is_ours(text: str, blocks: list[str]) -> bool:
    """Whether our side of every conflict is in the text, which has none itself."""
    return not has_conflict_markers(text) and all(our_part(block) in text for block in blocks)
