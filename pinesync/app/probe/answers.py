"""Translate responses into the words of the table of facts; an empty word means unclear."""

from __future__ import annotations

from typing import Any

from pinesync.app.probe.session import ProbeResponse
from pinesync.model import Version
from pinesync.protocol import responses


def source(response: ProbeResponse) -> str:
    source = response.get("source") if response.ok else None
    return source if isinstance(source, str) else ""


def major(raw: object) -> int:
    """The number of a version; 0 if it is not a version."""
    try:
        return Version.parse(raw).major
    except ValueError:
        return 0


def yes_no(value: object) -> str:
    return "yes" if value else "no"


def saved_name(accepted: bool, kept: bool) -> str:
    return "refused" if not accepted else "name kept" if kept else "renamed"


def matches(same: bool) -> str:
    return "that text" if same else "another text"


def place_of_id(response: ProbeResponse) -> str:
    meta = response.get("result", "metaInfo")
    if not isinstance(meta, dict) or not responses.saved(response.answer).pine_id:
        return "nowhere"
    return "scriptIdPart" if meta.get("scriptIdPart") else "metaInfo.id"


def broken_answer(response: ProbeResponse) -> str:
    if response.ok:
        return "success"
    with_result = "with" if response.get("result", "metaInfo") else "without"
    return f"{with_result} result" if response.get("success") is False else ""


def findings(response: Any) -> str:
    """The parts of the first compiler error."""
    errors = (
        response.get("errors") or response.get("errors2") if isinstance(response, dict) else None
    )
    if not isinstance(errors, list) or not errors or not isinstance(errors[0], dict):
        return "none"
    return "code and message" if errors[0].get("code") else "message"


def inputs(response: ProbeResponse) -> str:
    rows = response.get("result", "metaInfo", "inputs")
    ids = [row.get("id") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    input_ids = [input_id for input_id in ids if str(input_id).startswith("in_")]
    if not ids:
        return "none"
    if input_ids[:2] != ["in_0", "in_1"]:
        return ""
    return "in_0, in_1" if ids[0] == "in_0" else "hidden ones, in_0, in_1"


def converted(response: ProbeResponse) -> str:
    if response.get("error"):
        return "error"
    if response.ok and (response.get("result", "source") or response.get("source")):
        return "source in result"
    return (
        "text"
        if response.ok and (response.form == "text" or isinstance(response.value, str))
        else ""
    )
