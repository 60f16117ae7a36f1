"""`pinesync add`."""

from __future__ import annotations

import click

from pinesync.cli import scripts as completed
from pinesync.cli.options import setup, shared
from pinesync.cli.render import finish, harmless, out, say


@click.command("add")
@click.argument("paths", nargs=-1, required=True, shell_complete=completed.paths)
@click.option("--id", "pine_id", metavar="USER;…", help="Link the file with this saved script.")
@click.option("--moved", is_flag=True, help="The files were moved: they stay the same scripts.")
@shared
def command(paths: tuple[str, ...], pine_id: str | None, moved: bool) -> int:
    """List files, so that the next push creates them on TradingView.

    The saved name is the title in the script, or else the file's name. With --moved, pine.toml
    follows files that were moved by hand and not edited; `pinesync mv` knows those that were.
    """
    from pinesync.commands.add import add

    if moved and pine_id is not None:
        raise click.UsageError("--moved and --id are two ways to know the script.")
    done = add(setup(), paths, pine_id=pine_id, moved=moved)
    if finish("add", done):
        return done.exit_code
    for added in done.added:
        if added.moved_from:
            path, old = harmless(added.path), harmless(added.moved_from)
            out(f"{path}: is the same script as {old} was: {harmless(added.name)}")
        elif added.already:
            out(f"{harmless(added.path)}: is listed already")
        elif added.version:
            out(f"{harmless(added.path)}: linked with {harmless(added.name)} {added.version}")
        elif added.pine_id:
            out(f"{harmless(added.path)}: linked with {harmless(added.name)}")
            say("hint: its text is another; `pinesync pull` merges the two")
        else:
            out(f"{harmless(added.path)}: push will save it as {harmless(added.name)}")
    return done.exit_code
