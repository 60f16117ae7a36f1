"""The service's responses as bytes, for a stand-in, in the forms that `protocol.md` records.

If several forms are known, the form is an argument.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from pinesync.model import SavedText, ScriptInfo

OPAQUE = "bm9Qcm9ncmFtSGVyZQ=="
"""A placeholder for IL and ilTemplate, which clients must not interpret."""


def encode(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )


def list_item(info: ScriptInfo, *, inputs: int = 0, escape_name: bool = False) -> dict[str, Any]:
    """One row of `list`."""
    return {
        "scriptIdPart": info.pine_id,
        "version": str(info.version),
        "scriptName": html.escape(info.name) if escape_name else info.name,
        "scriptTitle": info.title,
        "modified": info.modified,
        "scriptSource": "",
        "isTVScriptBuiltIn": False,
        "extra": {"kind": info.kind, "sourceInputsCount": inputs},
    }


def script(
    saved: SavedText, *, inputs: int = 0, id_part: bool = True, epoch_times: bool = False
) -> dict[str, Any]:
    """The response of `get`. The name is HTML-escaped, the source never."""
    body: dict[str, Any] = {
        "created": saved.created if epoch_times else iso(saved.created),
        "updated": saved.updated if epoch_times else iso(saved.updated),
        "extra": {"kind": saved.kind, "sourceInputsCount": inputs},
        "lastVersionMaj": str(saved.last_version),
        "scriptAccess": "open_no_auth",
        "scriptName": html.escape(saved.name),
        "scriptTitle": saved.title,
        "source": saved.source,
        "version": str(saved.version),
    }
    if id_part:
        body["scriptIdPart"] = saved.pine_id
    return body


def iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def finding(
    code: str,
    template: str,
    ctx: Mapping[str, str | int | bool],
    span: tuple[int, int, int, int] | None,
    *,
    bare: bool = False,
) -> dict[str, Any]:
    """One error or warning. `span` is line, column, end line and end column, None without a
    position. A bare one, or one without a code, has its message filled and neither code nor ctx, as
    in the responses of save."""
    where = {}
    if span:
        line, column, end_line, end_column = span
        where["start"] = {"line": line, "column": column}
        where["end"] = {"line": end_line, "column": end_column}
    if bare or not code:
        message = template
        for key, value in ctx.items():
            word = json.dumps(value) if isinstance(value, bool) else str(value)
            message = message.replace("{" + key + "}", word)
        return {**where, "message": message}
    return {"code": code, "ctx": dict(ctx), **where, "message": template}


def checked(
    errors: Iterable[Mapping[str, Any]], warnings: Iterable[Mapping[str, Any]], *, v3: bool = True
) -> dict[str, Any]:
    """translate_light: `success` is true either way, empty lists are left out, and without v=3 the
    keys are errors2 and warnings2."""
    result: dict[str, Any] = {"functions": [], "types": [], "enums": []}
    suffix = "" if v3 else "2"
    for key, items in (("errors", list(errors)), ("warnings", list(warnings))):
        if items:
            result[key + suffix] = items
    return {"success": True, "result": result}


def too_old() -> dict[str, Any]:
    """The response for Pine below v5, which the compiler does not check."""
    return {"success": False, "reason": "Supported versions are >= 5", "result": None}


def compiled(
    pine_id: str, title: str, version: str, parts: Mapping[str, Any], *, id_part: bool = True
) -> dict[str, Any]:
    """The `result` of a compilation: `parts` are the inputs and plots of its metaInfo. The id of a
    saved script is in `scriptIdPart`, or only inside `id`."""
    meta: dict[str, Any] = {
        "id": f"Script${pine_id}@tv-scripting-101",
        "description": title,
        "shortDescription": title,
        "pine": {"version": version, "digest": OPAQUE},
        **parts,
    }
    if id_part and pine_id:
        meta["scriptIdPart"] = pine_id
    return {"IL": OPAQUE, "ilTemplate": OPAQUE, "metaInfo": meta}


def stored(result: Mapping[str, Any]) -> dict[str, Any]:
    return {"success": True, "result": dict(result)}


def not_compiled(
    errors: list[dict[str, Any]],
    warnings: list[dict[str, Any]],
    result: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """A save whose source does not compile: HTTP 200, stored anyway."""
    body: dict[str, Any] = {
        "success": False,
        "reason": errors[0]["message"] if errors else "compilation failed",
        "reason2": {"errors": errors, "warnings": warnings},
    }
    if result is not None:
        body["result"] = dict(result)
    return body


def refused(code: int, message: str) -> dict[str, Any]:
    """The JSON body of a 4xx response."""
    return {"code": code, "message": message}
