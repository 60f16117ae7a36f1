"""`pinesync status`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from pinesync.cli import completers as completed
from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, current, jobs, shared
from pinesync.cli.render import available_width, columns, echo_err, emit_json, out, styled, width
from pinesync.sync.words import Status
from pinesync.text.plural import pluralize
from pinesync.text.unicode import escape_controls

if TYPE_CHECKING:
    from pathlib import Path

    from pinesync.app.project import Setup
    from pinesync.app.sync.status import StatusReport


@click.command(
    "status",
    cls=Verb,
    examples=[
        "pinesync status",
        "pinesync status -v indicators/",
        "pinesync status --html report.html",
    ],
)
@click.argument("paths", nargs=-1, shell_complete=completed.paths)
@click.option("--offline", is_flag=True, help="Show local edits only; send no request.")
@click.option("--exit-code", is_flag=True, help="Exit with 6 if any script is not clean.")
@click.option("--html", metavar="FILE", help="Also write an HTML page; - is standard output.")
@click.option("--open", "opens", is_flag=True, help="Open the page of --html in the browser.")
@jobs
@shared
def command(
    paths: tuple[str, ...],
    offline: bool,
    exit_code: bool,
    html: str | None,
    opens: bool,
    jobs: int,
) -> int:
    """Show one word for every script. It takes one request.

    Clean scripts are counted; -v, or naming them, lists them. The page of --html shows what
    differs side by side, and when each version was saved; for that it reads the texts that are not
    stored here.
    """
    from pinesync.app.sync.status import status

    if opens and html in (None, "-"):
        raise click.UsageError("--open needs --html FILE, the page to open.")
    if html is not None:
        report = _write_report(build_setup(jobs=jobs), html, paths, offline, exit_code)
    else:
        report = status(build_setup(jobs=jobs), paths, offline=offline, exit_code=exit_code)
    if html and opens:
        _open(build_setup().cwd / html)
    if html == "-" or emit_json("status", report):
        return report.exit_code
    shown = [
        line
        for line in report.lines
        if paths or current().verbose or line.word is not Status.CLEAN or line.note
    ]
    rows = []
    for line in shown:
        versions = [str(v) for v in (line.version, line.newest) if v]
        rows.append(
            (
                line.word,
                escape_controls(line.path),
                " → ".join(versions),
                escape_controls(line.note),
            )
        )
    for row, text in zip(rows, _table(rows), strict=True):
        out(styled(row[0]) + text[len(row[0]) :])
    _summary(Counter(line.word for line in report.lines), offline)
    if html:
        echo_err(f"the page is in {escape_controls(html)}")
    if report.next_step:
        echo_err(f"hint: {escape_controls(report.next_step.hint)}")
    return report.exit_code


def _write_report(
    setup: Setup, html: str, paths: tuple[str, ...], offline: bool, exit_code: bool
) -> StatusReport:
    """Write the page. Make no request if it cannot be written."""
    from pinesync.app.sync.report_data import build_report
    from pinesync.app.write_page import check_place, write_page
    from pinesync.cli.html_report import page

    if html == "-":
        if current().json:
            raise click.UsageError("--json and --html - both want standard output.")
    else:
        check_place(setup, html)
    drawn = build_report(setup, paths, offline=offline, exit_code=exit_code)
    text = page(drawn)
    if html == "-":
        out(text.removesuffix("\n"))
    else:
        write_page(setup, html, text)
    return drawn.status


def _open(page: Path) -> None:
    import webbrowser

    if not webbrowser.open(page.absolute().as_uri()):
        echo_err(f"no browser could be started: open {escape_controls(str(page))} in one")


def _table(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """The rows. On a narrow terminal, notes get a line of their own and paths are shortened."""
    whole, width_limit = list(columns(rows)), available_width()
    if width_limit is None or all(width(line) <= width_limit for line in whole):
        yield from whole
        return
    for row, line in zip(rows, columns([row[:3] for row in rows], cut={1: 12}), strict=True):
        note = click.wrap_text(row[3], width_limit, "\n    ", "    ") if row[3] else ""
        yield line + note


def _summary(words: Counter[Status], offline: bool) -> None:
    note = " (offline: TradingView was not contacted)" if offline else ""
    total = sum(words.values())
    if total == 0:
        echo_err(f"no scripts yet{note}")
    elif words[Status.CLEAN] == total:
        nothing = "nothing to push" if offline else "nothing to pull or push"
        out(f"{nothing}, {pluralize(total, 'script')} clean{note}")
    else:
        parts = [f"{count} {word}" for word, count in sorted(words.items())]
        out(", ".join(parts) + note)
