"""`pinesync diff`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pinesync.cli import completers as completed
from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, current, shared
from pinesync.cli.pager import paged
from pinesync.cli.render import columns, emit_json, out, out_all
from pinesync.text.unicode import escape_controls

if TYPE_CHECKING:
    from pinesync.app.sync.text_diff import FileDiff


@click.command(
    "diff",
    cls=Verb,
    examples=[
        "pinesync diff",
        "pinesync diff --remote indicators/Trend.pine",
        "pinesync diff --contract",
        "pinesync diff indicators/Trend.pine@1 indicators/Trend.pine@2",
    ],
)
@click.argument("paths", nargs=-1, metavar="[PATH[@VERSION]]...", shell_complete=completed.paths)
@click.option("--remote", is_flag=True, help="Compare with the newest version on TradingView.")
@click.option("--stat", is_flag=True, help="Show line counts only.")
@click.option("--contract", is_flag=True, help="Show what charts and alerts may misread.")
@click.option("--exit-code", is_flag=True, help="Exit with 6 if anything differs.")
@shared
@paged()
def command(
    paths: tuple[str, ...], remote: bool, stat: bool, contract: bool, exit_code: bool
) -> int:
    """Show line-by-line differences between files and their bases.

    PATH@5 compares version 5.0 with the file, PATH@5 PATH@7 two versions. An id may replace such a
    path: 'USER;…@5'. --contract lists the inputs and plots whose numbers mean something else:
    charts and alerts keep an input's value, and name a plot, by its number.
    """
    from pinesync.app.sync.diff import diff

    if contract and stat:
        raise click.UsageError("choose one of --contract and --stat.")
    result = diff(build_setup(), paths, remote=remote, exit_code=exit_code, contract=contract)
    if emit_json("diff", result):
        return result.exit_code
    if stat:
        rows = [
            (escape_controls(f.path), f.note or f"+{f.added} -{f.removed}") for f in result.files
        ]
        for row in columns(rows, cut={0: 12, 1: 12}):
            out(row)
        return result.exit_code
    for file in result.files:
        if file.note:
            out(f"{escape_controls(file.path)}: {escape_controls(file.note)}")
            continue
        if contract:
            _print_shifts(file)
            continue
        out(_bold(f"--- {escape_controls(file.old)}"))
        out(_bold(f"+++ {escape_controls(file.new)}"))
        lines = (escape_controls(line, one_line=False) for line in file.lines)
        # Decide about color once: a text of 2 MiB may have a million lines.
        out_all(map(_colored, lines) if current().colored else lines)
    return result.exit_code


def _print_shifts(file: FileDiff) -> None:
    estimated = ", estimated" if any(shift.estimated for shift in file.shifts) else ""
    sides = f"{escape_controls(file.old)} → {escape_controls(file.new)}"
    out(_bold(f"{escape_controls(file.path)}  {sides}{estimated}"))
    for shift in file.shifts:
        out(f"  {escape_controls(str(shift))} ({shift.what})")


_COLORS = {"+": "green", "-": "red", "@": "cyan"}


def _colored(line: str) -> str:
    return click.style(line, fg=_COLORS.get(line[:1]))


def _bold(text: str) -> str:
    return click.style(text, bold=True) if current().colored else text
