"""The inputs and plots that a Pine source declares, in the order in which charts number them.

Reads only literals and names; any other expression makes the contract uncertain.
"""

from __future__ import annotations

from typing import NamedTuple

from pinesync.model import Contract, Slot
from pinesync.text import pine_syntax
from pinesync.text.source_structure import (
    Call,
    Code,
    arguments,
    calls,
    declared_names,
    passed_names,
)

TYPES = {
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
PLOTS = {
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
_OF_BARS = ("ohlc_open", "ohlc_high", "ohlc_low", "ohlc_close")

Arguments = dict[int | str, range]


class BuiltinCalls(NamedTuple):
    """The calls of Pine's built-in functions in a source."""

    code: Code
    calls: list[Call]

    @classmethod
    def of(cls, source: str) -> BuiltinCalls:
        code = Code.of(source[: pine_syntax.MAX_CHARS])
        declared = declared_names(code, passed_names(code))
        return cls(code, [c for c in calls(code) if c.name.partition(".")[0] not in declared])


def estimate(source: str) -> Contract:
    """The contract that the source shows. Not `certain` if a title or a type is neither a literal
    nor a known name: then only the compiler knows it."""
    code, builtin_calls = BuiltinCalls.of(source)
    lines = pine_syntax.Lines(source[: pine_syntax.MAX_CHARS])
    inputs: list[Slot] = []
    plots: list[Slot] = []
    certain = len(source) <= pine_syntax.MAX_CHARS

    def slot(call: Call, title: str, kind: str, detail: str) -> Slot:
        end = code.tokens[call.closed].end
        return Slot(title, kind, detail, lines.span(code.tokens[call.start].start, end))

    for call in builtin_calls:
        if call.name in PLOTS:
            kind, place = PLOTS[call.name]
            args = arguments(code, call)
            where = args.get("title", args.get(place))
            certain = certain and _is_literal(code, where)
            text = " ".join(token.text for token in code.tokens[call.opened : call.closed])
            title = plot_title(code, call)
            plots += [slot(call, title, plot_type, text) for plot_type in plot_types(kind)]
    for number, call in enumerate(input_calls(builtin_calls)):
        args = arguments(code, call)
        kind = input_type(code, call, args)
        certain = certain and bool(kind) and _is_literal(code, args.get("title", args.get(1)))
        group = value(code, args.get("group"))
        detail = f"{group}\n{variable(code, call)}"
        inputs.append(slot(call, input_title(code, call, args, number), kind, detail))
    strategy = any(call.name == "strategy" for call in builtin_calls)
    return Contract(tuple(inputs), tuple(plots), strategy, certain, estimated=True)


def _is_literal(code: Code, where: range | None) -> bool:
    return where is None or (len(where) == 1 and code.tokens[where[0]].kind == "string")


def input_title(code: Code, call: Call, args: Arguments, number: int) -> str:
    """The title that a chart shows: the title, else the variable, else the id."""
    title = value(code, args.get("title", args.get(1)))
    return title if isinstance(title, str) and title else variable(code, call) or f"in_{number}"


def variable(code: Code, call: Call) -> str:
    """The variable that the call is assigned to, or empty."""
    return code.text(call.start - 2) if code.text(call.start - 1) == "=" else ""


def plot_types(kind: str) -> tuple[str, ...]:
    """The types of the plots that a call makes: one, or four for bars and candles."""
    return _OF_BARS if kind == "ohlc" else (kind,)


def plot_title(code: Code, call: Call) -> str:
    args = arguments(code, call)
    title = value(code, args.get("title", args.get(PLOTS[call.name][1])))
    return title if isinstance(title, str) else "Plot"


def input_calls(builtin_calls: list[Call]) -> list[Call]:
    return [call for call in builtin_calls if call.name.partition(".")[0] == "input"]


def input_type(code: Code, call: Call, args: Arguments) -> str:
    """The input's type, from `input.TYPE`, from v4's `type` argument, or from the default value;
    empty if that is not a literal or a name."""
    member = call.name.partition(".")[2]
    if not member and (named := args.get("type", args.get(2))):
        member = code.text(named[-1])
    if member in TYPES:
        return TYPES[member]
    defval = value(code, args.get("defval", args.get(0)))
    if isinstance(defval, bool):
        return "bool"
    if isinstance(defval, int | float):
        return "integer" if isinstance(defval, int) else "float"
    if isinstance(defval, str) and defval in _SOURCES:
        return "source"
    if not isinstance(defval, str):
        return ""
    return "color" if defval.startswith(("#", "color.")) else "text"


def value(code: Code, where: range | None) -> str | int | float | bool | None:
    """A literal's value, or a dotted name as text; None for any other expression."""
    if not where:
        return None
    tokens = [code.tokens[at] for at in where]
    if len(tokens) == 2 and tokens[0].text == "-" and tokens[1].kind == "number":
        number = literal_of(tokens[1])
        return -number if isinstance(number, int | float) else None
    if len(tokens) == 1:
        return literal_of(tokens[0])
    if all(token.kind == "name" or token.text == "." for token in tokens):
        return "".join(token.text for token in tokens)
    return None


def literal_of(token: pine_syntax.Token) -> str | int | float | bool | None:
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
