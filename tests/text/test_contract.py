"""What of a new text charts and alerts may misread: a pair of texts for each kind, and no alarm
where only comments and blanks differ."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest

from pinesync.model import Contract, Slot
from pinesync.protocol.metainfo import contract
from pinesync.sandbox.compiler.metainfo import metainfo
from pinesync.sandbox.published import scripts
from pinesync.sandbox.seeds import seeds
from pinesync.text.contract import compare, diagnostics
from pinesync.text.pine_inputs import estimate
from pinesync.text.pine_syntax import tokens
from tests.world.scripts import BREAKOUT, EXTRA, LONGER, TOOLS, TREND

A = 'a = input.int(1, "A")\n'
B = 'b = input.float(2.0, "B")\n'
C = 'c = input.bool(true, "C")\n'
P = 'plot(close, "P")\n'
Q = 'plotshape(close > open, "Q")\n'
V5 = '//@version=5\nindicator("x")\n'
V4 = '//@version=4\nstudy("x")\n'
STRATEGY = '//@version=6\nstrategy("x")\n'
CORPUS = [
    *(text for seed in seeds() for text in seed.versions),
    *(text for script in scripts() for text in script.versions),
    *(TREND, BREAKOUT, TOOLS, EXTRA, LONGER),
    V5 + A + B + C + P + Q,
    V4 + 'len = input(14, "Length", input.integer)\nsrc = input(close)\nplot(sma(src, len))\n',
]


def found(old: str, new: str) -> list[str]:
    return [f"{change} ({change.what})" for change in compare(estimate(old), estimate(new))]


PAIRS = {
    "an input is inserted at the top": (
        (A + B, C + A + B),
        ['in_0 "A" int → "C" bool (inserted)', 'in_1 "B" float → "A" int (shifted)'],
    ),
    "inserted further down": ((A + B, A + C + B), ['in_1 "B" float → "C" bool (inserted)']),
    "swapped": (
        (A + B + C, C + B + A),
        ['in_0 "A" int → "C" bool (swapped)', 'in_2 "C" bool → "A" int (swapped)'],
    ),
    "moved round": (
        (A + B + C, B + C + A),
        [
            'in_0 "A" int → "B" float (shifted)',
            'in_1 "B" float → "C" bool (shifted)',
            'in_2 "C" bool → "A" int (shifted)',
        ],
    ),
    "removed": (
        (A + B, B),
        ['in_0 "A" int → "B" float (removed)', 'in_1 "B" float → nothing (shifted)'],
    ),
    "the last is removed": ((A + B, A), ['in_1 "B" float → nothing (removed)']),
    "retyped": ((A, A.replace("int", "float")), ['in_0 "A" int → "A" float (retyped)']),
    "retitled": ((A, A.replace("A", "Z")), ['in_0 "A" int → "Z" int (retitled)']),
    "replaced": ((A, B), ['in_0 "A" int → "B" float (replaced)']),
    "the default gives the type": (
        ("x = input(1)\n", "x = input(1.5)\n"),
        ['in_0 "x" int → "x" float (retyped)'],
    ),
    "the type of v4": (
        ("x = input(1, 'X', input.integer)\n", "x = input(1, 'X', type = input.float)\n"),
        ['in_0 "X" int → "X" float (retyped)'],
    ),
    "two of one title, one of another group inserted": (
        (
            'a = input.int(1, "W", group = "g")\nb = input.int(2, "W", group = "h")\n',
            (
                'z = input.int(1, "W", group = "e")\na = input.int(1, "W", group = "g")\n'
                'b = input.int(2, "W", group = "h")\n'
            ),
        ),
        ['in_0 "W" int → "W" int (inserted)', 'in_1 "W" int → "W" int (shifted)'],
    ),
    "a plot is inserted": ((P, Q + P), ['plot_0 "P" plot → "Q" plotshape (inserted)']),
    "one without a title is inserted": (
        ("plot(open)\n", "plot(close)\nplot(open)\n"),
        ['plot_0 "Plot" plot → "Plot" plot (inserted)'],
    ),
    "plots are swapped": (
        (P + Q, Q + P),
        ['plot_0 "P" plot → "Q" plotshape (swapped)', 'plot_1 "Q" plotshape → "P" plot (swapped)'],
    ),
    "a plot is removed": ((P + Q, P), ['plot_1 "Q" plotshape → nothing (removed)']),
    "an alert's condition is retitled": (
        ('alertcondition(true, "S", "m")\n', 'alertcondition(true, "T", "m")\n'),
        ['plot_0 "S" alertcondition → "T" alertcondition (retitled)'],
    ),
    "a plot becomes a shape": (
        (P, P.replace("plot(", "plotshape(")),
        ['plot_0 "P" plot → "P" plotshape (retyped)'],
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_each_breaking_change_is_reported(name: str) -> None:
    (old, new), expected = PAIRS[name]
    assert found(V5 + old, V5 + new) == expected


SILENT = {
    "an input is appended": (A + B, A + B + C),
    "an input and a plot are appended": (A + P, A + B + P + Q),
    "a default": (A, A.replace("1", "99")),
    "a default that is computed": ("x = input(1)\n", "x = input(2 * 7)\n"),
    "another color": ("x = input(color.red)\n", "x = input(color.new(color.red, 50))\n"),
    "limits, tooltips and groups": (
        A,
        A.replace('"A"', '"A", minval = 1, group = "g", tooltip = "t"'),
    ),
    "the group of several": (
        'a = input.int(1, "W", group = "g")\nb = input.int(2, "W", group = "h")\n',
        'a = input.int(1, "W", group = "G")\nb = input.int(2, "W", group = "h")\n',
    ),
    "another variable": (A, A.replace("a =", "length =")),
    "wrapped": (A, 'a = input.int(\n     1, // input.int(2, "X")\n     title = "A")\n'),
    "other code": (A + P, A + "x = ta.sma(close, a)\n" + P.replace("close", "x")),
    "lines that are no plot": (P, 'hline(1, "H")\nfill(a, b)\n' + P),
    "an input in a string": (A, 's = "input.int(1)"\n' + A),
    "an input in a comment": (A, '// z = input.int(1, "Z")\n' + A),
    "a function of that name": (A, "plot(x) => x\n" + A),
    "line ends": (A + B, (A + B).replace("\n", "\r\n")),
}


@pytest.mark.parametrize("name", SILENT)
def test_harmless_changes_are_not_reported(name: str) -> None:
    old, new = SILENT[name]
    assert found(V5 + old, V5 + new) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (A, A + B, ['in_1 a property of the strategy → "B" float (appended)']),
        (A, B + A, ['in_0 "A" int → "B" float (inserted)']),
        (A + B, A, ['in_1 "B" float → a property of the strategy (removed)']),
        (A, A + P, []),
    ],
)
def test_a_new_input_moves_the_properties_of_a_strategy(
    old: str, new: str, expected: list[str]
) -> None:
    assert found(STRATEGY + old, STRATEGY + new) == expected


def test_each_cause_is_reported_once() -> None:
    def messages(old: str, new: str) -> list[str]:
        changes = compare(estimate(old), estimate(new))
        return [
            f"{finding.severity} {finding.code} {finding.message}"
            for finding in diagnostics(changes)
        ]

    assert messages(V5 + A + B + P, V5 + C + A + B + Q + P) == [
        (
            'warning PS010 in_0 "A" int → "C" bool: saved values may be read by another input '
            "(inserted, 1 more shifted, estimated)"
        ),
        (
            'warning PS011 plot_0 "P" plot → "Q" plotshape: alerts may be read by another plot '
            "(inserted, estimated)"
        ),
    ]
    assert messages(V5 + A + B + C, V5 + B + C + A)[0].endswith(
        "(shifted, 2 more shifted, estimated)"
    )
    assert messages(V5 + A, V5) == [
        (
            'warning PS010 in_0 "A" int → nothing: saved values may be read by no input '
            "(removed, estimated)"
        )
    ]
    assert messages(STRATEGY + A, STRATEGY + A + B) == [
        (
            'note PS010 in_1 a property of the strategy → "B" float: saved properties may be read '
            "by this input (appended, estimated)"
        )
    ]


def test_a_finding_points_at_the_new_input() -> None:
    (change,) = compare(estimate(V5 + A), estimate(V5 + "\n  b =  " + B[4:]))
    assert (change.line, change.column, change.end_line, change.end_column) == (4, 8, 4, 28)


def decorated(text: str) -> str:
    """The same text with more comments and blanks, none of them inside a string."""
    made, last = [], 0
    for token in tokens(text):
        if token.kind == "newline":
            made += [text[last : token.start], '  // x = input.int(1, "X")', token.text * 2]
            last = token.end
    return "// plot(close)\n\n" + "".join(made) + text[last:]


@pytest.mark.parametrize("number", range(len(CORPUS)))
def test_comments_and_blanks_are_not_reported(number: int) -> None:
    text = CORPUS[number]
    for other in (decorated(text), text.replace("\r\n", "\n"), re.sub(r"[ \t]+(?=\n)", "", text)):
        assert found(text, other) == found(other, text) == []


@pytest.mark.parametrize("number", range(len(CORPUS)))
def test_the_estimate_equals_the_compilers_contract(number: int) -> None:
    text = CORPUS[number]
    exact = contract({"metaInfo": metainfo(text, hidden=bool(number % 2))})
    own = estimate(text)
    assert exact
    assert exact.strategy == own.strategy
    for ours, theirs in ((own.inputs, exact.inputs), (own.plots, exact.plots)):
        assert [(s.title, s.type) for s in ours] == [(s.title, s.type) for s in theirs]


def test_every_pair_of_versions_of_a_seed_can_be_compared() -> None:
    for seed in seeds():
        for old, new in pairwise(seed.versions):
            changes = compare(estimate(old), estimate(new))
            assert len(diagnostics(changes)) <= len(changes)


IN = {"id": "in_0", "name": "A", "type": "integer"}


@pytest.mark.parametrize(
    ("meta", "expected"),
    [
        ({"inputs": [IN]}, Contract((Slot("A", "integer"),))),
        ({"inputs": [{**IN, "name": 7, "type": None}]}, Contract((Slot("", ""),))),
        ({"inputs": [{"id": "text"}, IN]}, Contract((Slot("A", "integer"),))),
        ({"inputs": [{**IN, "groupId": "strategy_props"}]}, Contract(strategy=True)),
        (
            {"inputs": [], "plots": [{"id": "plot_0", "type": "line"}, {}]},
            Contract((), (Slot("", "line"), Slot("", ""))),
        ),
        (
            {"inputs": [], "plots": [{"id": "plot_0"}], "styles": {"plot_0": {"title": "P"}}},
            Contract((), (Slot("P", ""),)),
        ),
        ({}, None),
        ([], None),
        ({"inputs": {}}, None),
        ({"inputs": [7]}, None),
        ({"inputs": [IN, IN]}, None),
        ({"inputs": [{**IN, "id": "in_1"}]}, None),
        ({"inputs": [], "plots": 7}, None),
        ({"inputs": [], "styles": []}, None),
    ],
)
def test_an_unknown_compiler_response_has_no_contract(
    meta: object, expected: Contract | None
) -> None:
    assert contract({"metaInfo": meta}) == expected
    assert contract(meta) is None


def test_a_comparison_of_two_compilations_is_not_marked_estimated() -> None:
    exact = replace(estimate(V5 + A), estimated=False)
    (finding,) = diagnostics(compare(exact, Contract()))
    assert "estimated" not in finding.message
