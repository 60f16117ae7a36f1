"""`pinesync alerts`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from pinesync.cli import completers as completed
from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, shared
from pinesync.cli.render import columns, echo_err, emit_json, out
from pinesync.text.plural import pluralize
from pinesync.text.unicode import escape_controls

if TYPE_CHECKING:
    from pinesync.app.alerts import AlertRow

_SHORT = 7
_HEAD = ("NAME", "VERSION", "ALERTS", "ON", "", "COMMIT")


@click.command(
    "alerts",
    cls=Verb,
    examples=["pinesync alerts", "pinesync alerts --stale --exit-code"],
)
@click.argument("paths", nargs=-1, shell_complete=completed.paths)
@click.option("--stale", is_flag=True, help="Show only alerts that run an older version.")
@click.option("--exit-code", is_flag=True, help="Exit with 6 if any shown alert runs one.")
@shared
def command(paths: tuple[str, ...], stale: bool, exit_code: bool) -> int:
    """Show which alerts run which version of which script.

    An alert keeps the version and the inputs it was made with: a push does not reach it. 12.0 →
    14.0 means that it runs 12.0, and that 14.0 is the newest. Nothing is changed, and neither
    messages nor webhooks are shown. TradingView may not list all alerts.
    """
    from pinesync.app.alerts import alerts

    result = alerts(build_setup(), paths, stale=stale, exit_code=exit_code)
    if emit_json("alerts", result):
        return result.exit_code
    for line in columns([tuple(_cells(row)) for row in result.rows], head=_HEAD, cut={0: 12}):
        out(line)
    if not any(row.stale for row in result.rows):
        echo_err("no listed alert runs an older version; TradingView may not list all")
    if result.passed_over:
        passed_over = pluralize(result.passed_over, "alert")
        echo_err(f"{passed_over} passed over: on no script of yours, or unreadable")
    return result.exit_code


def _cells(row: AlertRow) -> Iterator[str]:
    yield escape_controls(row.name)
    yield f"{row.version} → {row.newest}" if row.stale else str(row.version)
    both = ((row.active, "active"), (row.stopped, "stopped"))
    yield ", ".join(f"{number} {word}" for number, word in both if number)
    yield escape_controls(f"{row.symbol} {row.resolution}".strip())
    yield "webhook" if row.webhook else ""
    yield f"commit {row.commit[:_SHORT]}" if row.commit else ""
