"""Every function that reads a response accepts any status and any bytes: it returns a valid
value or raises one of our errors."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from random import Random
from typing import Any

from hypothesis import strategies as st

from pinesync.errors import PinesyncError
from pinesync.model import (
    Account,
    Alerts,
    Contract,
    PineId,
    SaveAnswer,
    SavedText,
    ScriptInfo,
    Verdict,
    Version,
)
from pinesync.protocol import Response, responses, safe_json, server_responses
from pinesync.protocol.alerts import alerts
from pinesync.sandbox.alerts import item
from pinesync.sandbox.compiler.metainfo import metainfo
from pinesync.text.canonical import MAX_SOURCE, check_encodable, digest
from tests.fuzz.engine import Target
from tests.fuzz.strategies import like_json, varied

ID = PineId("USER;0123456789abcdef0123456789abcdef")
INFO = ScriptInfo(ID, "A & <B> 測", Version(13), "Title", 1_700_000_000)
TEXT = SavedText(ID, "A & B", Version(2), Version(3), "a\r\n\"é'\\", digest("a\n\"é'\\"))
SOURCE = '//@version=6\nstrategy("s")\nx = input.int(1, "x", options = [1, 2])\nplot(close)\n'
FINDING = server_responses.finding("CE1", 'No "{a}"', {"a": "x", "n": 2}, (1, 2, 3, 4))
SOUND: list[Any] = [
    [
        server_responses.list_item(INFO),
        server_responses.list_item(replace(INFO, kind="library"), escape_name=True),
    ],
    server_responses.script(TEXT),
    server_responses.script(TEXT, id_part=False, epoch_times=True),
    server_responses.checked([FINDING], [FINDING]),
    server_responses.checked([FINDING], [], v3=False),
    server_responses.too_old(),
    server_responses.stored(server_responses.compiled(ID, "Title", "13.0", metainfo(SOURCE))),
    server_responses.not_compiled(
        [FINDING, server_responses.finding("CE10250", "No statement", {"strict": True}, None)],
        [FINDING],
        server_responses.compiled(ID, "Title", "13.0", {}, id_part=False),
    ),
    server_responses.refused(401, "User is not allowed"),
    {"userName": "trader42", "userId": 7},
    {"s": "ok", "r": [item(1, pine_id=ID, version="13.0")]},
    {"success": False, "reason": "quota"},
    "ok",
]
READERS: dict[str, Callable[[Response], Any]] = {
    "scripts": responses.scripts,
    "newest": lambda answer: responses.saved_text(answer, ID, None),
    "version": lambda answer: responses.saved_text(answer, ID, Version(2)),
    "verdict": responses.verdict,
    "full verdict": responses.full_verdict,
    "alerts": alerts,
    "saved": responses.saved,
    "deleted": responses.deleted,
    "account": responses.account,
}


def _inner(value: Any) -> list[Any]:
    """The value, and all that is in it."""
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [value, *(one for item in below for one in _inner(item))]


_ALL = [one for value in SOUND for one in _inner(value)]
_KEYS = sorted({key for one in _ALL if isinstance(one, dict) for key in one})
_LEAVES = [one for one in _ALL if not isinstance(one, dict | list)]
_JSON = like_json(_KEYS, _LEAVES).map(lambda value: json.dumps(value).encode())
_BODIES = st.one_of(
    st.binary(max_size=60),
    _JSON,
    st.sampled_from([server_responses.encode(value) for value in SOUND]),
    st.sampled_from([b"<!DOCTYPE html>", b"ok", b""]),
)
_STATUS = st.sampled_from([200, 200, 200, 201, 302, 400, 401, 403, 404, 409, 420, 429, 500, 503])
_EXAMPLES = st.tuples(st.sampled_from(sorted(READERS)), _STATUS, _BODIES, st.none() | st.text())


def _check(example: tuple[str, int, bytes, str | None]) -> None:
    reader, status, body, retry_after = example
    _check_json(body)
    refused = None
    try:
        found = READERS[reader](Response(status, body, retry_after))
    except PinesyncError as error:
        found, refused = (), error
    assert refused is None or len(refused.message) < 2000
    assert refused or 200 <= status < 300
    for one in found if isinstance(found, tuple) else [found]:
        _check_value(one)


def _check_json(body: bytes) -> None:
    """Every parser reads an accepted response in the same way."""
    try:
        value = safe_json.loads(body)
    except ValueError:
        return
    assert value == json.loads(body.decode())
    json.dumps(value, allow_nan=False)


def _check_value(value: object) -> None:
    match value:
        case None:
            return
        case ScriptInfo():
            names, versions = [value.name, value.title], [value.version]
            datetime.fromtimestamp(value.modified, timezone(timedelta(hours=23)))
        case SavedText():
            names, versions = [value.name, value.title], [value.version, value.last_version]
            assert value.digest == digest(value.source)
            assert len(value.source) <= MAX_SOURCE
            check_encodable(value.source)
            for moment in (value.created, value.updated):
                datetime.fromtimestamp(moment, timezone(timedelta(hours=23)))
        case Account():
            names, versions = [value.name, value.user_id], []
        case SaveAnswer():
            names, versions = [], [value.version] if value.version else []
            _check_value(value.verdict)
        case Alerts():
            names = [text for one in value.found for text in (one.symbol, one.resolution)]
            versions = [one.version for one in value.found]
            assert value.passed_over >= 0
        case Verdict():
            contract = value.contract or Contract()
            names = [slot.title for slot in (*contract.inputs, *contract.plots)]
            versions = []
            for found in (*value.errors, *value.warnings):
                assert len(found.message) <= 1000
                begins, ends = (found.line, found.column), (found.end_line, found.end_column)
                assert (1, 1) <= begins <= ends
        case _:
            raise AssertionError(f"a {type(value)} came")
    assert all(0 < version.major < 1_000_000 for version in versions)
    for name in names:
        assert len(name) <= responses.MAX_NAME
        check_encodable(name)


def _vary(example: tuple[str, int, bytes, str | None], lot: Random) -> object:
    reader, status, body, retry_after = example
    return lot.choice((reader, *READERS)), status, varied(body, lot), retry_after


WIRE = Target("wire", _EXAMPLES, _check, _vary)
