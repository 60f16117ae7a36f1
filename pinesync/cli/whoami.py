"""`pinesync whoami`."""

from __future__ import annotations

import click

from pinesync.cli.options import remote_options, setup, shared
from pinesync.cli.render import counted, finish, harmless, out


@click.command("whoami")
@remote_options
@shared
def command(remote: str | None) -> int:
    """Whose session is used here, and where its cookie comes from."""
    from pinesync.commands.account import whoami

    found = whoami(setup(), remote=remote)
    if not finish("whoami", found):
        whose = harmless(found.account) if found.account else "(an account without saved scripts)"
        where, scripts = harmless(found.remote), counted(found.scripts, "saved script")
        out(f"{whose} on {where}, {scripts}, cookie: {found.source}")
    return found.exit_code
