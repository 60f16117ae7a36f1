"""Parse the service's responses. Every function takes a complete `Answer` and returns a value of
`model`, or raises one of `errors` with the service's reason.

The checks follow the protocol's order: the status, whether it is JSON at all (by content, never by
content type), an `error` key, `success: false`. Long because each response is parsed in one place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

from pinesync import errors
from pinesync.model import (
    KINDS,
    Account,
    Diagnostic,
    Kind,
    PineId,
    SaveAnswer,
    SavedText,
    ScriptInfo,
    Verdict,
    Version,
)
from pinesync.protocol import Response, safe_json
from pinesync.protocol.envelope import fail, is_html, object_of, payload, raise_refused, reason_of
from pinesync.protocol.metainfo import contract
from pinesync.text import canonical
from pinesync.text.canonical import MAX_SOURCE

MAX_NAME = 256
_LONGEST = 1000
"""The most characters of a compiler message."""
_LATEST = 2e11
"""The latest valid time, in the year 8307."""
_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_TOO_OLD = re.compile(r"Supported versions are >= ?([0-9]{1,2})(?![0-9])")
_ID_INSIDE = re.compile(r"USER;[0-9a-f]{32}")

SIGN_IN_AGAIN = "run `pinesync login` with a fresh cookie from the browser"


def scripts(response: Response) -> tuple[ScriptInfo, ...]:
    """The account's list, without built-in scripts. A duplicate id is a bad response. An empty list
    may mean a dead session: the caller must find out."""
    try:
        items = payload(response)
    except errors.NotAccessible as error:
        if error.status == 404:
            raise
        # This concerns the whole account, not one script.
        raise errors.NoAccess(
            f"TradingView refuses this account's scripts: {error.reason}",
            "check whether it works in the browser; `pinesync whoami` shows the account",
        ) from None
    if not isinstance(items, list):
        fail("the list of scripts is not a list")
    infos = [_script_info(item) for item in items if not _is_foreign(item)]
    if len({info.pine_id for info in infos}) != len(infos):
        fail("the list of scripts contains an id twice")
    return tuple(infos)


def saved_text(response: Response, pine_id: PineId, version: Version | None) -> SavedText:
    """One version of the requested script, never another script's."""
    body = object_of(response, "script")
    source = body.get("source")
    if not isinstance(source, str):
        fail(f"{pine_id}: the response has no source")
    if len(source) > MAX_SOURCE:
        fail(f"{pine_id}: the source is larger than {MAX_SOURCE} characters")
    try:
        canonical.check_encodable(source)
    except canonical.Unreadable as error:
        fail(f"{pine_id}: {error}")
    if body.get("scriptIdPart", pine_id) not in (pine_id, None, ""):
        fail(f"{pine_id}: the response is for another script")
    last = body.get("lastVersionMaj")
    received = _version(body.get("version") or version or last, pine_id)
    if version is not None and received != version:
        fail(f"{pine_id}: requested version {version} but received {received}")
    extra = body.get("extra")
    name = _name(body.get("scriptName") or body.get("scriptTitle"))
    return SavedText(
        pine_id=pine_id,
        name=name,
        version=received,
        last_version=_version(last, pine_id) if last else received,
        source=source,
        digest=canonical.digest(source),
        title=_name(body.get("scriptTitle")) or name,
        created=epoch(body.get("created")),
        updated=epoch(body.get("updated")),
        kind=_kind(extra),
        extra=extra if isinstance(extra, dict) else {},
    )


def versions(response: Response, pine_id: PineId) -> dict[Version, int]:
    """The save time of each version in epoch seconds, 0 if unknown. The rows' other keys are
    undocumented."""
    rows = payload(response)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        fail(f"{pine_id}: the versions are not a list of objects")
    times = {_version(row.get("version"), pine_id): epoch(row.get("created")) for row in rows}
    if len(times) != len(rows):
        fail(f"{pine_id}: the list of versions contains one twice")
    return times


def verdict(response: Response) -> Verdict:
    """The verdict of translate_light. `success` is true even if there are errors. A script with an
    old version of Pine is not checked."""
    body = object_of(response, "check", refuse=False)
    if unchecked := _unchecked(body):
        return unchecked
    result = body.get("result")
    outcome = _verdict(result if isinstance(result, dict) else body.get("reason2"))
    if body.get("success") is False and not outcome.errors:
        raise_refused(200, body)
    if not isinstance(result, dict) and not outcome.errors:
        fail("the response to the check has no result")
    return outcome


