"""What the answers to a probe hold, as the words of the table; an empty word is unclear."""

from __future__ import annotations

from typing import Any

from pinesync.app.probe.asking import Heard
from pinesync.model import Version
from pinesync.protocol import responses


def source(got: Heard) -> str:
    source = got.get("source") if got.ok else None
    return source if isinstance(source, str) else ""


def major(raw: object) -> int:
    """The number of a version; 0 for what is none."""
    try:
        return Version.parse(raw).major
    except ValueError:
        return 0


def yes(value: object) -> str:
    return "yes" if value else "no"


def named(accepted: bool, kept: bool) -> str:
    return "refused" if not accepted else "name kept" if kept else "renamed"


def which(same: bool) -> str:
    return "that text" if same else "another text"


def place_of_id(got: Heard) -> str:
    meta = got.get("result", "metaInfo")
    if not isinstance(meta, dict) or not responses.saved(got.answer).pine_id:
        return "nowhere"
    return "scriptIdPart" if meta.get("scriptIdPart") else "metaInfo.id"


def broken_answer(got: Heard) -> str:
    if got.ok:
        return "success"
    with_result = "with" if got.get("result", "metaInfo") else "without"
    return f"{with_result} result" if got.get("success") is False else ""


def findings(found: Any) -> str:
    """What the first of the compiler's errors consists of."""
    errors = found.get("errors") or found.get("errors2") if isinstance(found, dict) else None
    if not isinstance(errors, list) or not errors or not isinstance(errors[0], dict):
        return "none"
    return "code and message" if errors[0].get("code") else "message"


def inputs(got: Heard) -> str:
    rows = got.get("result", "metaInfo", "inputs")
    ids = [row.get("id") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    own = [one for one in ids if str(one).startswith("in_")]
    if not ids:
        return "none"
    if own[:2] != ["in_0", "in_1"]:
        return ""
    return "in_0, in_1" if ids[0] == "in_0" else "hidden ones, in_0, in_1"


def converted(got: Heard) -> str:
    if got.get("error"):
        return "error"
    if got.ok and (got.get("result", "source") or got.get("source")):
        return "source in result"
    return "text" if got.ok and (got.form == "text" or isinstance(got.value, str)) else ""
