"""`pinesync oplog`."""

from __future__ import annotations

import click

from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, shared
from pinesync.cli.render import columns, echo_err, emit_json, format_time, out
from pinesync.text.plural import pluralize, shorten_list
from pinesync.text.unicode import escape_controls

_HEAD = ("ID", "WHEN", "VERB", "STATE", "WHAT")
_MAX_NAMED = 3


@click.command("oplog", cls=Verb, examples=["pinesync oplog", "pinesync oplog -n 5"])
@click.option(
    "-n",
    "limit",
    type=click.IntRange(1),
    metavar="N",
    default=20,
    show_default=True,
    help="Show at most N operations.",
)
@shared
def command(limit: int) -> int:
    """Show what pinesync did in this workspace, on this machine, newest first.

    Each line begins with an id for `pinesync undo`, as short as it can be.
    """
    from pinesync.app.versions.oplog import oplog

    result = oplog(build_setup(), limit)
    if emit_json("oplog", result):
        return result.exit_code
    rows = []
    for operation in result.operations:
        done = [f"saved {shorten_list(operation.saves, _MAX_NAMED)}"] if operation.saves else []
        done += [f"{pluralize(operation.files, 'file')} written"] if operation.files else []
        done += [] if done else [shorten_list(operation.paths, _MAX_NAMED)]
        state = "undone" if operation.undone else ""
        rows.append(
            (
                operation.short,
                format_time(operation.when),
                operation.verb,
                state,
                escape_controls("; ".join(done)),
            )
        )
    for line in columns(rows, head=_HEAD, cut={4: 20}):
        out(line)
    if not rows:
        echo_err("nothing was done here on this machine yet")
    return result.exit_code
