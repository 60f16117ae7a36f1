"""`pinesync resolve`."""

from __future__ import annotations

import click

from pinesync.cli import scripts as completed
from pinesync.cli.options import setup, shared


@click.command("resolve")
@click.argument("paths", nargs=-1, required=True, shell_complete=completed.paths)
@click.option("--ours", is_flag=True, help="The text that you had.")
@click.option("--theirs", is_flag=True, help="The text that was saved there.")
@click.option("--merged", is_flag=True, help="The file as it is now.")
@shared
def command(paths: tuple[str, ...], ours: bool, theirs: bool, merged: bool) -> int:
    """End a conflict. The other text stays readable on TradingView or in the backups."""
    from pinesync.cli.run_lines import tell
    from pinesync.commands.resolve import Side, resolve

    if ours + theirs + merged != 1:
        raise click.UsageError("choose one of --ours, --theirs and --merged.")
    side: Side = "ours" if ours else "theirs" if theirs else "merged"
    return tell("resolve", resolve(setup(), paths, side), nothing="nothing to resolve")
