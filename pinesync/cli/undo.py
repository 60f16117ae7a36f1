"""`pinesync undo`."""

from __future__ import annotations

import click

from pinesync.cli.options import current, setup, shared
from pinesync.cli.render import harmless, moment, plain, say


@click.command("undo")
@click.argument("operation", required=False)
@click.option("--redo", is_flag=True, help="Take back the last undo instead.")
@click.option("--allow-broken", is_flag=True, help="Save a text that does not compile, too.")
@shared
def command(operation: str | None, redo: bool, allow_broken: bool) -> int:
    """Take back what the last command did here, or the OPERATION that `pinesync oplog` names.

    Files and pine.toml get what they had; a push is undone by saving the text from before as one
    more version, where nobody saved since. Again, it takes back the command before that; with
    --redo it brings back what was undone, the last or that of the undo which OPERATION names. What
    cannot be undone is said and left, and the next undo begins there: an older command is named.
    """
    from pinesync.cli.run_lines import tell
    from pinesync.commands.undo import undo

    undone, run = undo(setup(), operation, redo=redo, allow_broken=allow_broken)
    if not current().json:
        said = "redoing what" if redo else "undoing what"
        say(f"{said} `{undone.verb}` did at {moment(undone.when)} ({harmless(undone.key)})")
    return tell(
        "undo", run, nothing="nothing was left to undo of it", more={"operation": plain(undone)}
    )
