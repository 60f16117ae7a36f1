"""`pinesync blame-version`."""

from __future__ import annotations

import click

from pinesync.cli import scripts as completed
from pinesync.cli.options import setup, shared
from pinesync.cli.render import finish, harmless, moment, out, say

_BY = {
    "note": "noted when it was saved from this machine",
    "trailers": "named in the commit's trailers",
    "text": "found by its text",
}


@click.command("blame-version")
@click.argument("script", metavar="PATH[@VERSION]", shell_complete=completed.paths)
@shared
def command(script: str) -> int:
    """The git commit that a version was made from, which may be the one on your chart.

    Without a version, that of the version that the file is based on. Noted when a push saved it,
    else found by the trailers of `push --commit`, else by its text in the file's history.
    """
    from pinesync.commands.blame import blame_version

    found = blame_version(setup(), script)
    if finish("blame-version", found):
        return found.exit_code
    day, author = moment(found.date), harmless(found.author)
    out(f"{found.commit}  {day}  {author}  {harmless(found.subject)}")
    say(f"{harmless(found.path)} {found.version}: {_BY[found.by]}")
    return found.exit_code
