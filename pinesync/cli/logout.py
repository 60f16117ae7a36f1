"""`pinesync logout`."""

from __future__ import annotations

import click

from pinesync.cli.options import setup, shared
from pinesync.cli.render import finish, out, say


@click.command("logout")
@shared
def command() -> int:
    """Remove the kept cookie from this machine."""
    from pinesync.commands.account import logout

    done = logout(setup())
    if not finish("logout", done):
        out("the kept cookie is removed" if done.was_stored else "no cookie was kept")
        say("hint: the session itself ends when you sign out in the browser")
    return done.exit_code
