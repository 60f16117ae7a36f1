"""A side-by-side diff of two texts, as a table."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from pinesync.app.sync.report_data import Script
from pinesync.app.sync.text_diff import DiffLine, DiffRow, SideBySide
from pinesync.cli.html_report.html import code, safe
from pinesync.text.filenames import shell_quote
from pinesync.text.plural import pluralize


def sides(script: Script, diff: SideBySide) -> Iterator[str]:
    """The hunks of the two texts. If only one text has lines, only its column."""
    left, right = safe(script.left), safe(script.right)
    rows = [row for hunk in diff.hunks for row in hunk]
    heads = {
        "left": f"<th class=from scope=col colspan=2>{left}",
        "right": f"<th class=to scope=col colspan=2>{right}",
    }
    shown = [side for side in heads if any(getattr(row, side) for row in rows)] or [*heads]
    yield "<table class=sides>"
    yield f"<caption>{safe(script.line.path)}: {left} and {right}</caption>"
    yield f"<colgroup>{'<col class=number><col>' * len(shown)}</colgroup>\n<thead>"
    yield f"<tr>{''.join(heads[side] for side in shown)}</tr>\n</thead>"
    for hunk in diff.hunks:
        yield "<tbody>"
        for row in hunk:
            cells = dict(zip(heads, _cells(row), strict=True))
            yield f"<tr{' class=same' * row.same}>{''.join(cells[side] for side in shown)}</tr>"
        yield "</tbody>"
    yield "</table>"
    if diff.omitted:
        more = pluralize(diff.omitted, "line")
        yield f"<p class=means>{more} more; {restore_command(script.line.path)} shows them.</p>"


def restore_command(path: str) -> str:
    """The command that shows the whole diff."""
    return f"<code>{safe(f'pinesync diff {shell_quote(path)}')}</code>"


def _cells(row: DiffRow) -> tuple[str, str]:
    if row.same:
        return _cell(row.left), _cell(row.right)
    left, right = row.left, row.right
    start, end = _common(left.text, right.text) if left and right else (0, 0)
    return _cell(left, "del", start, end), _cell(right, "ins", start, end)


def _cell(line: DiffLine | None, tag: str = "", start: int = 0, end: int = 0) -> str:
    """The line number and the line, with the changed part between `start` and `end` marked."""
    if line is None:
        return "<td class=none><td class=none>"
    text = line.text.removesuffix("\n")
    last = "" if line.text.endswith("\n") else "<small>no newline at the end</small>"
    if not tag:
        return f"<td>{line.number}<td><code>{code(text)}</code>{last}"
    stop = len(text) - end
    if start + end:
        inside = f"{code(text[:start])}<mark>{code(text[start:stop])}</mark>{code(text[stop:])}"
    else:
        inside = code(text)
    return (
        f"<td class={tag}>{line.number}<td class={tag}><{tag}><code>{inside}</code></{tag}>{last}"
    )


def _common(one: str, other: str) -> tuple[int, int]:
    """The lengths of the common prefix and suffix of two lines."""
    one, other = one.removesuffix("\n"), other.removesuffix("\n")
    start = sum(1 for _ in takewhile(lambda p: p[0] == p[1], zip(one, other, strict=False)))
    rest = min(len(one), len(other)) - start
    both = zip(reversed(one), reversed(other), strict=False)
    end = sum(1 for _ in takewhile(lambda p: p[0] == p[1], both))
    return start, min(end, rest)
