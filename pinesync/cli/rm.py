"""`pinesync rm`."""

from __future__ import annotations

import click

from pinesync.cli.options import setup, shared
from pinesync.cli.render import finish, harmless, out, say


@click.command("rm")
@click.argument("paths", nargs=-1, required=True)
@shared
def command(paths: tuple[str, ...]) -> int:
    """Forget scripts here. The files and the scripts on TradingView both stay."""
    from pinesync.commands.rm import rm

    done = rm(setup(), paths)
    if finish("rm", done):
        return done.exit_code
    for forgotten in done.forgotten:
        out(f"forgotten  {harmless(forgotten.path)}")
    if done.tracks_all and any(f.pine_id for f in done.forgotten):
        say('hint: the next pull lists them again, unless pine.toml says track = "listed"')
    return done.exit_code