def full_verdict(response: Response) -> Verdict:
    """The verdict of translate_source; empty if the source compiles. A refusal without a position
    becomes an error in the first line, unless the script's version of Pine is too old."""
    body = object_of(response, "full check", refuse=False)
    if unchecked := _unchecked(body):
        return unchecked
    outcome = _verdict(body.get("reason2"))
    if body.get("success") is False:
        bare = Diagnostic("error", 1, 1, 1, 1, reason_of(body))
        return outcome if outcome.errors else Verdict((bare,), outcome.warnings)
    if not isinstance(body.get("result"), dict):
        fail("the response to the full check has no result")
    return replace(outcome, contract=contract(body["result"]))


def saved(response: Response) -> SaveAnswer:
    """The response to save/new or save/next. `success: false` is returned as a value, because the
    service may have stored the text anyway."""
    body = object_of(response, "save", refuse=False)
    result = body.get("result")
    meta = result.get("metaInfo") if isinstance(result, dict) else None
    meta = meta if isinstance(meta, dict) else {}
    pine = meta.get("pine")
    raw_version = pine.get("version") if isinstance(pine, dict) else None
    accepted = body.get("success") is not False
    if accepted and not meta:
        fail("the response to the save has no metaInfo")
    return SaveAnswer(
        accepted=accepted,
        pine_id=_id_of(meta),
        version=_version(raw_version, "save") if raw_version is not None else None,
        reason="" if accepted else reason_of(body),
        verdict=_verdict(body.get("reason2")),
    )


def renamed(response: Response) -> None:
    """Raise unless the status means success. The body's form is unknown; only the list shows the
    name."""
    if not 200 <= response.status < 300 or is_html(response.body):
        payload(response)
    try:
        value = safe_json.loads(response.body)
    except ValueError:
        return
    if isinstance(value, dict) and (value.get("error") or value.get("success") is False):
        raise_refused(200, value)


def deleted(response: Response) -> None:
    """Raise unless the service returned ok, as JSON or bare."""
    if response.status == 200 and response.body.strip() == b"ok":
        return
    value = payload(response)
    if value != "ok":
        fail(f"the response to the deletion is {json.dumps(value)[:80]}")


def account(response: Response) -> Account:
    """The session's account. A refusal in plain text means that there is no session:
    SessionExpired. One in JSON is about the script used for the probe: NotAccessible."""
    if response.status == 401 and response.body.lstrip()[:1] not in (b"<", b"{"):
        raise errors.SessionExpired("TradingView no longer accepts the cookie", SIGN_IN_AGAIN)
    body = object_of(response, "session")
    name = body.get("userName")
    if not isinstance(name, str) or not name:
        fail("the session probe names no user")
    user_id = body.get("userId") or ""
    if not isinstance(user_id, str | int) or len(str(user_id)) > MAX_NAME:
        fail("the session probe's userId is no id")
    return Account(_name(name), _name(str(user_id)))


def epoch(raw: object) -> int:
    """Epoch seconds from ISO text, digits or a number, also in milliseconds. 0 for anything else
    and for times too far away for the calendar."""
    if isinstance(raw, str) and re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,9})?", raw, re.ASCII):
        raw = float(raw)  # before ISO, because thirteen digits can be valid ISO
    if isinstance(raw, str):
        try:
            moment = datetime.fromisoformat(raw)
        except ValueError:
            return 0
        raw = moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    elif isinstance(raw, bool) or not isinstance(raw, int | float):
        return 0
    elif raw > 1e11:
        raw = raw / 1000
    return int(raw) if 0 <= raw < _LATEST else 0


# -- what answers are made of --------------------------------------------------------------------


def _is_foreign(item: object) -> bool:
    """Whether a row of the list is not the user's own script, such as a built-in."""
    raw = item.get("scriptIdPart") if isinstance(item, dict) else None
    return isinstance(raw, str) and not raw.startswith("USER;")


