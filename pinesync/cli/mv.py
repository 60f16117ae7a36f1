"""`pinesync mv`."""

from __future__ import annotations

import click

from pinesync.cli import scripts as completed
from pinesync.cli.options import setup, shared


@click.command("mv")
@click.argument("paths", nargs=-1, metavar="OLD NEW", shell_complete=completed.paths)
@click.option("--follow", is_flag=True, help="To the names that the scripts have on TradingView.")
@shared
def command(paths: tuple[str, ...], follow: bool) -> int:
    """Move a file; it stays the same script. NEW is a path, or a folder.

    Where OLD is gone and the file lies at NEW already, pine.toml follows. With --follow any number
    of paths may be named, or none for all scripts that somebody else renamed on TradingView.
    """
    from pinesync.app import mv
    from pinesync.cli.run_lines import tell

    if follow:
        return tell("mv", mv.follow(setup(), paths), nothing="nothing to follow")
    if len(paths) != 2:
        raise click.UsageError("name the file and where it goes: OLD NEW.")
    return tell("mv", mv.mv(setup(), *paths), nothing="nothing to move")
