"""The limits that only a full compile sees: plots, requests, tokens.

As everywhere in the sandbox a script is never judged more strictly than the real compiler judges
it: each call counts for the least that it may count for, and tokens are those of the source.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pinesync import syntax
from pinesync.sandbox.compiler import Finding, find
from pinesync.syntax import Lines, Token

TOO_LONG = "CE10117"
MAX_TOKENS = 100_256
MAX_PLOTS = 64
MAX_REQUESTS = 40

_PLOTS = {
    "alertcondition": 1,
    "plot": 1,
    "plotarrow": 1,
    "plotbar": 4,
    "plotcandle": 4,
    "plotchar": 1,
    "plotshape": 1,
}


class _Call(NamedTuple):
    """A call by its dotted name, and the indices of its first and last token."""

    name: str
    start: int
    end: int


def find_all(source: str) -> list[Finding]:
    """What a full compile finds. Limits are only looked at in a text without an error."""
    found = find(source)
    if any(one.severity == "error" for one in found):
        return found
    code = [one for one in syntax.tokens(source) if one.kind not in ("newline", "comment")]
    return [*_over(source, code), *found]


def _over(source: str, code: list[Token]) -> Iterator[Finding]:
    lines, calls = Lines(source), list(_calls(code))

    def finding(said: str, limit: int, first: int, last: int, kind: str = "") -> Finding:
        place = lines.span(code[first].start, code[last].end)
        return Finding(kind, said, {"limit": str(limit), "tokens": str(len(code))}, *place)

    if len(code) > MAX_TOKENS:
        said = "The script is too long: {tokens} tokens, the limit is {limit}"
        yield finding(said, MAX_TOKENS, MAX_TOKENS, MAX_TOKENS, TOO_LONG)
    if past := _past(MAX_PLOTS, ((_PLOTS.get(call.name, 0), call) for call in calls)):
        yield finding("Too many plots: the limit is {limit}", MAX_PLOTS, past.start, past.end)
    if past := _past(MAX_REQUESTS, _requests(calls, code)):
        said = "Too many request.*() calls: the limit is {limit}"
        yield finding(said, MAX_REQUESTS, past.start, past.end)


def _past(limit: int, counts: Iterable[tuple[int, _Call]]) -> _Call | None:
    """The call with which the sum passes the limit."""
    total = 0
    for count, call in counts:
        total += count
        if total > limit:
            return call
    return None


def _requests(calls: list[_Call], code: list[Token]) -> Iterator[tuple[int, _Call]]:
    """The same request counts once, however often it is made."""
    made: set[tuple[str, ...]] = set()
    for call in calls:
        if call.name.startswith("request."):
            told = tuple(token.text for token in code[call.start : call.end + 1])
            yield int(told not in made), call
            made.add(told)


def _calls(code: list[Token]) -> Iterator[_Call]:
    """Every call of a name or a member."""
    opened: list[int] = []
    closed: dict[int, int] = {}
    for index, token in enumerate(code):
        if token.kind == "open":
            opened.append(index)
        elif token.kind == "close" and opened:
            closed[opened.pop()] = index
    for index, token in enumerate(code):
        if token.text != "(" or index not in closed or not index or code[index - 1].kind != "name":
            continue
        start = index - 1
        while start >= 2 and code[start - 1].text == "." and code[start - 2].kind == "name":
            start -= 2
        name = "".join(one.text for one in code[start:index])
        yield _Call(name, start, closed[index])
