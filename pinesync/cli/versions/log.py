"""`pinesync log`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pinesync.cli import completers as completed
from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, jobs, shared
from pinesync.cli.pager import paged
from pinesync.cli.render import SAVED_BY, columns, echo_err, emit_json, format_time, out, styled
from pinesync.text.plural import pluralize
from pinesync.text.unicode import escape_controls

if TYPE_CHECKING:
    from pinesync.app.versions.log import Saved


_HEAD = ("VERSION", "SAVED", "LINES", "BY", "COMMIT", "FILE")
_LEAST = 12
"""The least width of the FILE column."""


@click.command(
    "log", cls=Verb, examples=["pinesync log", "pinesync log -n 5 indicators/Trend.pine"]
)
@click.argument("scripts", nargs=-1, metavar="[PATH|ID]...", shell_complete=completed.paths)
@click.option(
    "-n", "limit", type=click.IntRange(1), metavar="N", help="Show at most N saves, newest first."
)
@click.option(
    "--offline", is_flag=True, help="Use stored texts of listed scripts; send no request."
)
@jobs
@shared
def command(scripts: tuple[str, ...], limit: int | None, offline: bool, jobs: int) -> int:
    """Show what was saved on TradingView: version, time, lines added and removed, and by whom.

    Shows every version of the scripts named, or the newest 20 saves of the account. Each text is
    downloaded once, then stored. `pinesync` means a push from this machine, in any workspace;
    `elsewhere` means the web editor or another machine.
    """
    from pinesync.app.versions.log import log

    result = log(build_setup(jobs=jobs), scripts, limit=limit, offline=offline)
    if emit_json("log", result):
        return result.exit_code
    rows = [_row(save, named=not scripts or len(scripts) > 1) for save in result.saves]
    with paged():
        for line in columns(rows, head=_HEAD, cut={5: _LEAST}):
            out(line)
    for label in result.unlisted:
        echo_err(
            f"{escape_controls(label)}: not in the account's list "
            "any more; showing the versions stored here"
        )
    if result.missing:
        echo_err(
            f"{pluralize(result.missing, 'version')} more, not stored here; leave out --offline"
        )
    if result.left:
        echo_err(f"{pluralize(result.left, 'older version')} not shown; -n N shows more")
    if not result.saves and not result.missing:
        echo_err("nothing is saved on TradingView yet")
    return result.exit_code


def _row(save: Saved, *, named: bool) -> tuple[str, ...]:
    size = "" if save.added is None else f"+{save.added} -{save.removed}"
    by = styled(SAVED_BY[save.by], save.by)
    where = escape_controls(save.path or f"{save.name} ({save.pine_id})") if named else ""
    last = " ".join(filter(None, [where, "(base)" if save.base else ""]))
    return (str(save.version), format_time(save.when), size, by, (save.commit or "")[:9], last)
