"""The parts that all responses share, in the order in which they are checked: the status, a web
page instead of JSON, JSON within limits, and a refusal inside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NoReturn

from pinesync import errors
from pinesync.protocol import Response, safe_json

LOOK_IN_BROWSER = (
    "open TradingView in the browser, pass its check or sign in, and renew the cookie "
    "(`pinesync login`); if the site is down, try again later"
)


def payload(response: Response) -> Any:
    """The JSON value of a 2xx response. Anything else raises."""
    if not 200 <= response.status < 300:
        _raise_for_status(response)
    if is_html(response.body):
        raise errors.BotCheck("TradingView returned a web page", LOOK_IN_BROWSER)
    return _json(response.body)


def object_of(response: Response, what: str, *, refuse: bool = True) -> dict[str, Any]:
    """The JSON object of a 2xx response. With `refuse`, `success: false` raises."""
    body = payload(response)
    if not isinstance(body, dict):
        fail(f"the response to the {what} request is not an object")
    if body.get("error"):
        raise_refused(200, body)
    if refuse and body.get("success") is False:
        raise errors.NotAccessible(200, reason_of(body))
    return body


def _raise_for_status(response: Response) -> NoReturn:
    status = response.status
    if status == 429:
        retry_after = retry_seconds(response.retry_after)
        wait = "a little" if retry_after is None else f"{retry_after:.0f} s"
        raise errors.RateLimited(
            "TradingView limits the number of requests",
            f"wait {wait}, then run the same command again",
            retry_after=retry_after,
        )
    if status >= 500:
        raise errors.ServiceDown(f"TradingView returned {status}", "try again later")
    if 300 <= status < 400:
        moved = f"TradingView returned {status}, a redirect, which is never followed"
        raise errors.BotCheck(moved, LOOK_IN_BROWSER)
    if is_html(response.body):
        raise errors.BotCheck(f"TradingView returned {status} with a web page", LOOK_IN_BROWSER)
    reason = _reason_in(response.body) or f"status {status}"
    if status == 409:
        raise errors.NameTaken(
            f"TradingView refused: {reason}", "choose another name, or link the script that has it"
        )
    if status in (401, 403, 404):
        raise errors.NotAccessible(status, reason)
    raise errors.Refused(status, reason)


def retry_seconds(header: str | None) -> float | None:
    """Retry-After in seconds if it is a plain number. A date or garbage counts as absent."""
    if header and re.fullmatch(r"\s*[0-9]{1,9}\s*", header, re.ASCII):
        return float(header)
    return None


def _json(body: bytes) -> Any:
    try:
        return safe_json.loads(body)
    except ValueError as error:
        what = "empty" if not body.strip() else f"no usable JSON ({error})"
        fail(f"the response is {what}", cause=error)


def is_html(body: bytes) -> bool:
    """Whether the body is a web page."""
    return body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"


def reason_of(body: Mapping[str, Any]) -> str:
    for key in ("reason", "error", "message"):
        if isinstance(reason := body.get(key), str) and reason:
            return reason[:500]
    return "no reason given"


def _reason_in(body: bytes) -> str:
    """The reason in a 4xx body, which is JSON or plain text."""
    text = body.decode("utf-8", "replace").strip()
    try:
        parsed = safe_json.loads(text.encode())
    except ValueError:
        return text[:500]
    if isinstance(parsed, dict):
        return reason_of(parsed)
    return parsed[:500] if isinstance(parsed, str) else ""


def raise_refused(status: int, body: Mapping[str, Any]) -> NoReturn:
    """Raise the service's refusal."""
    raise errors.Refused(status, reason_of(body))


def fail(message: str, *, cause: Exception | None = None) -> NoReturn:
    """Raise BadResponse: the protocol does not know such a response."""
    raise errors.BadResponse(
        f"cannot use TradingView's response: {message}",
        "nothing was changed; if this persists, the service has changed: please report the message",
    ) from cause