def _script_info(item: object) -> ScriptInfo:
    if not isinstance(item, dict):
        fail("a row of the list of scripts is not an object")
    raw = item.get("scriptIdPart")
    try:
        pine_id = PineId(raw if isinstance(raw, str) else repr(raw))
    except ValueError as error:
        fail(f"a row of the list of scripts: {error}")
    title = _name(item.get("scriptTitle"))
    return ScriptInfo(
        pine_id=pine_id,
        name=_name(item.get("scriptName")) or title,
        version=_version(item.get("version") or item.get("scriptVersion"), pine_id),
        title=title,
        modified=epoch(item.get("modified")),
        kind=_kind(item.get("extra")),
    )


def _name(raw: object) -> str:
    """A name that can be encoded and stored: lone surrogates become U+FFFD, and the length is
    capped."""
    if not isinstance(raw, str):
        return ""
    return raw[:MAX_NAME].encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _version(raw: object, where: str) -> Version:
    if isinstance(raw, Version):
        return raw
    try:
        return Version.parse(raw)
    except ValueError as error:
        fail(f"{where}: {error}")


def _kind(extra: object) -> Kind:
    kind = extra.get("kind") if isinstance(extra, dict) else None
    return cast(Kind, kind) if kind in KINDS else "study"


def _id_of(meta: Mapping[str, Any]) -> PineId | None:
    """The id in metaInfo: `scriptIdPart`, or inside `id` as Script$USER;…@tv-scripting-101."""
    for key in ("scriptIdPart", "id"):
        raw = meta.get(key)
        if isinstance(raw, str) and (match := _ID_INSIDE.search(raw)):
            return PineId(match[0])
    return None


def _unchecked(body: Mapping[str, Any]) -> Verdict | None:
    """The refusal to check a source whose version of Pine is too old or unreadable. Such a source
    can still be saved."""
    reason = reason_of(body) if body.get("success") is False else ""
    if not (oldest := _TOO_OLD.match(reason)):
        return None
    message = f"not checked: TradingView checks Pine v{oldest[1]} and later"
    return Verdict(warnings=(Diagnostic("warning", 1, 1, 1, 1, message),), unchecked=reason)


def _verdict(raw: object) -> Verdict:
    if not isinstance(raw, dict):
        return Verdict()
    return Verdict(
        tuple(_diagnostics(raw, "errors")),
        tuple(_diagnostics(raw, "warnings")),
    )


def _diagnostics(raw: Mapping[str, Any], key: str) -> Iterable[Diagnostic]:
    """Items of `errors` or, in an older form of the response, `errors2`; likewise warnings."""
    items = raw.get(key) or raw.get(f"{key}2") or []
    if not isinstance(items, list):
        fail(f"`{key}` is not a list")
    for item in items:
        if isinstance(item, str):
            item = {"message": item}
        if isinstance(item, dict):
            yield _diagnostic(item, "error" if key == "errors" else "warning")


def _diagnostic(item: Mapping[str, Any], severity: Any) -> Diagnostic:
    line, column = _position(item.get("start"), (1, 1))
    end_line, end_column = _position(item.get("end"), (line, column))
    if (end_line, end_column) < (line, column):
        end_line, end_column = line, column
    ctx, code = item.get("ctx"), item.get("code")
    return Diagnostic(
        severity=severity,
        line=line,
        column=column,
        end_line=end_line,
        end_column=end_column,
        message=_fill_template(item.get("message"), ctx if isinstance(ctx, dict) else {}),
        code=code[:20] if isinstance(code, str) else "",
    )


def _position(raw: object, default: tuple[int, int]) -> tuple[int, int]:
    if not isinstance(raw, dict):
        return default
    numbers = [raw.get("line"), raw.get("column")]
    if any(isinstance(n, bool) or not isinstance(n, int) for n in numbers):
        return default
    line, column = (min(max(1, n), MAX_SOURCE) for n in cast("list[int]", numbers))
    return line, column


def _to_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _fill_template(raw: object, ctx: Mapping[str, Any]) -> str:
    """The message with `{name}` filled from ctx. A name missing from ctx stays as it is."""
    template = raw if isinstance(raw, str) and raw.strip() else "no message given"
    # Cut each value first: a short template can turn a long value into text of any size.
    values = {key: _to_text(value)[:_LONGEST] for key, value in ctx.items()}
    return _PLACEHOLDER.sub(lambda m: values.get(m[1], m[0]), template[:_LONGEST])[:_LONGEST]
