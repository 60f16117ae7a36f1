"""The state of a workspace as one HTML page. It loads nothing and runs nothing, and all foreign
text is escaped."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from importlib import resources

from pinesync import __version__
from pinesync.app.sync.report_data import ReportData, Script
from pinesync.app.write_page import MARK
from pinesync.cli.html_report.html import break_path, meaning, safe, time, versions, word
from pinesync.cli.html_report.side_by_side import restore_command, sides
from pinesync.cli.html_report.timeline import lanes, legend
from pinesync.sync.words import Status
from pinesync.text.plural import pluralize

_OPEN = 8
"""If there are more scripts, they are shown folded."""
_ROWS = 40


def page(report: ReportData) -> str:
    """The whole page as HTML."""
    css = resources.files("pinesync.cli.html_report").joinpath("page.css").read_text("utf-8")
    return "\n".join(_parts(report, css)) + "\n"


def _parts(report: ReportData, css: str) -> Iterator[str]:
    digest = b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    title = f"{safe(report.folder)} – pinesync"
    yield MARK.decode()
    yield '<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark">'
    yield '<meta name="referrer" content="no-referrer">'
    yield f"<title>{title}</title>\n<style>{css}</style>\n</head>\n<body>"
    yield from _header(report)
    yield "<main>"
    yield from _differing(report)
    yield from _timeline(report)
    yield from _table(report)
    yield from _words(report)
    yield f"</main>\n<footer>Made by pinesync {__version__}, which keeps files and saved scripts "
    yield "in step. This page holds sources: share it with whom you would share those."
    yield "</footer>\n</body>\n</html>"


def _header(report: ReportData) -> Iterator[str]:
    status = report.status
    account = f"Account {safe(status.account)} · " if status.account else ""
    note = " · TradingView was not contacted" if status.offline else ""
    remote = "TradingView" if status.remote == "tradingview" else safe(status.remote)
    yield f"<header>\n<h1><bdi>{safe(report.folder)}</bdi></h1>"
    yield f"<p class=meta>{account}{remote} · {time(report.when)}{note}</p>"
    total = pluralize(len(report.scripts), "script")
    counts = Counter(script.line.word for script in report.scripts)
    if not report.scripts:
        yield "<p class=lead>No scripts yet.</p>"
    elif counts[Status.CLEAN] == counts.total():
        yield f"<p class=lead>{total}, all clean.</p>"
    else:
        different = pluralize(counts.total() - counts[Status.CLEAN], "script")
        verb = "differs" if different.startswith("1 ") else "differ"
        yield f"<p class=lead>{different} of {len(report.scripts)} {verb}.</p>"
    yield "<ul class=counts>"
    for name in _ordered(counts):
        yield f"<li>{word(name)} <b>{counts[name]}</b></li>"
    yield "</ul>\n</header>"


def _ordered(counts: Counter[Status]) -> list[Status]:
    """The statuses that occur, in the order of the policy, clean last."""
    return sorted(
        (status for status in Status if counts[status]), key=lambda status: status is Status.CLEAN
    )


def _differing(report: ReportData) -> Iterator[str]:
    shown = [s for s in report.scripts if s.line.word is not Status.CLEAN or s.line.note]
    if not shown:
        return
    yield '<section aria-labelledby="differs">\n<h2 id="differs">What differs</h2>'
    for script in shown:
        yield from _script(script, is_open=len(shown) <= _OPEN)
    yield "</section>"


def _script(script: Script, *, is_open: bool) -> Iterator[str]:
    line = script.line
    size = ""
    if script.difference:
        size = f"<ins>+{script.difference.added}</ins> <del>−{script.difference.removed}</del>"
    yield f"<details class=script{' open' if is_open else ''}>"
    yield f"<summary>{word(line.word)} <bdi class=path>{break_path(line.path)}</bdi> "
    yield f"<span class=versions>{versions(line)}</span> <span class=size>{size}</span></summary>"
    if line.note:
        yield f"<p class=note><bdi>{safe(line.note)}</bdi></p>"
    yield f"<p class=means>{meaning(line.word)}</p>"
    if script.trouble:
        yield f"<p class=note>Nothing to compare: {safe(script.trouble)}</p>"
    if script.difference:
        yield from sides(script, script.difference)
    elif script.left and not script.trouble:
        yield "<p class=means>The two texts are the same.</p>"
    elif line.word.sides and not script.trouble:
        yield f"<p class=means>Not compared on this page; {restore_command(line.path)} does.</p>"
    yield "</details>"


def _timeline(report: ReportData) -> Iterator[str]:
    drawn = list(lanes(report.scripts))
    if drawn:
        yield '<section aria-labelledby="times">\n<h2 id="times">When it was saved</h2>'
        yield legend()
        yield from drawn
        yield "</section>"


def _table(report: ReportData) -> Iterator[str]:
    if not report.scripts:
        return
    is_open = " open" if len(report.scripts) <= _ROWS else ""
    yield '<section aria-labelledby="all">\n<h2 id="all">All scripts</h2>'
    total = pluralize(len(report.scripts), "script")
    yield f"<details class=listed{is_open}><summary>{total}</summary>"
    yield "<div class=wide tabindex=0 role=region aria-labelledby=all><table class=all>\n<thead>"
    yield "<tr><th scope=col>State<th scope=col>File<th scope=col>Name there"
    yield "<th scope=col>Version<th scope=col>Last saved</tr>\n</thead>\n<tbody>"
    for script in report.scripts:
        line = script.line
        when = time(script.modified) if script.modified else ""
        name = safe(line.renamed_to or line.name)
        yield (
            f"<tr><td>{word(line.word)}<th scope=row><bdi class=path>{break_path(line.path)}</bdi>"
            f"<td><bdi>{name}</bdi><td class=versions>{versions(line)}<td>{when}</tr>"
        )
    yield "</tbody>\n</table></div></details>\n</section>"


def _words(report: ReportData) -> Iterator[str]:
    counts = Counter(script.line.word for script in report.scripts)
    if counts:
        yield '<section aria-labelledby="words">\n<h2 id="words">The words</h2>\n<dl>'
        for name in _ordered(counts):
            yield f"<div><dt>{word(name)}</dt><dd>{meaning(name)}</dd></div>"
        yield "</dl>\n</section>"
