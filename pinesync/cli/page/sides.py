"""Two texts beside each other, as a table."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from pinesync.cli.page.writing import code, safe
from pinesync.cli.render import counted
from pinesync.commands.beside import Beside, Half, Pair
from pinesync.commands.picture import Script
from pinesync.naming import typed


def sides(script: Script, found: Beside) -> Iterator[str]:
    """The pieces of the two texts that differ."""
    left, right = safe(script.left), safe(script.right)
    yield "<table class=sides>"
    yield f"<caption>{safe(script.line.path)}: {left} and {right}</caption>"
    yield "<colgroup><col class=number><col><col class=number><col></colgroup>\n<thead>"
    yield f"<tr><th scope=col colspan=2>{left}<th scope=col colspan=2>{right}</tr>\n</thead>"
    for piece in found.pieces:
        yield "<tbody>"
        for pair in piece:
            yield _row(pair)
        yield "</tbody>"
    yield "</table>"
    if found.left_out:
        more = counted(found.left_out, "line")
        yield f"<p class=means>{more} more; {at_a_prompt(script.line.path)} shows them.</p>"


def at_a_prompt(path: str) -> str:
    """The command that shows all that differs."""
    return f"<code>{safe(f'pinesync diff {typed(path)}')}</code>"


def _row(pair: Pair) -> str:
    if pair.same:
        return f"<tr class=same>{_cell(pair.left)}{_cell(pair.right)}</tr>"
    left, right = pair.left, pair.right
    start, end = _common(left.text, right.text) if left and right else (0, 0)
    return f"<tr>{_cell(left, 'del', start, end)}{_cell(right, 'ins', start, end)}</tr>"


def _cell(half: Half | None, tag: str = "", start: int = 0, end: int = 0) -> str:
    """The number and the line; what differs in it, between its two ends, set off."""
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
    """How many characters two lines share at their beginning and at their end."""
    one, other = one.removesuffix("\n"), other.removesuffix("\n")
    start = sum(1 for _ in takewhile(lambda p: p[0] == p[1], zip(one, other, strict=False)))
    rest = min(len(one), len(other)) - start
    both = zip(reversed(one), reversed(other), strict=False)
    end = sum(1 for _ in takewhile(lambda p: p[0] == p[1], both))
    return start, min(end, rest)
