"""The ids, types and values of inputs and plots, which charts and alerts rely on."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinesync.sandbox.compiler.compile import describe
from pinesync.sandbox.compiler.metainfo import count_inputs, metainfo
from pinesync.sandbox.seeds import seeds

HEAD = '//@version=6\nindicator("x")\n'


def only(code: str) -> dict[str, Any]:
    (found,) = metainfo(HEAD + code)["inputs"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("code", "kind", "defval"),
    [
        ("input.int(14)", "integer", 14),
        ("input.int(defval = -1_000)", "integer", -1000),
        ("input.float(2.5)", "float", 2.5),
        ("input.float(1e3)", "float", 1000.0),
        ("input.bool(true)", "bool", True),
        ('input.string("a, b")', "text", "a, b"),
        ("input.text_area('a')", "text_area", "a"),
        ("input.color(color.red)", "color", "color.red"),
        ("input.color(#ff0000)", "color", "#ff0000"),
        ("input.source(close)", "source", "close"),
        ("input.symbol('')", "symbol", ""),
        ("input.timeframe('D')", "resolution", "D"),
        ("input.session('0930-1600')", "session", "0930-1600"),
        ("input.time(timestamp('2024'))", "time", None),
        ("input.price(1.5)", "price", 1.5),
        ("input.enum(Side.long)", "text", "Side.long"),
        ("input(5)", "integer", 5),
        ("input(5.0)", "float", 5.0),
        ("input(false)", "bool", False),
        ("input('a')", "text", "a"),
        ("input(close)", "source", "close"),
        ("input(color.red)", "color", "color.red"),
        ("input(1, type = input.resolution)", "resolution", 1),
        ("input(1, type = input.float)", "float", 1),
        ("input.int(2 * 7)", "integer", None),
    ],
)
def test_inputs_have_types_and_default_values(code: str, kind: str, defval: object) -> None:
    found = only(f"x = {code}")
    assert (found["id"], found["type"], found["defval"]) == ("in_0", kind, defval)
    assert type(found["defval"]) is type(defval)
    assert (found["internalID"], found["groupId"]) == ("x", "")


def test_inputs_have_names_and_limits() -> None:
    found = only(
        "length = input.int(14, 'Length, bars', minval = 1, maxval = 99, step = 2, "
        "group = 'Main', inline = 'a', tooltip = 'How many')"
    )
    assert found["name"] == "Length, bars"
    assert (found["min"], found["max"], found["step"]) == (1, 99, 2)
    assert (found["group"], found["inline"], found["tooltip"]) == ("Main", "a", "How many")
    assert only("int length = input.int(14)")["name"] == "length"
    assert only("plot(input.int(14, title = 'T'))")["name"] == "T"
    assert only("x = input.string('a', options = ['a', 'b'])")["options"] == ["a", "b"]


def test_inputs_are_numbered_in_source_order() -> None:
    code = "a = input.int(1)\nunused = input.bool(true)\nf() => input.string('b')\nplot(input(2.0))"
    before = [(item["id"], item["type"]) for item in metainfo(HEAD + code)["inputs"]]
    assert before == [("in_0", "integer"), ("in_1", "bool"), ("in_2", "text"), ("in_3", "float")]
    after = metainfo(HEAD + "new = input.color(#000000)\n" + code)["inputs"]
    assert [item["type"] for item in after] == ["color", "integer", "bool", "text", "float"]
    assert [item["id"] for item in after] == [f"in_{n}" for n in range(5)]


def test_strategy_properties_follow_the_inputs() -> None:
    code = '//@version=6\nstrategy("s", pyramiding = 3, initial_capital = 5000)\na = input.int(1)\n'
    own, *properties = metainfo(code)["inputs"]
    assert own["groupId"] == ""
    assert {item["groupId"] for item in properties} == {"strategy_props"}
    assert [item["id"] for item in properties] == [f"in_{n}" for n in range(1, 9)]
    values = {item["internalID"]: item["defval"] for item in properties}
    assert (values["pyramiding"], values["initial_capital"], values["slippage"]) == (3, 5000, 0)
    assert describe(code).inputs_count == 1


def test_plots_are_numbered() -> None:
    code = (
        "plot(close, 'C')\nhline(1, 'no plot')\nplotshape(close > open, title = 'S')\n"
        "bgcolor(na)\nalertcondition(true, 'A', 'm')\nplotcandle(open, high, low, close, 'B')\n"
        "chart.plot(1)\nfill(a, b)\nbarcolor(na)\n"
    )
    found = metainfo(HEAD + code)
    kinds = ["line", "shapes", "bg_colorer", "alertcondition"]
    kinds += ["ohlc_open", "ohlc_high", "ohlc_low", "ohlc_close", "bar_colorer"]
    assert found["plots"] == [{"id": f"plot_{n}", "type": kind} for n, kind in enumerate(kinds)]
    titles = [found["styles"][f"plot_{n}"]["title"] for n in range(9)]
    assert titles == ["C", "S", "Plot", "A", "B", "B", "B", "B", "Plot"]


def test_hidden_inputs_come_first() -> None:
    found = metainfo(HEAD + "a = input.int(1)", hidden=True)["inputs"]
    assert [item["id"] for item in found] == ["text", "pineId", "pineVersion", "in_0"]
    assert [item["isHidden"] for item in found] == [True, True, True, False]


def test_functions_declared_by_the_script_are_ignored() -> None:
    code = "plot(x) => x\ninput = 5\nplot(input(1))\n"
    assert metainfo(HEAD + code) == {"inputs": [], "plots": [], "styles": {}}


def test_every_seed_has_its_inputs() -> None:
    for seed in seeds():
        for text in seed.versions:
            found = metainfo(text)
            users = [row for row in found["inputs"] if row["groupId"] == ""]
            assert len(users) == describe(text).inputs_count == count_inputs(text)
            assert all(item["defval"] is not None for item in users if item["type"] != "time")
            assert len(found["plots"]) == len(found["styles"])


@given(
    st.text(alphabet="input.plot(,)=[]\"' \n1-a")
    | st.lists(
        st.sampled_from(["input", ".int", "(", ")", ",", "=", "[", "]", "1", "'a'", "plot", "\n"])
    ).map("".join)
)
def test_any_text_has_metainfo(source: str) -> None:
    metainfo(source)
