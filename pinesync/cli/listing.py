"""`pinesync list`."""

from __future__ import annotations

import click

from pinesync.cli.options import remote_options, setup, shared
from pinesync.cli.render import columns, finish, harmless, moment, out, say


@click.command("list")
@remote_options
@shared
def command(remote: str | None) -> int:
    """Your saved scripts: name, version, kind, last change, id, and the file here, if any."""
    from pinesync.commands.listing import list_scripts

    found = list_scripts(setup(), remote=remote)
    if finish("list", found):
        return found.exit_code
    rows = [
        (
            harmless(row.name),
            str(row.version),
            row.kind,
            moment(row.modified),
            row.pine_id,
            harmless(row.path or ""),
        )
        for row in found.scripts
    ]
    for line in columns(rows):
        out(line)
    if not rows:
        say("no saved scripts")
    return found.exit_code
