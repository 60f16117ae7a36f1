"""`show`: the text of one saved version."""

from __future__ import annotations

import click

from pinesync.app.versions.show import show
from pinesync.cli import completers as completed
from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, shared
from pinesync.cli.pager import paged
from pinesync.cli.render import emit_json, out_source


@click.command(
    "show",
    cls=Verb,
    examples=["pinesync show indicators/Trend.pine", "pinesync show indicators/Trend.pine@2"],
)
@click.argument("revision", metavar="PATH@VERSION", shell_complete=completed.paths)
@click.option("--offline", is_flag=True, help="Use stored texts; send no request.")
@shared
@paged()
def command(revision: str, offline: bool) -> int:
    """Print one saved version, as PATH@5 or 'USER;…@5'; without a number, the newest.

    A file or a pipe gets it byte for byte, with LF line ends. On a terminal, control characters are
    shown by their numbers; in a CI log, lines that the runner would obey are broken up.
    """
    result = show(build_setup(), revision, offline=offline)
    if emit_json("show", result):
        return result.exit_code
    out_source(result.source)
    return result.exit_code
