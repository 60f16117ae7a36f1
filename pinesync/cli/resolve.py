"""`pinesync resolve`."""

from __future__ import annotations

from typing import Literal

import click

from pinesync.cli.options import setup, shared


@click.command("resolve")
@click.argument("paths", nargs=-1, required=True)
@click.option("--ours", "side", flag_value="ours", help="The text that you had.")
@click.option("--theirs", "side", flag_value="theirs", help="The text that was saved there.")
@click.option("--merged", "side", flag_value="merged", help="The file as it is now.")
@shared
def command(paths: tuple[str, ...], side: Literal["ours", "theirs", "merged"] | None) -> int:
    """End a conflict. The other text stays readable on TradingView or in the backups."""
    from pinesync.cli.run_lines import tell
    from pinesync.commands.resolve import resolve

    if side is None:
        raise click.UsageError("choose one of --ours, --theirs and --merged.")
    return tell("resolve", resolve(setup(), paths, side), nothing="nothing to resolve")
