"""The inputs and plots that a compiled script reports.

Charts and alerts store values under these ids, which are numbered in source order. Inserting an
input therefore shifts the ids of the inputs after it.
"""

from __future__ import annotations

from typing import Any

from pinesync.text import pine_syntax
from pinesync.text.pine_inputs import (
    PLOTS,
    BuiltinCalls,
    input_calls,
    input_title,
    input_type,
    literal_of,
    plot_title,
    plot_types,
    value,
    variable,
)
from pinesync.text.source_structure import Call, Code, arguments, calls

_HIDDEN = ("text", "pineId", "pineVersion")
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
    code, builtin_calls = BuiltinCalls.of(source)
    inputs = [_input(code, call, number) for number, call in enumerate(input_calls(builtin_calls))]
    strategy = next((call for call in builtin_calls if call.name == "strategy"), None)
    if strategy:
        inputs += _properties(code, strategy, len(inputs))
    plots, styles = _plots(code, builtin_calls)
    hidden_inputs = [_hidden(name) for name in _HIDDEN] if hidden else []
    return {"inputs": [*hidden_inputs, *inputs], "plots": plots, "styles": styles}


def count_inputs(source: str) -> int:
    """How many inputs the script declares, without a strategy's properties."""
    return len(input_calls(list(calls(Code.of(source[: pine_syntax.MAX_CHARS])))))


def _hidden(name: str) -> Meta:
    return {"id": name, "name": name, "type": "text", "defval": "", "isHidden": True}


def _input(code: Code, call: Call, number: int) -> Meta:
    args = arguments(code, call)
    defval = value(code, args.get("defval", args.get(0)))
    meta: Meta = {
        "id": f"in_{number}",
        "name": input_title(code, call, args, number),
        "type": input_type(code, call, args) or "text",
        "defval": defval,
        "groupId": "",
        "internalID": variable(code, call) or f"in_{number}",
        "isHidden": False,
    }
    for key, name in (("group", "group"), ("inline", "inline"), ("tooltip", "tooltip")):
        if isinstance(literal := value(code, args.get(name)), str):
            meta[key] = literal
    for key, name in (("min", "minval"), ("max", "maxval"), ("step", "step")):
        if isinstance(literal := value(code, args.get(name)), int | float):
            meta[key] = literal
    if options := args.get("options"):
        texts = [
            literal_of(code.tokens[at]) for at in options if code.tokens[at].kind != "operator"
        ]
        meta["options"] = [text for text in texts if text is not None]
    return meta


def _properties(code: Code, strategy: Call, first: int) -> list[Meta]:
    args = arguments(code, strategy)
    properties = []
    for number, (name, label, kind, usual) in enumerate(_PROPERTIES, first):
        literal = value(code, args.get(name))
        properties.append(
            {
                "id": f"in_{number}",
                "name": label,
                "type": kind,
                "defval": usual if literal is None else literal,
                "groupId": "strategy_props",
                "internalID": name,
                "isHidden": False,
            }
        )
    return properties


def _plots(code: Code, builtin_calls: list[Call]) -> tuple[list[Meta], Meta]:
    plots: list[Meta] = []
    styles: Meta = {}
    for call in builtin_calls:
        if call.name not in PLOTS:
            continue
        kind, _ = PLOTS[call.name]
        for plot_type in plot_types(kind):
            number = f"plot_{len(plots)}"
            plots.append({"id": number, "type": plot_type})
            styles[number] = {"title": plot_title(code, call), "isHidden": False}
    return plots, styles
