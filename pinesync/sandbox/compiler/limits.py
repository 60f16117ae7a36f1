"""The limits that only a full compile sees: plots, requests, tokens.

The sandbox is never stricter than the real compiler: each call counts as few times as it can, and
tokens are those of the source.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pinesync.sandbox.compiler.compile import describe, find
from pinesync.sandbox.compiler.diagnostic import Finding, Span
from pinesync.text import pine_syntax
from pinesync.text.pine_syntax import Lines
from pinesync.text.source_structure import Call, Code, calls

TOO_LONG = "CE10117"
_TOO_LONG_TEXT = "The script has too many tokens: {outputILLength}. The limit is {limit}"
MAX_TOKENS = 100_256
MAX_TOKENS_OF_LIBRARY = 1_000_000
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


def all_findings(source: str) -> list[Finding]:
    """The findings of a full compile. Limits are checked only if there is no error."""
    findings = find(source)
    if any(finding.severity == "error" for finding in findings):
        return findings
    return [*_limit_findings(source), *findings]


def _limit_findings(source: str) -> Iterator[Finding]:
    limit = MAX_TOKENS_OF_LIBRARY if describe(source).kind == "library" else MAX_TOKENS
    lines = Lines(source)
    count, beyond = 0, None
    for token in pine_syntax.scan(source):
        if token.kind not in ("comment", "newline"):
            count += 1
            beyond = beyond or (token if count > limit else None)
    if beyond:
        ctx = {"outputILLength": count, "limit": limit}
        yield Finding(TOO_LONG, _TOO_LONG_TEXT, ctx, lines.span(beyond.start, beyond.end))
    if len(source) > pine_syntax.MAX_CHARS:
        return
    code = Code.of(source)
    all_calls = list(calls(code))

    def span(first: int, last: int) -> Span:
        return lines.span(code.tokens[first].start, code.tokens[last].end)

    if past := _first_over(MAX_PLOTS, ((_PLOTS.get(call.name, 0), call) for call in all_calls)):
        template = "Too many plots: the limit is {limit}"
        yield Finding("", template, {"limit": MAX_PLOTS}, span(past.start, past.closed))
    if past := _first_over(MAX_REQUESTS, _requests(all_calls, code)):
        template = "Too many request.*() calls: the limit is {limit}"
        yield Finding("", template, {"limit": MAX_REQUESTS}, span(past.start, past.closed))


def _first_over(limit: int, counts: Iterable[tuple[int, Call]]) -> Call | None:
    """The first call that exceeds the limit."""
    total = 0
    for count, call in counts:
        total += count
        if total > limit:
            return call
    return None


def _requests(calls: list[Call], code: Code) -> Iterator[tuple[int, Call]]:
    """Pair each request with its count: 1, or 0 if the same request came before."""
    seen: set[tuple[str, ...]] = set()
    for call in calls:
        if call.name.startswith("request."):
            texts = tuple(token.text for token in code.tokens[call.start : call.closed + 1])
            yield int(texts not in seen), call
            seen.add(texts)
