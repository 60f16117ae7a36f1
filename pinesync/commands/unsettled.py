"""What stands in the way of changing an entry: a write of it whose outcome is not known."""

from __future__ import annotations

from collections.abc import Collection

from pinesync.commands.project import Project
from pinesync.errors import OutcomeUnknown
from pinesync.model import Entry


def refuse_unsettled(project: Project, entries: Collection[Entry]) -> None:
    """OutcomeUnknown where something was sent for one of them, and is not settled yet."""
    paths = {entry.path for entry in entries}
    ids = {entry.pine_id for entry in entries if entry.pine_id}
    for record in project.folder.records():
        ours = record.pine_id in ids if record.pine_id else record.path in paths
        if record.is_open and record.op not in ("pull", "move") and ours:
            what = {"rename": "rename", "delete": "deletion"}.get(record.op, "save")
            raise OutcomeUnknown(
                f"{record.path}: a {what} of it is not settled yet", "run `pinesync pull` first"
            )
