"""`resolve`: end a conflict. The user chooses one text; the other is backed up."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import click

from pinesync.app.project import Project, Setup, open_project
from pinesync.app.versions.backups import backups_of
from pinesync.cli import completers as completed
from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, shared
from pinesync.errors import ActionRequired
from pinesync.git.objects import our_side, text_at_head
from pinesync.model import RelPath
from pinesync.sync.engine.resolve import Side as Side
from pinesync.sync.engine.resolve import in_conflict
from pinesync.sync.engine.resolve import resolve as resolve_conflict
from pinesync.sync.outcome import Outcome, Run, failed
from pinesync.sync.ports import Ports
from pinesync.text.canonical import (
    Unreadable,
    conflict_blocks,
    decode,
    has_conflict_markers,
    our_part,
)
from pinesync.text.filenames import shell_quote


@click.command(
    "resolve",
    cls=Verb,
    examples=[
        "pinesync resolve --theirs indicators/Trend.pine",
        "pinesync resolve --ours .",
    ],
)
@click.argument("paths", nargs=-1, required=True, shell_complete=completed.paths)
@click.option("--ours", is_flag=True, help="Keep your text.")
@click.option("--theirs", is_flag=True, help="Take the text saved on TradingView.")
@click.option("--merged", is_flag=True, help="Keep the file as it is now.")
@shared
def command(paths: tuple[str, ...], ours: bool, theirs: bool, merged: bool) -> int:
    """Resolve the conflicts of these files, or every conflict in a folder.

    The text that is not taken stays readable, on TradingView or in the backups.
    """
    from pinesync.cli.run_output import print_run

    if ours + theirs + merged != 1:
        raise click.UsageError("choose one of --ours, --theirs and --merged.")
    side: Side = "ours" if ours else "theirs" if theirs else "merged"
    return print_run("resolve", resolve(build_setup(), paths, side), nothing="nothing to resolve")


def resolve(setup: Setup, paths: Sequence[str], side: Side) -> Run:
    """End the conflicts with our text, with theirs, or with the files as they are. A folder means
    every conflict in it."""
    project = open_project(setup)
    with project.transaction("resolve") as tx:
        entries = project.workspace.manifest.entries()
        wanted = [
            path
            for raw in paths
            for path in project.files(
                raw, (p for p in entries if in_conflict(tx.ports, entries[p]))
            )
        ]
        return tx.run(_resolved(project, tx.ports, path, side) for path in dict.fromkeys(wanted))


def _resolved(project: Project, ports: Ports, path: RelPath, side: Side) -> Outcome:
    try:
        return resolve_conflict(ports, path, side, lambda path: _our_text(project, path))
    except ActionRequired as error:
        return failed(path, error)


def _our_text(project: Project, path: RelPath) -> str:
    """Our text before the merge that wrote the markers. For pinesync's merge, it comes from the
    note made then; for git's, from the index stages or HEAD. Raises ActionRequired if it cannot be
    determined."""
    workspace = project.workspace
    blocks = conflict_blocks(decode(workspace.tree.read(path) or b""))
    noted = {
        replaced.digest
        for replaced in workspace.backups.of(path)
        if (merged := workspace.texts.text_of(replaced.conflict) if replaced.conflict else None)
        and all(block in merged for block in blocks)
    }
    candidates = [text for key in noted if (text := workspace.texts.text_of(key)) is not None]
    if not noted:
        # pinesync notes every merge of its own, so these markers are git's.
        for data in (our_side(workspace.root, path), text_at_head(workspace.root, path)):
            with suppress(Unreadable):
                text = decode(data) if data is not None else None
                if text is not None and _is_ours(text, blocks):
                    candidates.append(text)
                    break
    if len(candidates) == 1:
        return candidates[0]
    raise ActionRequired(
        f"{path}: your text from before the merge is not known on this machine",
        f"{_candidates(project, path)}; or remove the markers by hand, then push",
    )


_MAX_NAMED = 3


def _candidates(project: Project, path: RelPath) -> str:
    """Texts that may be from before the merge, and how to restore them."""
    workspace = project.workspace
    ways = [
        f"`pinesync restore --back {backup.number} {shell_quote(path)}`"
        for backup in backups_of(project, path)
        if not has_conflict_markers(workspace.texts.text_of(backup.digest) or "")
    ][:_MAX_NAMED]
    if workspace.manifest.has_history():
        ways.append(f"`git checkout HEAD -- {shell_quote(path)}`")
    return f"it may be restored by {' or '.join(ways)}" if ways else "no other text is backed up"


def _is_ours(text: str, blocks: list[str]) -> bool:
    """Whether the text contains our side of every conflict and no marker."""
    return not has_conflict_markers(text) and all(our_part(block) in text for block in blocks)
