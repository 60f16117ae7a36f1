"""`pinesync rename`."""

from __future__ import annotations

import click

from pinesync.cli import completers as completed
from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, shared


@click.command("rename", cls=Verb, examples=['pinesync rename indicators/Trend.pine "Trend 2"'])
@click.argument("path", shell_complete=completed.paths)
@click.argument("name", shell_complete=completed.names)
@shared
def command(path: str, name: str) -> int:
    """Rename the script of PATH on TradingView. The file keeps its name.

    Refused if another script has the name. The title in the source does not change.
    """
    from pinesync.app.scripts.rename import rename_script
    from pinesync.cli.run_output import print_run

    return print_run(
        "rename", rename_script(build_setup(), path, name), nothing="nothing to rename"
    )
