"""The list of alerts: the one request to the alerts service, and its response.

The service is undocumented, and its messages and webhooks often hold secrets. So neither they nor
any other text of a response that is not understood is kept or quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pinesync.errors import NotAccessible, SessionExpired
from pinesync.model import Alert, Alerts, PineId, Version
from pinesync.protocol import MAX_LIST, Request, Response, safe_json
from pinesync.protocol.envelope import fail, payload
from pinesync.protocol.responses import SIGN_IN_AGAIN

ALERTS_URL = "https://pricealerts.tradingview.com"
"""The service that has the alerts, with the same session cookie. Only this list is ever read."""

_VERSION = re.compile(r"[1-9][0-9]{0,5}\.0", re.ASCII)
_LONGEST = 100


def list_alerts() -> Request:
    return Request("GET", "/list_alerts", cap=MAX_LIST, what="the list of alerts")


def alerts(response: Response) -> Alerts:
    """The alerts on scripts of the account. SessionExpired if the service refuses the session."""
    if response.status >= 300:
        # The words of a refusal are not known, and may quote an alert.
        response = replace(response, body=b"")
    try:
        body = payload(response)
    except NotAccessible as error:
        refused = f"the alerts service refused the session ({error.status})"
        raise SessionExpired(refused, SIGN_IN_AGAIN) from None
    rows = body.get("r") if isinstance(body, dict) and body.get("s") == "ok" else None
    if not isinstance(rows, list):
        fail("the response to the alerts request is not a list of alerts")
    found_per_row = [list(_of(row)) for row in rows]
    return Alerts(
        tuple(alert for found in found_per_row for alert in found),
        sum(not found for found in found_per_row),
    )


def _of(row: object) -> Iterator[Alert]:
    """The alert once for each script and version that it runs; nothing for another shape."""
    if not isinstance(row, dict) or not isinstance(row.get("active"), bool):
        return
    symbol, resolution = _symbol(row.get("symbol")), _text(row.get("resolution"))
    webhook = bool(row.get("web_hook"))
    for pine_id, version in dict.fromkeys(_studies(row)):
        yield Alert(pine_id, version, row["active"], symbol, resolution, webhook)


def _studies(row: Mapping[str, Any]) -> Iterator[tuple[PineId, Version]]:
    several = row.get("conditions")
    condition = row.get("condition") or (several[0] if isinstance(several, list) and several else 0)
    series = condition.get("series") if isinstance(condition, dict) else None
    for study in series if isinstance(series, list) else ():
        if isinstance(study, dict) and study.get("type") == "study":
            version = study.get("pine_version")
            try:
                pine_id = PineId(_text(study.get("pine_id")))
            except ValueError:
                continue
            if isinstance(version, str) and _VERSION.fullmatch(version):
                yield pine_id, Version.parse(version)


def _symbol(raw: object) -> str:
    """A symbol as text, also where it is inside JSON after an equals sign."""
    text = raw if isinstance(raw, str) else ""
    if text.startswith("="):
        try:
            inner = safe_json.loads(text[1:].encode("utf-8", "replace"))
        except ValueError:
            return ""
        return _text(inner.get("symbol")) if isinstance(inner, dict) else ""
    return _text(text)


def _text(raw: object) -> str:
    return raw[:_LONGEST].encode(errors="replace").decode() if isinstance(raw, str) else ""
