"""`pinesync whoami`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, remote_options, shared
from pinesync.cli.render import emit_json, out
from pinesync.text.plural import pluralize
from pinesync.text.unicode import escape_controls

if TYPE_CHECKING:
    from pinesync.app.account import Identity


@click.command("whoami", cls=Verb, examples=["pinesync whoami", "pinesync whoami --sandbox"])
@remote_options
@shared
def command(remote: str | None) -> int:
    """Show whose session is used, where its cookie is stored, how old it is, and what it opens."""
    from pinesync.app.account import whoami

    identity = whoami(build_setup(), remote=remote)
    if not emit_json("whoami", identity):
        account = escape_controls(identity.account or "(an account without saved scripts)")
        scripts = pluralize(identity.scripts, "saved script")
        out(f"{account} on {escape_controls(identity.remote)}, {scripts}")
        for line in _cookie_lines(identity):
            out(line)
    return identity.exit_code


def _cookie_lines(identity: Identity) -> list[str]:
    if identity.source == "sandbox":
        return ["cookie: the sandbox's own, on this machine"]
    if identity.stored_in is None:
        where = f"from the variable {identity.source}, so its age is unknown"
    else:
        place = escape_controls(str(identity.stored_in))
        where = f"in the system's keyring, for {place}" if identity.in_keyring else f"in {place}"
        if identity.kept_as:
            where += f", as {identity.kept_as}"
        if identity.age is not None:
            where += f", stored {_format_age(identity.age)}"
    opens = "listing, reading, saving and deleting these scripts"
    return [
        f"cookie: {where}",
        f"good for: {opens}; sent to {identity.origin} and nowhere else",
    ]


def _format_age(seconds: int) -> str:
    for size, noun in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            return f"{pluralize(seconds // size, noun)} ago"
    return "just now"
