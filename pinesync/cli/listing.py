"""`pinesync list`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from pinesync.cli.options import current, remote_options, setup, shared
from pinesync.cli.render import columns, finish, harmless, moment, out, room, say, width

_LEAST = 12
"""So many columns a name or a path has at least."""
_DAY = len("2026-01-31")


@click.command("list")
@remote_options
@shared
def command(remote: str | None) -> int:
    """Your saved scripts: name, version, kind, last change, id, and the file here, if any.

    A terminal that is too narrow for all of it shows an id only where there is no file here:
    pine.toml has the others, and -v or a pipe shows every column whole.
    """
    from pinesync.commands.listing import list_scripts

    found = list_scripts(setup(), remote=remote)
    if finish("list", found):
        return found.exit_code
    rows = [
        (
            harmless(row.name),
            str(row.version),
            row.kind,
            moment(row.modified),
            row.pine_id,
            harmless(row.path or ""),
        )
        for row in found.scripts
    ]
    for line in _table(rows):
        out(line)
    if not rows:
        say("no saved scripts")
    return found.exit_code


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """The rows. On a terminal that is too narrow for them, an id stands only where there is no
    file here; where that is not enough, days do without their time, and names and paths are
    shortened."""
    most = room()
    one_place = [(*row[:4], row[5] or row[4]) for row in rows]
    for shape in (rows, one_place):
        whole = list(columns(shape))
        if most is None or current().verbose or all(width(line) <= most for line in whole):
            yield from whole
            return
    short = [(*row[:3], row[3][:_DAY], row[4]) for row in one_place]
    # An id that is cut is none.
    least = max((width(row[4]) for row in rows if not row[5]), default=_LEAST)
    yield from columns(short, cut={0: _LEAST, 4: least})
