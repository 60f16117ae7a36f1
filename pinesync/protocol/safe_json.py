"""Parse untrusted JSON, within limits and with only one possible meaning.

The limits are checked before parsing: JSON can need thirty times its size in memory, and Python's
parser limits neither depth nor count.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from typing import Any, NoReturn

MAX_DEPTH = 64
MAX_SIGNS = 300_000
"""The most commas and brackets in one response. A list of ten thousand scripts has half as many."""

MAX_DIGITS = 100

_IN_STRINGS = re.compile(rb'"[^"]*"?')
_BRACKET = re.compile(rb"[\[\]{}]")
_OTHERS = bytes(set(range(256)) - set(b'"[]{},'))


def loads(body: bytes) -> Any:
    """Parse the value. ValueError, with a reason that completes a sentence, for invalid JSON,
    exceeded limits, duplicate keys, and NaN or infinite numbers."""
    _check_limits(body)
    try:
        return json.loads(
            body.decode("utf-8"),
            parse_constant=_constant,
            parse_float=_number,
            parse_int=_integer,
            object_pairs_hook=_object,
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _check_limits(body: bytes) -> None:
    bare = _structure(body)
    if len(bare) > MAX_SIGNS:
        raise ValueError(f"more than {MAX_SIGNS} commas and brackets")
    depth = 0
    for bracket in _BRACKET.finditer(bare):
        depth += 1 if bracket[0] in b"[{" else -1
        if depth > MAX_DEPTH:
            raise ValueError(f"nested more than {MAX_DEPTH} deep")


def _structure(body: bytes) -> bytes:
    """The commas and brackets outside strings, in order, as far as the JSON is valid. If there are
    many strings, some remain. Bytes are counted and replaced, because a match costs as much memory
    as a value."""
    bare = body.replace(b"\\\\", b"").replace(b'\\"', b"").translate(None, _OTHERS)
    bare = bare.replace(b'""', b"")
    return bare if bare.count(b'"') > MAX_SIGNS else _IN_STRINGS.sub(b"", bare)


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")


def _integer(raw: str) -> int:
    if len(raw) > MAX_DIGITS:
        raise ValueError(f"a number of {len(raw)} digits")
    return int(raw)


def _number(raw: str) -> float:
    number = float(raw)
    if not math.isfinite(number):
        raise ValueError(f"{raw[:20]} is larger than any number")
    return number


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Reject duplicate keys: some parsers take the first value, others the last."""
    values = dict(pairs)
    if len(values) < len(pairs):
        keys = Counter(key for key, _ in pairs)
        raise ValueError(f"the key {keys.most_common(1)[0][0][:40]!r} comes twice")
    return values
