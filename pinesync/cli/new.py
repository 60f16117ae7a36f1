"""`pinesync new`."""

from __future__ import annotations

import click

from pinesync.cli import scripts as completed
from pinesync.cli.options import setup, shared
from pinesync.cli.render import finish, harmless, out, say


@click.command("new")
@click.argument("name")
@click.option(
    "--template",
    metavar="NAME|PATH",
    default="indicator",
    show_default=True,
    shell_complete=completed.templates,
    help="What to begin with: indicator, strategy, library, one of yours, or a .pine file.",
)
@shared
def command(name: str, template: str) -> int:
    """A new script called NAME, listed for the next push.

    Your own templates are the .pine files in the folder `templates` of pinesync's configuration
    (on Linux, ~/.config/pinesync); one that is called as a shipped one replaces it. In a template
    {{name}}, {{author}} and {{date}} are filled in.
    """
    from pinesync.commands.new import new

    made = new(setup(), name, template=template)
    if not finish("new", made):
        out(f"written  {harmless(made.path)}")
        say("hint: edit it, then run `pinesync push`")
    return made.exit_code
