"""`pinesync login`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, may_ask, shared
from pinesync.cli.render import echo_err, emit_json, out
from pinesync.text.plural import pluralize
from pinesync.text.unicode import escape_controls

if TYPE_CHECKING:
    from pinesync.app.project import Setup

_MAX_BYTES = 64 * 1024


@click.command(
    "login",
    cls=Verb,
    examples=[
        "pinesync login",
        "pinesync login --from-browser firefox",
        "pinesync login --as work --keyring",
    ],
)
@click.option(
    "--cookie-file",
    type=click.Path(dir_okay=False, allow_dash=True),
    help="Read the cookie from a file, or - for standard input.",
)
@click.option(
    "--from-browser",
    metavar="firefox[:PROFILE]",
    help="Read the cookie from a copy of Firefox's.",
)
@click.option("--keyring", is_flag=True, help="Keep it in the system's keyring.")
@shared
def command(cookie_file: str | None, from_browser: str | None, keyring: bool) -> int:
    """Sign in with the cookie of your TradingView session, once it is proven.

    To find it, sign in on tradingview.com, open the browser's developer tools, Application (or
    Storage) → Cookies, and copy sessionid and sessionid_sign, or the whole Cookie header of any
    request. The prompt does not show it, and it is never taken as an argument.

    With --as NAME, it is stored under that name, next to others. A workspace uses the sign-in of
    the account that its pine.toml names; --as selects another, for any verb.
    """
    from pinesync.app.account import login, refuse_facade

    if cookie_file is not None and from_browser is not None:
        raise click.UsageError("--cookie-file and --from-browser name two places.")
    setup = build_setup()
    refuse_facade(setup)
    pasted = _pasted(cookie_file) if from_browser is None else _from_browser(setup, from_browser)
    done = login(setup, pasted, keyring=keyring)
    if emit_json("login", done):
        return done.exit_code
    account = escape_controls(done.account) if done.account else "an account without saved scripts"
    out(f"signed in as {account}, {pluralize(done.scripts, 'saved script')}")
    place = escape_controls(str(done.stored_in))
    if done.in_keyring:
        echo_err(f"stored in the system's keyring; {place} records that")
    else:
        echo_err(f"stored in {place}, readable by you alone")
    if done.pinned:
        echo_err(f"pine.toml: this workspace now belongs to {account}")
    return done.exit_code


def _pasted(cookie_file: str | None) -> str:
    if cookie_file not in (None, "-"):
        try:
            with Path(cookie_file).open("rb") as file:
                return file.read(_MAX_BYTES).decode("utf-8", "replace")
        except OSError as error:
            raise click.UsageError(f"{cookie_file}: {error.strerror}.") from None
    if cookie_file is None and sys.stdin.isatty():
        return _prompt_cookie() if may_ask() else ""
    return sys.stdin.read(_MAX_BYTES)


def _prompt_cookie() -> str:
    """Read from the hidden prompt: a whole header, or the two values one after the other."""
    first: str = click.prompt("Cookie header, or sessionid", hide_input=True, err=True).strip()
    if "sessionid_sign" in first:
        return first
    second: str = click.prompt("sessionid_sign", hide_input=True, err=True).strip()
    return f"{_with_name(first, 'sessionid')}; {_with_name(second, 'sessionid_sign')}"


def _with_name(value: str, name: str) -> str:
    """Prefix a bare value with the cookie's name. A value that has its name is unchanged."""
    return value if name in value else f"{name}={value}"


def _from_browser(chosen: Setup, wanted: str) -> str:
    from pinesync.app.account import from_firefox

    browser, _, profile = wanted.partition(":")
    if browser.lower() != "firefox":
        raise click.UsageError(
            f"--from-browser {browser[:40]}: only firefox can be read; other browsers encrypt "
            "their cookies. `pinesync login` asks for the cookie instead."
        )
    return from_firefox(chosen, _firefox_roots(), profile)


def _firefox_roots() -> list[Path]:
    """Where Firefox keeps profiles.ini: a regular install, snap, flatpak, macOS, Windows."""
    home = Path.home()
    roots = [
        home / ".mozilla" / "firefox",
        home / "snap" / "firefox" / "common" / ".mozilla" / "firefox",
        home / ".var" / "app" / "org.mozilla.firefox" / ".mozilla" / "firefox",
        home / "Library" / "Application Support" / "Firefox",
    ]
    if appdata := os.environ.get("APPDATA"):
        roots.append(Path(appdata) / "Mozilla" / "Firefox")
    return roots
