"""`pinesync new`."""

from __future__ import annotations

import click

from pinesync.cli.options import setup, shared
from pinesync.cli.render import finish, harmless, out, say


@click.command("new")
@click.argument("name")
@click.option(
    "--template",
    type=click.Choice(["indicator", "strategy", "library"]),
    default="indicator",
    show_default=True,
    help="What to begin with.",
)
@shared
def command(name: str, template: str) -> int:
    """A new script called NAME, listed for the next push."""
    from pinesync.commands.new import new

    made = new(setup(), name, template=template)
    if not finish("new", made):
        out(f"written  {harmless(made.path)}")
        say("hint: edit it, then run `pinesync push`")
    return made.exit_code
