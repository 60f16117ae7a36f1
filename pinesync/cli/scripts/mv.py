"""`pinesync mv`."""

from __future__ import annotations

import click

from pinesync.cli import completers as completed
from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, shared


@click.command(
    "mv", cls=Verb, examples=["pinesync mv indicators/Trend.pine archive/", "pinesync mv --follow"]
)
@click.argument("paths", nargs=-1, metavar="OLD NEW", shell_complete=completed.paths)
@click.option(
    "--follow", is_flag=True, help="Rename files to match the script names on TradingView."
)
@shared
def command(paths: tuple[str, ...], follow: bool) -> int:
    """Move a file and keep its script. NEW is a path or a folder.

    If you already moved the file to NEW by hand, pine.toml follows. With --follow, name any number
    of paths, or none for every script that was renamed on TradingView.
    """
    from pinesync.app.scripts import mv
    from pinesync.cli.run_output import print_run

    if follow:
        return print_run("mv", mv.follow(build_setup(), paths), nothing="nothing to follow")
    if len(paths) != 2:
        raise click.UsageError("name the file and where it goes: OLD NEW.")
    return print_run("mv", mv.mv(build_setup(), *paths), nothing="nothing to move")
