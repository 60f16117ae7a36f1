"""`pinesync restore`."""

from __future__ import annotations

import click

from pinesync.cli.options import setup, shared


@click.command("restore")
@click.argument("paths", nargs=-1, required=True)
@shared
def command(paths: tuple[str, ...]) -> int:
    """Put back the text last agreed, also where the file is gone.

    What stood in the file is kept for 30 days. Nothing is saved on TradingView.
    """
    from pinesync.cli.run_lines import tell
    from pinesync.commands.restore import restore

    return tell("restore", restore(setup(), paths), nothing="nothing to restore")
