"""`pinesync rename`."""

from __future__ import annotations

import click

from pinesync.cli import scripts as completed
from pinesync.cli.options import setup, shared


@click.command("rename")
@click.argument("path", shell_complete=completed.paths)
@click.argument("name", shell_complete=completed.names)
@shared
def command(path: str, name: str) -> int:
    """Give the script of PATH another name on TradingView. The file keeps its name.

    Refused where another script has the name. The title in the source is another thing.
    """
    from pinesync.app.rename import rename_script
    from pinesync.cli.run_lines import tell

    return tell("rename", rename_script(setup(), path, name), nothing="nothing to rename")
