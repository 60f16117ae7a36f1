"""The inputs and plots that a compiled script reports.

Charts and alerts store values under these ids, which are numbered in source order. Inserting an
input therefore shifts the ids of the inputs after it.
"""

from __future__ import annotations

from typing import Any

from pinesync.sandbox.compiler.source_structure import (
    Call,
    Code,
    arguments,
    calls,
    declared_names,
    passed_names,
)
from pinesync.text import pine_syntax

_TYPES = {
    "bool": "bool",
    "color": "color",
    "enum": "text",
    "float": "float",
    "int": "integer",
    "integer": "integer",
    "price": "price",
    "resolution": "resolution",
    "session": "session",
    "source": "source",
    "string": "text",
    "symbol": "symbol",
    "text_area": "text_area",
    "time": "time",
    "timeframe": "resolution",
}
"""The type that a chart shows for each input type. `input.integer` is from v4."""
_SOURCES = frozenset("open high low close hl2 hlc3 hlcc4 ohlc4 volume".split())
_PLOTS = {
    "alertcondition": ("alertcondition", 1),
    "barcolor": ("bar_colorer", 4),
    "bgcolor": ("bg_colorer", 4),
    "plot": ("line", 1),
    "plotarrow": ("arrows", 1),
    "plotbar": ("ohlc", 4),
    "plotcandle": ("ohlc", 4),
    "plotchar": ("chars", 1),
    "plotshape": ("shapes", 1),
}
"""The plot type of each plotting call, and the position of its title argument. `hline` makes no
plot."""
_HIDDEN = ("text", "pineId", "pineVersion")
_OF_BARS = ("ohlc_open", "ohlc_high", "ohlc_low", "ohlc_close")
_PROPERTIES: tuple[tuple[str, str, str, object], ...] = (
    ("initial_capital", "Initial capital", "float", 1_000_000),
    ("currency", "Base currency", "text", "NONE"),
    ("default_qty_value", "Order size", "float", 1),
    ("default_qty_type", "Order type", "text", "fixed"),
    ("pyramiding", "Pyramiding", "integer", 0),
    ("commission_value", "Commission value", "float", 0),
    ("commission_type", "Commission type", "text", "percent"),
    ("slippage", "Slippage", "integer", 0),
)
"""The properties of a strategy: argument name, label, type and default."""

Meta = dict[str, Any]


def metainfo(source: str, *, hidden: bool = False) -> Meta:
    """`inputs`, `plots` and the `styles` that name the plots. With `hidden`, also the inputs
    through which a chart passes the script itself."""
    code = Code.of(source[: pine_syntax.MAX_CHARS])
    declared = declared_names(code, passed_names(code))
    made = [call for call in calls(code) if call.name.partition(".")[0] not in declared]
    found = [_input(code, call, number) for number, call in enumerate(_inputs(made))]
    strategy = next((call for call in made if call.name == "strategy"), None)
    if strategy:
        found += _properties(code, strategy, len(found))
    plots, styles = _plots(code, made)
    own = [_hidden(name) for name in _HIDDEN] if hidden else []
    return {"inputs": [*own, *found], "plots": plots, "styles": styles}


def count_inputs(source: str) -> int:
    """How many inputs the script declares, without a strategy's properties."""
    return len(_inputs(list(calls(Code.of(source[: pine_syntax.MAX_CHARS])))))


def _hidden(name: str) -> Meta:
    return {"id": name, "name": name, "type": "text", "defval": "", "isHidden": True}


def _inputs(made: list[Call]) -> list[Call]:
    return [call for call in made if call.name.partition(".")[0] == "input"]


def _input(code: Code, call: Call, number: int) -> Meta:
    given = arguments(code, call)
    defval = _value(code, given.get("defval", given.get(0)))
    variable = code.text(call.start - 2) if code.text(call.start - 1) == "=" else ""
    title = _value(code, given.get("title", given.get(1)))
    found: Meta = {
        "id": f"in_{number}",
        "name": title if isinstance(title, str) and title else variable or f"in_{number}",
        "type": _type(code, call, given, defval),
        "defval": defval,
        "groupId": "",
        "internalID": variable or f"in_{number}",
        "isHidden": False,
    }
    for key, name in (("group", "group"), ("inline", "inline"), ("tooltip", "tooltip")):
        if isinstance(said := _value(code, given.get(name)), str):
            found[key] = said
    for key, name in (("min", "minval"), ("max", "maxval"), ("step", "step")):
        if isinstance(said := _value(code, given.get(name)), int | float):
            found[key] = said
    if options := given.get("options"):
        texts = [_literal(code.tokens[at]) for at in options if code.tokens[at].kind != "operator"]
        found["options"] = [one for one in texts if one is not None]
    return found


def _type(code: Code, call: Call, given: dict[int | str, range], defval: object) -> str:
    """The input's type, from `input.TYPE`, from v4's `type` argument, or from the default
    value."""
    member = call.name.partition(".")[2]
    if not member and (named := given.get("type")):
        member = code.text(named[-1])
    if member in _TYPES:
        return _TYPES[member]
    if isinstance(defval, bool):
        return "bool"
    if isinstance(defval, int | float):
        return "integer" if isinstance(defval, int) else "float"
    if isinstance(defval, str) and defval in _SOURCES:
        return "source"
    of_color = isinstance(defval, str) and defval.startswith(("#", "color."))
    return "color" if of_color else "text"


def _properties(code: Code, strategy: Call, first: int) -> list[Meta]:
    given = arguments(code, strategy)
    found = []
    for number, (name, label, kind, usual) in enumerate(_PROPERTIES, first):
        value = _value(code, given.get(name))
        found.append(
            {
                "id": f"in_{number}",
                "name": label,
                "type": kind,
                "defval": usual if value is None else value,
                "groupId": "strategy_props",
                "internalID": name,
                "isHidden": False,
            }
        )
    return found


def _plots(code: Code, made: list[Call]) -> tuple[list[Meta], Meta]:
    plots: list[Meta] = []
    styles: Meta = {}
    for call in made:
        if call.name not in _PLOTS:
            continue
        kind, place = _PLOTS[call.name]
        given = arguments(code, call)
        title = _value(code, given.get("title", given.get(place)))
        shown = title if isinstance(title, str) else "Plot"
        for each in _OF_BARS if kind == "ohlc" else (kind,):
            number = f"plot_{len(plots)}"
            plots.append({"id": number, "type": each})
            styles[number] = {"title": shown, "isHidden": False}
    return plots, styles


def _value(code: Code, where: range | None) -> str | int | float | bool | None:
    """A literal's value, or a dotted name as text; None for any other expression."""
    if not where:
        return None
    tokens = [code.tokens[at] for at in where]
    if len(tokens) == 2 and tokens[0].text == "-" and tokens[1].kind == "number":
        number = _literal(tokens[1])
        return -number if isinstance(number, int | float) else None
    if len(tokens) == 1:
        return _literal(tokens[0])
    if all(one.kind == "name" or one.text == "." for one in tokens):
        return "".join(one.text for one in tokens)
    return None


def _literal(token: pine_syntax.Token) -> str | int | float | bool | None:
    match token.kind:
        case "string":
            return pine_syntax.literal(token.text)
        case "name":
            return token.text == "true" if token.text in ("true", "false") else token.text
        case "color":
            return token.text
        case "number":
            text = token.text.replace("_", "")
            try:
                return int(text, 0) if text.lower().startswith("0x") else int(text)
            except ValueError:
                return float(text)
        case _:
            return None
