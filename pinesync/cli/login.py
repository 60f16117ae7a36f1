"""`pinesync login`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pinesync.cli.options import setup, shared
from pinesync.cli.render import counted, finish, harmless, out, say

_MOST = 64 * 1024


@click.command("login")
@click.option(
    "--cookie-file",
    type=click.Path(dir_okay=False, allow_dash=True),
    help="Read the cookie from a file, or - for standard input.",
)
@shared
def command(cookie_file: str | None) -> int:
    """Keep the cookie of your TradingView session, once it is proven.

    Where it is: sign in on tradingview.com, open the browser's developer tools, Application (or
    Storage) → Cookies, and copy sessionid and sessionid_sign, or the whole Cookie header of any
    request. It is asked for without being shown, and never taken as an argument.
    """
    from pinesync.commands.account import login

    done = login(setup(), _pasted(cookie_file))
    if finish("login", done):
        return done.exit_code
    whose = harmless(done.account) if done.account else "an account without saved scripts"
    out(f"signed in as {whose}, {counted(done.scripts, 'saved script')}")
    say(f"kept in {harmless(str(done.stored_in))}, readable by you alone")
    return done.exit_code


def _pasted(cookie_file: str | None) -> str:
    if cookie_file not in (None, "-"):
        try:
            with Path(cookie_file).open("rb") as file:
                return file.read(_MOST).decode("utf-8", "replace")
        except OSError as error:
            raise click.UsageError(f"{cookie_file}: {error.strerror}.") from None
    if cookie_file is None and sys.stdin.isatty():
        pasted: str = click.prompt("Cookie", hide_input=True, err=True)
        return pasted
    return sys.stdin.read(_MOST)
