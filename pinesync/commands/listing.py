"""`list`: the saved scripts of the account, and which file each has here."""

from __future__ import annotations

from dataclasses import dataclass

from pinesync.commands.project import Setup, account_here, open_remote
from pinesync.model import Kind, PineId, RelPath, Version
from pinesync.naming import shown
from pinesync.sync.engine.account import read_account


@dataclass(frozen=True, slots=True)
class Row:
    """One saved script; `modified` in epoch seconds, `path` where the workspace tracks it."""

    name: str
    version: Version
    kind: Kind
    modified: int
    pine_id: PineId
    path: RelPath | None


@dataclass(frozen=True, slots=True)
class Listing:
    remote: str
    scripts: tuple[Row, ...]
    exit_code: int = 0


def list_scripts(setup: Setup, *, remote: str | None = None) -> Listing:
    """All saved scripts, by name. In a workspace those of its account, unless `remote` names
    another place. SessionExpired for an empty list that nobody's session gave."""
    tracked: dict[PineId, RelPath] = {}
    expected = None
    remote, project = account_here(setup, remote)
    if project:
        expected = project.settings.owner
        entries = project.workspace.manifest.entries().values()
        tracked = {e.pine_id: e.path for e in entries if e.pine_id}
    client = open_remote(setup, remote, project=project)
    listed = read_account(client, list(tracked), expected).scripts
    rows = [
        Row(shown(i.name), i.version, i.kind, i.modified, i.pine_id, tracked.get(i.pine_id))
        for i in listed.values()
    ]
    rows.sort(key=lambda row: (row.name.casefold(), row.name))
    return Listing(remote, tuple(rows))
