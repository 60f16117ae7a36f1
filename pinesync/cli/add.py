"""`pinesync add`."""

from __future__ import annotations

import click

from pinesync.cli.options import setup, shared
from pinesync.cli.render import finish, harmless, out


@click.command("add")
@click.argument("paths", nargs=-1, required=True)
@click.option("--id", "pine_id", metavar="USER;…", help="Link the file with this saved script.")
@shared
def command(paths: tuple[str, ...], pine_id: str | None) -> int:
    """List files, so that the next push creates them on TradingView.

    The saved name is the title in the script, or else the file's name.
    """
    from pinesync.commands.add import add

    done = add(setup(), paths, pine_id=pine_id)
    if finish("add", done):
        return done.exit_code
    for added in done.added:
        if added.already:
            out(f"{harmless(added.path)}: is listed already")
        elif added.version:
            out(f"{harmless(added.path)}: linked with {harmless(added.name)} {added.version}")
        else:
            out(f"{harmless(added.path)}: push will save it as {harmless(added.name)}")
    return done.exit_code
