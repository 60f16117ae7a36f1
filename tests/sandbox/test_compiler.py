"""The sandbox's compiler: undeclared names to the column, and silence on everything valid."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinesync.model import Diagnostic, Verdict
from pinesync.sandbox.compiler import ScriptFacts, compile_source, describe, find
from pinesync.sandbox.seeds import seeds

HEAD = '//@version=6\nindicator("x")\n'

SEEDS = [
    pytest.param(text, id=f"{seed.name} {number}")
    for seed in seeds()
    for number, text in enumerate(seed.versions, 1)
]


@pytest.mark.parametrize("text", SEEDS)
def test_every_seed_compiles(text: str) -> None:
    assert compile_source(text) == Verdict()
    assert 10 <= text.count("\n") <= 120
    assert "\r" not in text.replace("\r\n", "")


def test_the_seeds_are_a_realistic_account() -> None:
    names = [seed.name for seed in seeds()]
    assert len(set(names)) == len(names) >= 12
    assert {"Range Filter", "range filter", "Мой индикатор", "測試 RSI", "ATR/ADX Combo"} <= {
        *names
    }
    assert [seed.name for seed in seeds() if "\r\n" in seed.versions[0]] == ["ATR/ADX Combo"]
    assert max(len(seed.versions) for seed in seeds()) == 4
    assert all(len({*seed.versions}) == len(seed.versions) for seed in seeds())
    kinds = {describe(seed.versions[-1]).kind for seed in seeds()}
    assert kinds == {"study", "strategy", "library"}


def undeclared(source: str) -> list[str]:
    return [one.ctx["identifier"] for one in find(source) if one.code == "CE10272"]


def test_an_undeclared_name_is_told_with_its_place() -> None:
    (found,) = find(HEAD + "plot(clse + 1)")
    assert (found.line, found.column, found.end_line, found.end_column) == (3, 6, 3, 9)
    assert found.template == 'Undeclared identifier "{identifier}"'
    assert found.ctx == {"identifier": "clse"}
    assert compile_source(HEAD + "plot(clse + 1)").errors == (
        Diagnostic("error", 3, 6, 3, 9, 'Undeclared identifier "clse"', "CE10272"),
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_places_hold_for_every_line_end(end: str) -> None:
    source = (HEAD + '\tx = "日本" + nope').replace("\n", end)
    assert [(one.line, one.column) for one in find(source)] == [(3, 13)]


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("x := 1", ["x"]),
        ("x += 1", ["x"]),
        ("plot(close, colour = red)", ["red"]),
        ("f(a) => a + b", ["b"]),
        ("x = y.z", ["y"]),
        ("x = tta.sma(close, 5)", ["tta"]),
        ("x = Point.new()", ["Point"]),
        ("foo(1)\nplot(length)", ["foo", "length"]),
        ("plot(close, title = length)\nplot(title)", ["length", "title"]),
        ("type P\n    float a = b", ["b"]),
        ("x = array.new<Thing>()", ["Thing"]),
        ("sma(close, 5)", ["sma"]),
        ('import a/b/1 as c\nx = b.f() + c.f("d")', ["b"]),
        ("for i = 0 to n\n    i", ["n"]),
        ("x = x1\ny = x1", ["x1", "x1"]),
    ],
)
def test_undeclared_names(code: str, names: list[str]) -> None:
    assert undeclared(HEAD + code) == names


VALID = {
    "wrapped": "x = close >\n     open ?\n     high :\n     low\nplot(\nx,\n    title = 'a')",
    "declarations": "a = 1, var b = 2\nvarip int c = 0\nfloat d = na\nc := a + b\nd := c",
    "tuple": "[a, _, c] = ta.macd(close, 1, 2, 3)\nplot(a + c)",
    "function": "f(series float src, simple int len = 14, array<float> xs) =>\n"
    "    y = src[len] + xs.get(0)\n    y\nplot(f(close, len = 2))",
    "loops": "xs = array.from(1, 2)\nfor i = 0 to 9 by 2\n    a = i\nfor x in xs\n    b = x\n"
    "for [i, x] in xs\n    if i > 2\n        break\n    else\n        continue",
    "while": "i = 0\nwhile i < 5\n    i += 1",
    "switch": 'k = input.string("a", options = ["a", "b"])\nx = switch k\n    "a" => open\n'
    "    => close\ny = switch\n    open > close => 1\n    ta.cross(open, x) => 2",
    "types": "//@type A point\n//@field x The index\nexport type Point\n    int x\n"
    "    float y = 0.0\n"
    "    array<Point> next\n    varip bool seen = false\n    chart.point where = na\n\n"
    "Point p = Point.new(1, y = 2.0)\np.x := 3\np.y += 1\nmethod up(Point this, float by_ = 1) =>\n"
    "    this.y += by_\n    this\np.up().up(by_ = 2)\nq = Point.copy(p)",
    "enums": 'enum Side\n    long = "L"\n    short\n\nSide s = input.enum(Side.long, "S")\n'
    "m = map.new<Side, color>()\nm.put(Side.short, #ff0000)",
    "generics": "var matrix<float> m = matrix.new<float>(2, 2, 0)\nvar map<string, int> k = map.new"
    '<string, int>()\nk.put("a", 1)\nint[] old = array.new_int(0)\nfor [key, value] in k\n'
    '    log.info("{0} {1}", key, value)',
    "imports": "import 5min_guy/Some-Lib/12 as lib\nimport user/Other/1\n"
    "lib.Type t = lib.make(1)\nOther.go(t)",
    "annotations": "//@function Does it.\n//@param x Undeclared here\n//@returns nothing\n"
    "f(x) => x\n"
    "//@variable about b\na = f(1)",
    "export": "export f(float x) =>\n    x * 2\nexport const float K = 1.5\nexport "
    "method g(float x) =>"
    " x",
    "strings": 'a = "// b \\" c" + \'d \\\' e\' // f\nb = """one\n  two (three\n"""',
    "block values": "x = if close > open\n    1\nelse if close < open\n    -1\n"
    "else\n    0\nplot(x)",
    "requests": 'syms = array.from("A", "B")\nfor s in syms\n'
    "    v = request.security(s, timeframe.period, bar_index % 2 == 0 ? close : open)\n    plot(v)",
    "strict bool": "bool up = close > open\nbool both = up and not up[1] or false\n"
    "plot(both ? 1 : 0)",
    "drawings": "var line l = na\nvar table t = table.new(position.top_right, 1, 1)\n"
    "pl = polyline.new(array.from(chart.point.now(high)), true)\n"
    "l := line.new(bar_index, low, bar_index, high, xloc = xloc.bar_index, extend = extend.both)\n"
    "linefill.new(l, l, color.rgb(1, 2, 3, t = 50))\nbox b = box.new(na, na, na, na)",
    "variables": "plot(hlcc4 + time_tradingday + last_bar_time + bid + dayofmonth + weekofyear)",
    "nested": "f(x) =>\n    g = x\n    if g > 0\n        h = g\n        h\n    else\n        0\n"
    "plot(f(math.max(f(1), f(2))))",
    "tabs": "if close > open\n\talert('x', alert.freq_once_per_bar)\n\tx = 1",
    "one line": "f(a, b) => a + b\nplot(f(1, 2)), plot(f(b = 1, a = 2))",
    "footprint": "footprint fp = request.footprint(100)\nvolume_row r = fp.poc()",
}


@pytest.mark.parametrize("name", VALID)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_valid_pine_yields_nothing(name: str, end: str) -> None:
    assert find((HEAD + VALID[name]).replace("\n", end)) == []


def test_bare_names_are_those_of_old_versions_only() -> None:
    code = 'study("x")\nx = sma(close, input(5, type = input.integer))\n'
    code += 'plot(security(tickerid, "D", x))'
    assert find("//@version=4\n" + code) == []
    assert undeclared("//@version=5\n" + code) == ["study", "sma", "security", "tickerid"]


def test_a_version_that_is_not_known_yet_is_not_judged() -> None:
    assert find("//@version=7\nnewThing(brandNew)") == []


def test_a_missing_version_is_the_only_warning() -> None:
    (found,) = find('study("x")\nplot(close)')
    assert found.severity == "warning"
    assert (found.line, found.column, found.end_line, found.end_column) == (1, 1, 1, 1)
    verdict = compile_source("plot(nope)")
    assert len(verdict.errors) == len(verdict.warnings) == 1


def test_a_syntax_error_hides_names_and_keeps_braces_out_of_the_template() -> None:
    (found,) = find(HEAD + "plot(nope) {")
    assert found.code == "CE10156"
    assert found.template == "Syntax error: {detail}"
    assert found.message == 'Syntax error: unexpected character "{"'


def test_describe() -> None:
    source = (
        '//@version=5\nstrategy("A & B")\na = input.int(1)\nb = input(2.0, "x")\n'
        '// input.bool(true)\nc = "input.int(1)"\nd = x.input.int(1)'
    )
    assert describe(source) == ScriptFacts("strategy", "A & B", 2)
    assert describe("") == ScriptFacts("study", "", 0)


@given(st.text(alphabet="abf =:>,.()[]\n\t\"'/1") | st.text())
def test_any_text_gets_a_verdict(source: str) -> None:
    compile_source(source)
    describe(source)


@given(
    st.lists(
        st.sampled_from(["for", "type", "enum", "import", "as", "in", "x", "=", "=>", "(", ")"])
        | st.sampled_from(["[", "]", ",", ".", "/", "\n", "\n    ", "export", "1", "<", ">"]),
        max_size=30,
    )
)
def test_any_order_of_words_gets_a_verdict(words: list[str]) -> None:
    compile_source(" ".join(words))
    describe(" ".join(words))
