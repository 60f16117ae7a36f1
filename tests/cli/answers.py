"""Responses that a facade could send, as planned faults."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pinesync.sandbox.faults import ALWAYS, Fault
from pinesync.sandbox.store import StoredVersion


def answering(endpoint: str, body: object, *, count: int | None = ALWAYS) -> Fault:
    """The endpoint responds with this JSON."""
    return Fault(endpoint, "answer", count=count, body=json.dumps(body).encode())


def listing(rows: Iterable[StoredVersion]) -> Fault:
    """The account's list is these scripts."""
    return answering("list", [_row(row) for row in rows])


def finding(message: str, *, line: int = 1, column: int = 1, **ctx: str) -> Mapping[str, Any]:
    """The response of the check to a text with one error."""
    where = {"line": line, "column": column}
    error = {"code": "CE10272", "ctx": ctx, "start": where, "end": where, "message": message}
    return {"success": True, "result": {"errors": [error]}}


def _row(row: StoredVersion) -> Mapping[str, Any]:
    return {
        "scriptIdPart": row.pine_id,
        "version": str(row.version),
        "scriptName": row.name,
        "scriptTitle": row.title,
        "modified": row.created,
        "scriptSource": "",
        "extra": {"kind": row.kind},
    }
