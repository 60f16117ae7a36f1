"""`pinesync logout`."""

from __future__ import annotations

import click

from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, shared
from pinesync.cli.render import echo_err, emit_json, out
from pinesync.text.unicode import escape_controls


@click.command("logout", cls=Verb, examples=["pinesync logout", "pinesync logout --as work"])
@click.option("--all", "everything", is_flag=True, help="Also remove the named sign-ins.")
@shared
def command(everything: bool) -> int:
    """Remove the stored cookie from this machine; with --as NAME, the one under that name."""
    from pinesync.app.account import logout

    done = logout(build_setup(), everything=everything)
    if not emit_json("logout", done):
        for path in done.removed:
            out(f"removed {escape_controls(str(path))}")
        if not done.removed:
            out("no stored sign-in")
        echo_err("hint: the session itself ends when you sign out in the browser")
    return done.exit_code
