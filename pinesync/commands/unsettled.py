"""What stands in the way of changing an entry: a write of it whose outcome is not known."""

from __future__ import annotations

from collections.abc import Collection

from pinesync.commands.project import Project
from pinesync.errors import OutcomeUnknown
from pinesync.model import Entry
from pinesync.sync.intents import Delete, Download, Move, Rename


def refuse_unsettled(project: Project, entries: Collection[Entry]) -> None:
    """OutcomeUnknown where something was sent for one of them, and is not settled yet."""
    paths = {entry.path for entry in entries}
    ids = {entry.pine_id for entry in entries if entry.pine_id}
    for intent in project.workspace.log.intents():
        ours = intent.pine_id in ids if intent.pine_id else intent.path in paths
        if intent.is_open and not isinstance(intent, Download | Move) and ours:
            what = {Rename: "rename", Delete: "deletion"}.get(type(intent), "save")
            raise OutcomeUnknown(
                f"{intent.path}: a {what} of it is not settled yet", "run `pinesync pull` first"
            )
