"""`pinesync show`."""

from __future__ import annotations

import sys

import click

from pinesync.cli import scripts as completed
from pinesync.cli.options import setup, shared
from pinesync.cli.pager import paged
from pinesync.cli.render import finish, harmless, out
from pinesync.cli.runner import inert, is_a_log


@click.command("show")
@click.argument("revision", metavar="PATH@VERSION", shell_complete=completed.paths)
@click.option("--offline", is_flag=True, help="Only what was read before; asks for nothing.")
@shared
@paged()
def command(revision: str, offline: bool) -> int:
    """The text of one saved version, as PATH@5 or 'USER;…@5'; without a number the newest.

    Into a file or a pipe it goes byte for byte, with LF at the end of lines; on a terminal,
    characters that it would obey are shown by their numbers. In the log of a CI job, what its
    runner would obey is broken up.
    """
    from pinesync.commands.show import show

    found = show(setup(), revision, offline=offline)
    if finish("show", found):
        return found.exit_code
    if sys.stdout.isatty():
        out(harmless(found.source, one_line=False).removesuffix("\n"))
    else:
        source = inert(found.source) if is_a_log() else found.source
        click.echo(source.encode(), nl=False)
    return found.exit_code
