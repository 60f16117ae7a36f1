"""What only a full compile reports: exact at each limit, and never too strict."""

import pytest

from pinesync.sandbox.compiler.limits import (
    MAX_PLOTS,
    MAX_REQUESTS,
    MAX_TOKENS,
    TOO_LONG,
    all_findings,
)
from pinesync.sandbox.seeds import seeds
from pinesync.text.pine_syntax import tokens

HEAD = '//@version=6\nindicator("x")\n'


def requests(count: int) -> str:
    calls = (f'r{n} = request.security("A:{n}", "D", close)\n' for n in range(count))
    return HEAD + "".join(calls)


def long(count: int) -> str:
    """A text with exactly this number of tokens, not counting comments and line ends."""
    named = sum(token.kind not in ("newline", "comment") for token in tokens(HEAD))
    return HEAD + "x = 1" + " + 1" * ((count - named - 3) // 2) + "\n"


def findings(source: str) -> list[tuple[str, int, int]]:
    found = all_findings(source)
    assert all(item.span for item in found)
    return [(item.message, *(item.span or ())[:2]) for item in found]


def test_the_seeds_are_within_all_limits() -> None:
    assert all(all_findings(text) == [] for seed in seeds() for text in seed.versions)


def test_too_many_plots_are_reported() -> None:
    assert findings(HEAD + "plot(close)\n" * MAX_PLOTS) == []
    (finding,) = findings(HEAD + "plot(close)\n" * (MAX_PLOTS + 6))
    assert finding == ("Too many plots: the limit is 64", 3 + MAX_PLOTS, 1)
    candles = "plotcandle(open, high, low, close)\n"
    assert findings(HEAD + candles * 16) == []
    assert findings(HEAD + candles * 17) == [("Too many plots: the limit is 64", 19, 1)]


@pytest.mark.parametrize(
    "line", ["chart.plot(close)", "// plot(close)", 'x = "plot(close)"', "hline(1)", "my_plot(1)"]
)
def test_other_calls_do_not_count_as_plots(line: str) -> None:
    own = "my_plot(x) => x\nvar chart = 1\n"
    assert findings(HEAD + own + f"{line}\n" * 70) == []


def test_too_many_requests_are_reported() -> None:
    assert findings(requests(MAX_REQUESTS)) == []
    (finding,) = findings(requests(MAX_REQUESTS + 3))
    assert finding == ("Too many request.*() calls: the limit is 40", 3 + MAX_REQUESTS, 7)


def test_the_same_request_counts_once() -> None:
    line = 'x := request.security("A", "D", close)\n'
    assert findings(HEAD + "x = 1.0\n" + line * 60) == []


def test_too_many_tokens_are_reported() -> None:
    assert all_findings(long(MAX_TOKENS)) == []
    (finding,) = all_findings(long(MAX_TOKENS + 2))
    assert finding.code == TOO_LONG
    assert finding.ctx == {"outputILLength": 100_257, "limit": 100_256}
    assert finding.message.endswith("100257. The limit is 100256")
    assert finding.span
    assert finding.span[0] == 3
    assert all_findings(long(MAX_TOKENS + 2).replace("indicator", "library")) == []


def test_the_tokens_of_a_very_large_text_are_counted() -> None:
    """Its names are not checked, but its tokens are counted."""
    (finding,) = all_findings(long(600_000))
    assert finding.code == TOO_LONG
    assert all_findings(HEAD + "// nothing\n" * 200_000) == []


def test_an_error_hides_the_limits() -> None:
    found = all_findings(HEAD + "plot(clsoe)\n" + "plot(close)\n" * 70)
    assert [finding.code for finding in found] == ["CE10272"]
