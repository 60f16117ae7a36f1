"""The sandbox's compiler: undeclared names to the column, and silence on everything valid."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinesync.model import Diagnostic, Verdict
from pinesync.sandbox.compiler import builtins
from pinesync.sandbox.compiler.compile import ScriptFacts, compile_source, describe, find, is_old
from pinesync.sandbox.compiler.diagnostic import Finding
from pinesync.sandbox.seeds import seeds

SHARED_FILE = Path(__file__).resolve().parents[3] / "shared" / "data" / "pine_v6_names.json"
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


def test_the_seeds_form_a_realistic_account() -> None:
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
    return [str(finding.ctx["identifier"]) for finding in find(source) if finding.code == "CE10272"]


def not_found(source: str) -> list[str]:
    return [str(finding.ctx["fullName"]) for finding in find(source) if finding.code == "CE10271"]


def test_an_undeclared_name_is_reported_with_its_position() -> None:
    (found,) = find(HEAD + "plot(clse + 1)")
    assert found.span == (3, 6, 3, 9)
    assert found.template == 'Undeclared identifier "{identifier}"'
    assert found.ctx == {"identifier": "clse"}
    assert compile_source(HEAD + "plot(clse + 1)").errors == (
        Diagnostic("error", 3, 6, 3, 9, 'Undeclared identifier "clse"', "CE10272"),
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_positions_hold_for_every_line_end(end: str) -> None:
    source = (HEAD + '\tx = "日本" + nope').replace("\n", end)
    assert [finding.span for finding in find(source)] == [(3, 13, 3, 16)]


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
        ("plot(length)\nfoo(1)", ["length"]),
        ("x = color.badname", ["color.badname"]),
        ("x = ta.smaa", ["ta.smaa"]),
        ("plot(close, style = plot.style_lines)", ["plot.style_lines"]),
        ("x = strategy.closedtrades.first", ["strategy.closedtrades.first"]),
        ("x = undefined.push(1)", ["undefined"]),
        ("plot(close, title = length)\nplot(title)", ["length", "title"]),
        ("type P\n    float a = b", ["b"]),
        ("x = array.new<Thing>()", ["Thing"]),
        ('import a/b/1 as c\nx = b.f() + c.f("d")', ["b"]),
        ("for i = 0 to n\n    i", ["n"]),
        ("x = x1\ny = x1", ["x1", "x1"]),
    ],
)
def test_undeclared_names_are_found(code: str, names: list[str]) -> None:
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
def test_valid_pine_has_no_findings(name: str, end: str) -> None:
    assert find((HEAD + VALID[name]).replace("\n", end)) == []


def test_names_without_a_namespace_exist_only_in_old_versions() -> None:
    code = 'study("x")\nx = sma(close, input(5, type = input.integer))\n'
    code += 'plot(security(tickerid, "D", x))'
    assert find("//@version=4\n" + code) == []
    assert not_found("//@version=5\n" + code) == ["study", "sma", "security"]
    assert undeclared("//@version=5\n" + code) == ["input.integer", "tickerid"]


def test_names_of_a_future_version_are_not_checked() -> None:
    assert find("//@version=7\nnewThing(brandNew)") == []


@pytest.mark.parametrize(
    ("source", "old"),
    [
        ("//@version=4\n", True),
        ("", True),
        ("//\u00a0@version=6\n", True),
        ("//@version=5\n", False),
        ("// @version = 6\n", False),
        ("//@version=7\n", False),
    ],
)
def test_versions_before_5_are_old(source: str, old: bool) -> None:
    assert is_old(source + "plot(close)") == old


def test_a_missing_version_is_not_reported() -> None:
    assert find('study("x")\nplot(close)') == []


# -- functions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "name", "span", "kind"),
    [
        ("x = nonExistent(close, 14)", "nonExistent", (3, 5, 3, 15), "function"),
        ("y = f(1)\nf(x) => x", "f", (3, 5, 3, 5), "function"),
        ("v = 1\nw = v(2)", "v", (4, 5, 4, 5), "function"),
        ("z = ta.bogus(close, 5)", "ta.bogus", (3, 5, 3, 12), "function"),
        ("z = math.notreal(1)", "math.notreal", (3, 5, 3, 16), "function"),
        ("z = str.trimx('a')", "str.trimx", (3, 5, 3, 13), "function"),
        ("z = input.intt(1)", "input.intt", (3, 5, 3, 14), "function"),
        ("z = color.red(1)", "color.red", (3, 5, 3, 13), "function"),
        ("z = math.pi(2)", "math.pi", (3, 5, 3, 11), "function"),
        ("z = close(1)", "close", (3, 5, 3, 9), "function"),
        ("strategy.risk.nope(5)", "strategy.risk.nope", (3, 1, 3, 18), "function"),
        ("chart.point.make(5)", "chart.point.make", (3, 1, 3, 16), "function"),
    ],
)
def test_an_unknown_function_is_reported(
    code: str, name: str, span: tuple[int, int, int, int], kind: str
) -> None:
    (found,) = find(HEAD + code)
    assert (found.code, found.span) == ("CE10271", span)
    assert found.template == "Could not find {kind} '{fullName}'"
    assert found.ctx == {"kind": f"{kind} or {kind} reference", "fullName": name}
    assert found.message == f"Could not find {kind} or {kind} reference '{name}'"


def test_a_method_of_an_undeclared_name_is_reported_twice() -> None:
    receiver, method = find(HEAD + "x = undefinedArr.push(1.0)")
    assert (receiver.code, receiver.span) == ("CE10272", (3, 5, 3, 16))
    assert (method.code, method.ctx["kind"]) == ("CE10271", "method or method reference")
    assert method.span == (3, 17, 3, 21)


@pytest.mark.parametrize(
    "code",
    [
        "f(x) => x\ny = f(1)",
        "g() =>\n    f(1)\nf(x) => x",
        "f(x) =>\n    x > 0 ? f(x - 1) : 0\nplot(f(1))",
        "f(x) => x\nf(x, y) => x + y\nplot(f(1, 2))",
        "export f(float x) => x\nplot(f(1))",
        "method f(float x) => x\nplot(f(close))",
        "color = 'abc'\nx = color.red(1)",
        "math = array.new<float>(0)\nmath.push(1.0)",
        "f(string timeframe) => timeframe.in_seconds(timeframe)",
        "import TradingView/ta/7\nx = ta.dema(close, 10)",
        "import TradingView/ta/7 as ta\nx = ta.dema(close, 10)\ny = ta.some_constant",
        "type ta\n    int x\nx = ta.new(1)",
        "enum color\n    mine\nx = color.mine",
        "label = label.new(bar_index, high)\nlabel(na).delete()",
        "x = ta.tr(true) + ta.tr",
        "x = label.all.size() + box.all.get(0).get_top()",
        "x = strategy.closedtrades + strategy.closedtrades.size(0)",
        "method half(int x) => x / 2\nx = strategy.closedtrades.half()",
        "x = map.new<string, float>(), y = matrix.new<int>(1, 1), z = array.new_int(1)",
        "chart.point p = na\np := chart.point.now(close)",
        "array<chart.point> ps = array.new<chart.point>()",
        "x = close\n(open)",
        "a = input(1), b = nz(a), c = na(b), d = int(c), e = time('D'), f = timestamp(1, 2, 3)",
        "plot = 1\nplot(plot)",
        "y = switch\n    f(1) => 2\n    => 3\nf(x) => x > 1",
    ],
)
def test_valid_and_uncertain_calls_are_not_reported(code: str) -> None:
    assert find(HEAD + code) == []
    assert find(HEAD.replace("6", "5") + code) == []


def test_namespaces_are_not_checked_in_old_pine() -> None:
    assert find("//@version=4\nx = ta.whatever(input.integer)") == []
    assert not_found("//@version=4\nx = whatever(1)") == ["whatever"]


@pytest.mark.skipif(not SHARED_FILE.exists(), reason="the shared data is not beside this clone")
def test_the_known_names_equal_the_reference() -> None:
    facts = json.loads(SHARED_FILE.read_text("utf-8"))
    assert {name.partition("<")[0] for name in facts["functions"]} == builtins.FUNCTIONS
    assert {*facts["variables"], *facts["constants"]} == builtins.VALUES
    assert {*facts["types"], *facts["keywords"]} <= builtins.TYPES | builtins.WORDS | builtins.NAMES


@pytest.mark.parametrize("name", sorted(builtins.FUNCTIONS))
def test_every_function_of_pine_can_be_called(name: str) -> None:
    of = "<string, int>" if name == "map.new" else "<int>" * (name in ("array.new", "matrix.new"))
    assert find(HEAD + f"x = {name}{of}(1)") == []


@pytest.mark.parametrize("name", sorted(builtins.VALUES))
def test_every_variable_and_constant_of_pine_is_known(name: str) -> None:
    assert find(HEAD + f"x = {name}") == []
    if name not in builtins.FUNCTIONS:
        assert not_found(HEAD + f"x = {name}(1)") == [name]


# -- syntax ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "value", "span"),
    [
        ("plot(nope) {", '"{"', (3, 12, 3, 12)),
        ("plot(nope))", '")"', (3, 11, 3, 11)),
        ("plot(nope", '"("', (3, 5, 3, 5)),
        ("x = nope +\n", '"end of line without line continuation"', (3, 10, 3, 10)),
        ("x = " + "д" * 99, '"' + "д" * 40 + '"', (3, 5, 3, 103)),
    ],
)
def test_a_syntax_error_hides_undeclared_names(
    code: str, value: str, span: tuple[int, int, int, int]
) -> None:
    (found,) = find(HEAD + code)
    assert found == Finding("CE10156", "Syntax error at input {value}", {"value": value}, span)


@pytest.mark.parametrize("source", ["//@version=6\n", "//@version=6\n// words\n"])
def test_an_empty_script_is_reported_without_a_position(source: str) -> None:
    message = "Script doesn't contain any statements"
    assert find(source) == [Finding("CE10250", message, {}, None)]
    assert compile_source(source).errors == (Diagnostic("error", 1, 1, 1, 1, message, "CE10250"),)


def test_a_string_over_several_lines_is_deprecated() -> None:
    code = 'if close > open\n    x = "a" + "b\n\n      c"\n    y = x\n'
    (found,) = find(HEAD + code)
    assert (found.code, found.span, found.severity) == ("CW10001", (4, 1, 4, 1), "warning")
    assert found.message.startswith(
        "Defining a string enclosed in a single pair of quotation marks"
    )
    (older,) = find(HEAD.replace("6", "5") + code)
    assert (older.code, older.message) == ("", found.message)
    assert find(HEAD + 'x = """b\nc"""') == []
    (ended,) = find(HEAD + 'x = "b\nc"')
    assert (ended.code, ended.span) == ("CE10017", (3, 1, 3, 6))


# -- types ----------------------------------------------------------------------------------------


def test_a_bool_argument_for_a_number_is_reported() -> None:
    (found,) = find(HEAD + "plot(true)")
    assert (found.code, found.span) == ("CE10123", (3, 6, 3, 9))
    assert found.ctx["argUserFriendlyRepresentation"] is True
    assert found.message.startswith('Cannot call "plot" with argument "series"="true". An argument')
    order = find(HEAD + "x = nope\ny = math.abs(false)\nz = nope")
    assert [finding.code for finding in order] == ["CE10272", "CE10123", "CE10272"]


@pytest.mark.parametrize(
    "code", ["plot(true ? 1 : 0)", "plot(close, trackprice = true)", "math = 1\nx = math.abs(true)"]
)
def test_bool_arguments_elsewhere_are_accepted(code: str) -> None:
    assert find(HEAD + code) == []
    assert find(HEAD.replace("6", "5") + "plot(true)") == []


def test_describe_counts_inputs_and_reads_the_declaration() -> None:
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
def test_any_sequence_of_tokens_gets_a_verdict(words: list[str]) -> None:
    compile_source(" ".join(words))
    describe(" ".join(words))
