"""The inputs and plots in the `metaInfo` of a full compile. Other keys are left alone, and what has
an unknown shape makes the whole unknown: half a list would be read as a removal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pinesync.model import Contract, Slot

_INPUT = re.compile(r"in_[0-9]{1,5}")
_PROPERTIES = "strategy_props"
_MOST = 10_000
MAX_TITLE = 256


def contract(result: object) -> Contract | None:
    """The contract in a compilation's `result`; None if it has none that can be read."""
    meta = result.get("metaInfo") if isinstance(result, dict) else None
    if not isinstance(meta, dict):
        return None
    inputs, plots = _objects(meta.get("inputs")), _objects(meta.get("plots", []))
    styles = meta.get("styles", {})
    if inputs is None or plots is None or not isinstance(styles, dict):
        return None
    own_inputs = [item for item in inputs if _INPUT.fullmatch(str(item.get("id")))]
    users = [item for item in own_inputs if item.get("groupId") != _PROPERTIES]
    if [item["id"] for item in own_inputs] != [f"in_{number}" for number in range(len(own_inputs))]:
        return None
    return Contract(
        tuple(Slot(_text(item, "name"), _text(item, "type")) for item in users),
        tuple(Slot(_title(styles, item), _text(item, "type")) for item in plots),
        strategy=len(users) < len(own_inputs),
    )


def _objects(value: object) -> list[dict[str, Any]] | None:
    if not isinstance(value, list) or len(value) > _MOST:
        return None
    return value if all(isinstance(item, dict) for item in value) else None


def _title(styles: Mapping[str, Any], plot: Mapping[str, Any]) -> str:
    style = styles.get(_text(plot, "id"))
    return _text(style, "title") if isinstance(style, dict) else ""


def _text(item: Mapping[str, Any], key: str) -> str:
    value = item.get(key)
    return value[:MAX_TITLE].encode(errors="replace").decode() if isinstance(value, str) else ""
