"""A side-by-side diff of two texts, as a table."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from pinesync.app.sync.report_data import Script
from pinesync.app.sync.text_diff import Half, Pair, SideBySide
from pinesync.cli.html_report.html import code, safe
from pinesync.text.filenames import shell_quote
from pinesync.text.plural import pluralize


def sides(script: Script, found: SideBySide) -> Iterator[str]:
    """The hunks of the two texts. If only one text has lines, only its column."""
    left, right = safe(script.left), safe(script.right)
    pairs = [pair for piece in found.pieces for pair in piece]
    heads = {
        "left": f"<th class=from scope=col colspan=2>{left}",
        "right": f"<th class=to scope=col colspan=2>{right}",
    }
    shown = [side for side in heads if any(getattr(pair, side) for pair in pairs)] or [*heads]
    yield "<table class=sides>"
    yield f"<caption>{safe(script.line.path)}: {left} and {right}</caption>"
    yield f"<colgroup>{'<col class=number><col>' * len(shown)}</colgroup>\n<thead>"
    yield f"<tr>{''.join(heads[side] for side in shown)}</tr>\n</thead>"
    for piece in found.pieces:
        yield "<tbody>"
        for pair in piece:
            cells = dict(zip(heads, _cells(pair), strict=True))
            yield f"<tr{' class=same' * pair.same}>{''.join(cells[side] for side in shown)}</tr>"
        yield "</tbody>"
    yield "</table>"
    if found.left_out:
        more = pluralize(found.left_out, "line")
        yield f"<p class=means>{more} more; {restore_command(script.line.path)} shows them.</p>"


def restore_command(path: str) -> str:
    """The command that shows the whole diff."""
    return f"<code>{safe(f'pinesync diff {shell_quote(path)}')}</code>"


def _cells(pair: Pair) -> tuple[str, str]:
    if pair.same:
        return _cell(pair.left), _cell(pair.right)
    left, right = pair.left, pair.right
    start, end = _common(left.text, right.text) if left and right else (0, 0)
    return _cell(left, "del", start, end), _cell(right, "ins", start, end)


def _cell(half: Half | None, tag: str = "", start: int = 0, end: int = 0) -> str:
    """The line number and the line, with the changed part between `start` and `end` marked."""
    if half is None:
        return "<td class=none><td class=none>"
    line = half.text.removesuffix("\n")
    last = "" if half.text.endswith("\n") else "<small>no newline at the end</small>"
    if not tag:
        return f"<td>{half.number}<td><code>{code(line)}</code>{last}"
    stop = len(line) - end
    if start + end:
        inside = f"{code(line[:start])}<mark>{code(line[start:stop])}</mark>{code(line[stop:])}"
    else:
        inside = code(line)
    return (
        f"<td class={tag}>{half.number}<td class={tag}><{tag}><code>{inside}</code></{tag}>{last}"
    )


def _common(one: str, other: str) -> tuple[int, int]:
    """The lengths of the common prefix and suffix of two lines."""
    one, other = one.removesuffix("\n"), other.removesuffix("\n")
    start = sum(1 for _ in takewhile(lambda p: p[0] == p[1], zip(one, other, strict=False)))
    rest = min(len(one), len(other)) - start
    both = zip(reversed(one), reversed(other), strict=False)
    end = sum(1 for _ in takewhile(lambda p: p[0] == p[1], both))
    return start, min(end, rest)
