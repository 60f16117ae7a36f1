"""`list`: the account's saved scripts, and the file that each has here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import click

from pinesync.app.project import Setup, find_account, open_remote
from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, current, remote_options, shared
from pinesync.cli.render import (
    available_width,
    columns,
    echo_err,
    emit_json,
    format_time,
    out,
    width,
)
from pinesync.model import Kind, PineId, RelPath, Version
from pinesync.sync.engine.account import read_account
from pinesync.text.filenames import unescape_name
from pinesync.text.unicode import escape_controls

_HEAD = ("NAME", "VERSION", "KIND", "SAVED")
_LEAST = 12
"""The minimum width of a name or a path, in columns."""
_DAY = len("2026-01-31")


@click.command("list", cls=Verb, examples=["pinesync list", "pinesync list --sandbox"])
@remote_options
@shared
def command(remote: str | None) -> int:
    """List your saved scripts: name, version, kind, last change, id, and local file, if any.

    On a terminal that is too narrow, ids are shown only for scripts without a local file: pine.toml
    has the others. -v, or a pipe, shows every column in full.
    """
    scripts = list_scripts(build_setup(), remote=remote)
    if emit_json("list", scripts):
        return scripts.exit_code
    rows = [
        (
            escape_controls(row.name),
            str(row.version),
            row.kind,
            format_time(row.modified),
            row.pine_id,
            escape_controls(row.path or ""),
        )
        for row in scripts.scripts
    ]
    for line in _table(rows):
        out(line)
    if not rows:
        echo_err("no saved scripts")
    return scripts.exit_code


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """The rows. On a narrow terminal, show an id only for scripts without a file here. If that is
    not enough, show dates without times and shorten names and paths."""
    width_limit = available_width()
    one_place = [(*row[:4], row[5] or row[4]) for row in rows]
    for shape, last in ((rows, ("ID", "FILE")), (one_place, ("FILE OR ID",))):
        whole = list(columns(shape, head=(*_HEAD, *last)))
        if (
            width_limit is None
            or current().verbose
            or all(width(line) <= width_limit for line in whole)
        ):
            yield from whole
            return
    short = [(*row[:3], row[3][:_DAY], row[4]) for row in one_place]
    # A shortened id would be useless.
    least = max((width(row[4]) for row in rows if not row[5]), default=_LEAST)
    yield from columns(short, head=(*_HEAD, "FILE OR ID"), cut={0: _LEAST, 4: least})


@dataclass(frozen=True, slots=True)
class Row:
    """One saved script. `modified` is in epoch seconds; `path` is set if the workspace tracks
    it."""

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
    """All saved scripts, sorted by name. In a workspace, those of its account unless `remote` names
    another. SessionExpired for an empty list without a live session."""
    tracked: dict[PineId, RelPath] = {}
    expected = None
    remote, project = find_account(setup, remote)
    if project:
        expected = project.settings.owner
        entries = project.workspace.manifest.entries().values()
        tracked = {e.pine_id: e.path for e in entries if e.pine_id}
    client = open_remote(setup, remote, manifest=project.workspace.manifest if project else None)
    listed = read_account(client, list(tracked), expected).scripts
    rows = [
        Row(unescape_name(i.name), i.version, i.kind, i.modified, i.pine_id, tracked.get(i.pine_id))
        for i in listed.values()
    ]
    rows.sort(key=lambda row: (row.name.casefold(), row.name))
    return Listing(remote, tuple(rows))
