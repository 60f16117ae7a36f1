"""`undo`: take back one command."""

from __future__ import annotations

import click

from pinesync.app.versions.undo import undo
from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, current, shared
from pinesync.cli.render import echo_err, format_time, to_plain
from pinesync.text.unicode import escape_controls


@click.command("undo", cls=Verb, examples=["pinesync undo", "pinesync undo --redo"])
@click.argument("operation", required=False)
@click.option("--redo", is_flag=True, help="Undo the last undo.")
@click.option("--allow-broken", is_flag=True, help="Save even if it does not compile.")
@shared
def command(operation: str | None, redo: bool, allow_broken: bool) -> int:
    """Undo the last command, or the OPERATION whose id `pinesync oplog` lists.

    Files and pine.toml get what they had. A push is undone by saving the earlier text as one more
    version, if nobody saved since. Run it again to undo the command before; --redo brings back what
    was undone, the last or that of the undo which OPERATION names. Changes that cannot be undone
    are listed and left in place; name an OPERATION to undo an older one.
    """
    from pinesync.cli.run_output import print_run

    undone, run = undo(build_setup(), operation, redo=redo, allow_broken=allow_broken)
    if not current().json:
        verb = "redoing what" if redo else "undoing what"
        when, short = format_time(undone.when), escape_controls(undone.short)
        echo_err(f"{verb} `{undone.verb}` did at {when} ({short})")
    return print_run(
        "undo", run, nothing="there was nothing left to undo", more={"operation": to_plain(undone)}
    )
