"""Requests and answers as bytes, written by hand from protocol.md.

Client and sandbox share `protocol`, so both could be wrong together; nothing here is made by
our own encoder.
"""

from typing import Any

import pytest

from pinesync import errors
from pinesync.errors import BadResponse, BotCheck, Refused
from pinesync.model import Diagnostic, PineId, Verdict, Version
from pinesync.protocol import Request, Response, requests, responses
from pinesync.text.canonical import MAX_SOURCE

pytestmark = pytest.mark.promise(23)

ID = PineId("USER;0123456789abcdef0123456789abcdef")
QUOTED = "USER%3B0123456789abcdef0123456789abcdef"
HTML = b"<!DOCTYPE html>\n<html><head><title>Just a moment...</title></head></html>"


def ok(body: bytes | str) -> Response:
    return Response(200, body.encode() if isinstance(body, str) else body)


# -- what is asked --------------------------------------------------------------------------------


@pytest.mark.promise("S13")
@pytest.mark.parametrize(
    ("request_", "method", "path", "query", "source", "effect"),
    [
        (requests.list_scripts(), "GET", "/list", [("filter", "saved")], None, "read"),
        (requests.get_script(ID, None), "GET", f"/get/{QUOTED}/last", [], None, "read"),
        (requests.get_script(ID, Version(13)), "GET", f"/get/{QUOTED}/13.0", [], None, "read"),
        (requests.check("a\r\n"), "POST", "/translate_light", [("v", "3")], "a\r\n", "read"),
        (
            requests.full_check("text"),
            "POST",
            "/translate_source/last/",
            [("is_pine_ex", "false")],
            "text",
            "read",
        ),
        (
            requests.save_new("A & B", "text"),
            "POST",
            "/save/new",
            [("name", "A & B"), ("allow_overwrite", "false")],
            "text",
            "write",
        ),
        (
            requests.save_next(ID, "A", "text"),
            "POST",
            f"/save/next/{QUOTED}",
            [("allow_create_new", "false"), ("name", "A")],
            "text",
            "write",
        ),
        (
            requests.save_next(ID, None, "text"),
            "POST",
            f"/save/next/{QUOTED}",
            [("allow_create_new", "false")],
            "text",
            "write",
        ),
        (
            requests.rename_script(ID, "Мой & 測試"),
            "POST",
            f"/rename/{QUOTED}",
            [("name", "Мой & 測試"), ("force", "false")],
            None,
            "write",
        ),
        (requests.delete(ID), "POST", f"/delete/{QUOTED}", [], None, "write"),
        (requests.script_info(ID), "GET", "/get_script_info/", [("pine_id", ID)], None, "read"),
    ],
)
def test_each_request_has_its_method_path_query_and_body(
    request_: Request,
    method: str,
    path: str,
    query: list[tuple[str, str]],
    source: str | None,
    effect: str,
) -> None:
    assert (request_.method, request_.path) == (method, path)
    assert (list(request_.query), request_.source) == (query, source)
    assert request_.effect == effect


# -- list -----------------------------------------------------------------------------------------

LIST = """[{"scriptIdPart":"USER;0123456789abcdef0123456789abcdef","version":"13.0",
"scriptName":"saved name","scriptTitle":"title in the declaration","modified":1753442449,
"scriptSource":"","isTVScriptBuiltIn":false,
"extra":{"kind":"strategy","sourceInputsCount":2,"stats":{"alertcondition":8,"plot":1}}}]"""


def test_a_list_row_is_parsed() -> None:
    (info,) = responses.scripts(ok(LIST))
    assert (info.pine_id, info.version, info.name) == (ID, Version(13), "saved name")
    assert (info.title, info.modified, info.kind) == (
        "title in the declaration",
        1753442449,
        "strategy",
    )


def test_lists_in_other_formats_are_parsed() -> None:
    assert responses.scripts(ok("[]")) == ()
    assert responses.scripts(ok(b"\n [ ] \n")) == ()
    assert responses.scripts(ok('[{"scriptIdPart":"STD;RSI","version":"1.0"}]')) == ()
    (info,) = responses.scripts(ok(LIST.replace('"13.0"', "13").replace("1753442449", '"x"')))
    assert (info.version, info.modified) == (Version(13), 0)
    for modified in ('"2025-07-25T11:20:49.000000Z"', "1753442449000", '"1753442449"'):
        (info,) = responses.scripts(ok(LIST.replace("1753442449", modified)))
        assert info.modified == 1753442449
    (info,) = responses.scripts(ok(LIST.replace("saved name", "&lt;b&gt; &amp; \\u6e2c")))
    assert info.name == "&lt;b&gt; &amp; 測"


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        "null",
        '"[]"',
        "[1]",
        '[{"scriptIdPart":"USER;xyz","version":"1.0"}]',
        '[{"version":"1.0"}]',
        LIST.replace("13.0", "13.5"),
        LIST.replace('"13.0"', "null"),
        LIST.replace('"13.0"', '"-1"'),
        LIST[:-1] + "," + LIST[1:],
        LIST[:-2],
        "",
        " ",
        "[NaN]",
        "[" * 100_000,
        "[" * 100_000 + "]" * 100_000,
    ],
    ids=range(16),
)
def test_malformed_lists_are_refused(body: str) -> None:
    with pytest.raises(errors.BadResponse):
        responses.scripts(ok(body))


# -- get ------------------------------------------------------------------------------------------

GET = r"""{"created":"2023-02-06T11:08:10.969063Z","updated":"2023-02-07T11:08:10.969063Z",
"extra":{"kind":"study","sourceInputsCount":0},"lastVersionMaj":"2.0","scriptAccess":"open_no_auth",
"scriptName":"A &amp; B","source":"//@version=6\r\nplot(\"\u00e9\")\n","version":"1.0"}"""


def test_a_saved_text_is_parsed() -> None:
    saved = responses.saved_text(ok(GET), ID, Version(1))
    assert saved.source == '//@version=6\r\nplot("é")\n'
    assert (saved.version, saved.last_version) == (Version(1), Version(2))
    assert (saved.created, saved.updated) == (1675681690, 1675768090)
    assert (saved.name, saved.kind, saved.pine_id) == ("A &amp; B", "study", ID)


@pytest.mark.parametrize("last", ["2", "2.0", '"2"', '"2.0"'])
def test_the_last_version_is_parsed_in_every_format(last: str) -> None:
    body = GET.replace('"2.0"', last)
    assert responses.saved_text(ok(body), ID, None).last_version == Version(2)


def test_version_ten_is_newer_than_nine() -> None:
    body = GET.replace('"2.0"', '"10.0"').replace('"1.0"', '"9.0"')
    saved = responses.saved_text(ok(body), ID, None)
    assert saved.last_version > saved.version


@pytest.mark.parametrize(
    ("created", "expected"),
    [
        ("1675681690", 1675681690),
        ("1675681690.9", 1675681690),
        ("1675681690969", 1675681690),
        ('"1675681690"', 1675681690),
        ('"2023-02-06T11:08:10Z"', 1675681690),
        ('"2023-02-06T12:08:10+01:00"', 1675681690),
        ("null", 0),
        ("true", 0),
        ("-5", 0),
        ('"soon"', 0),
        ("900000000000000", 0),
        ('"9999-12-31T23:59:59Z"', 0),
        ('"0001-01-01T00:00:00+23:59"', 0),
        ("9e99", 0),
        ("{}", 0),
    ],
)
def test_times_are_parsed_in_every_format(created: str, expected: int) -> None:
    body = GET.replace('"2023-02-06T11:08:10.969063Z"', created)
    assert responses.saved_text(ok(body), ID, None).created == expected


def test_a_text_of_another_id_is_refused() -> None:
    mine = GET[:-1] + f',"scriptIdPart":"{ID}"' + "}"
    assert responses.saved_text(ok(mine), ID, None).pine_id == ID
    theirs = mine.replace("USER;0", "USER;1")
    with pytest.raises(errors.BadResponse, match="another script"):
        responses.saved_text(ok(theirs), ID, None)


def test_a_text_of_another_version_is_refused() -> None:
    with pytest.raises(errors.BadResponse, match=r"2\.0"):
        responses.saved_text(ok(GET), ID, Version(2))


@pytest.mark.promise("S15")
@pytest.mark.parametrize(
    "body",
    [
        GET.replace(r"\u00e9", r"\ud800"),
        GET.replace(r"\u00e9", r"\udc00\ud800"),
        GET.replace('"source"', '"sauce"'),
        GET.replace(r'"//@version=6\r\nplot(\"\u00e9\")\n"', "null"),
        GET.replace('"1.0"', '"1.1"'),
        GET.replace('"1.0"', "NaN"),
        GET[:-30],
        GET[: len(GET) // 2],
        "[]",
        "1",
        '{"a":' * 100_000,
        GET.replace("A &amp; B", "\x01"),
    ],
    ids=range(12),
)
def test_malformed_texts_are_refused(body: str) -> None:
    with pytest.raises(errors.BadResponse):
        responses.saved_text(ok(body), ID, None)


def test_invalid_utf8_is_refused() -> None:
    with pytest.raises(errors.BadResponse):
        responses.saved_text(ok(GET.encode().replace(b"A &amp; B", b"\xff")), ID, None)


@pytest.mark.promise("S11")
def test_a_source_that_is_too_large_is_refused() -> None:
    body = GET.replace("plot", "x" * (MAX_SOURCE + 1))
    with pytest.raises(errors.BadResponse, match="larger"):
        responses.saved_text(ok(body), ID, None)


# -- check ----------------------------------------------------------------------------------------

CHECKED = """{"success":true,"result":{"functions":[],"types":[],"enums":[],
"errors":[{"code":"CE10272","ctx":{"identifier":"x"},"start":{"line":3,"column":6},
"end":{"line":3,"column":14},"message":"Undeclared identifier \\"{identifier}\\""}],
"warnings":[{"code":"CW10003","ctx":{"functionName":"ta.sma","n":2},"start":{},"end":{},
"message":"{functionName}, {n}, {unknown}, {}"}]}}"""
ERROR = Diagnostic("error", 3, 6, 3, 14, 'Undeclared identifier "x"', "CE10272")
WARNING = Diagnostic("warning", 1, 1, 1, 1, "ta.sma, 2, {unknown}, {}", "CW10003")


@pytest.mark.parametrize(
    "body", [CHECKED, CHECKED.replace('"errors"', '"errors2"').replace('"warnings"', '"warnings2"')]
)
def test_errors_are_read_from_a_successful_response(body: str) -> None:
    found = responses.verdict(ok(body))
    assert found.errors == (ERROR,)
    assert found.warnings == (WARNING,)


def test_unknown_kinds_of_findings_are_parsed() -> None:
    """As captured: no position, booleans in ctx, unknown codes and keys."""
    body = """{"success":true,"result":{"errors":[
    {"code":"CE10250","ctx":{},"message":"Script doesn't contain any statements"},
    {"code":"CE10271","ctx":{"kind":"method or method reference","fullName":"float.round"},
    "start":{"line":3,"column":26},"end":{"line":3,"column":36},
    "message":"Could not find {kind} '{fullName}'"},
    {"code":"CE10156","ctx":{"value":"\\"index\\""},"start":{"line":4,"column":19},
    "end":{"line":4,"column":19},"message":"Syntax error at input {value}"},
    {"code":"CE99999","ctx":{"yes":true,"no":false,"none":null,"list":[1]},"severity":7,
    "start":{"line":2,"column":900},"message":"{yes} {no} {none} {list}"}],
    "warnings":[{"message":"v5 has no code","start":{"line":1,"column":1},
    "end":{"line":1,"column":1}}]}}"""
    found = responses.verdict(ok(body))
    assert found.errors == (
        Diagnostic("error", 1, 1, 1, 1, "Script doesn't contain any statements", "CE10250"),
        Diagnostic(
            "error",
            3,
            26,
            3,
            36,
            "Could not find method or method reference 'float.round'",
            "CE10271",
        ),
        Diagnostic("error", 4, 19, 4, 19, 'Syntax error at input "index"', "CE10156"),
        Diagnostic("error", 2, 900, 2, 900, "true false None [1]", "CE99999"),
    )
    assert found.warnings == (Diagnostic("warning", 1, 1, 1, 1, "v5 has no code"),)


def test_a_verdict_without_findings_is_empty() -> None:
    found = responses.verdict(ok('{"success":true,"result":{"functions":[]}}'))
    assert (found.errors, found.warnings) == ((), ())


def test_findings_without_code_and_ctx_are_parsed() -> None:
    body = CHECKED.replace('"code":"CE10272","ctx":{"identifier":"x"},', "")
    (error,) = responses.verdict(ok(body)).errors
    assert (error.code, error.message) == ("", 'Undeclared identifier "{identifier}"')
    errors = '["plain",{"message":5},{"message":" "},7,{"start":[],"ctx":[]}]'
    odd = '{"success":true,"result":{"errors":' + errors + "}}"
    assert [finding.message for finding in responses.verdict(ok(odd)).errors] == [
        "plain",
        "no message given",
        "no message given",
        "no message given",
    ]


FULL = '{"success":true,"result":{"IL":"x","ilTemplate":"y","metaInfo":{}}}'
LIMIT = '{"success":false,"reason":"Too long"}'
ITEM = '{"message":"Too many","start":{"line":3,"column":6},"end":{"line":3,"column":14}}'


def test_a_full_verdict_is_empty_or_has_the_errors() -> None:
    assert responses.full_verdict(ok(FULL)) == Verdict()
    (bare,) = responses.full_verdict(ok(LIMIT)).errors
    assert bare == Diagnostic("error", 1, 1, 1, 1, "Too long")
    body = f'{{"success":false,"reason":"x","reason2":{{"errors":[{ITEM}]}}}}'
    (placed,) = responses.full_verdict(ok(body)).errors
    assert placed == Diagnostic("error", 3, 6, 3, 14, "Too many")
    assert requests.full_check("x").fields == (("inputs", "{}"),)


OLD = '{"success":false,"reason":"Supported versions are >= 5","result":null}'
"""As captured."""


def test_old_pine_is_not_checked() -> None:
    message = "not checked: TradingView checks Pine v5 and later"
    note = Verdict(
        (), (Diagnostic("warning", 1, 1, 1, 1, message),), unchecked="Supported versions are >= 5"
    )
    assert responses.verdict(ok(OLD)) == note
    assert responses.full_verdict(ok(OLD)) == note
    (later,) = responses.verdict(ok(OLD.replace(">= 5", ">= 6"))).warnings
    assert later.message == "not checked: TradingView checks Pine v6 and later"


@pytest.mark.parametrize(
    "body",
    [
        OLD.replace("false", "true"),
        OLD.replace("Supported versions", "Versions"),
        OLD.replace(">= 5", ">= five"),
        OLD.replace(">= 5", ">= 500"),
    ],
)
def test_other_refusals_are_not_taken_for_old_pine(body: str) -> None:
    with pytest.raises(errors.FacadeError):
        responses.verdict(ok(body))


@pytest.mark.parametrize(
    ("body", "error"),
    [('{"error":"busy"}', Refused), ('{"success":true}', BadResponse), ("<html>", BotCheck)],
)
def test_a_malformed_full_verdict_is_refused(body: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        responses.full_verdict(ok(body))


def test_a_range_that_ends_before_its_start_is_corrected() -> None:
    body = CHECKED.replace('"end":{"line":3,"column":14}', '"end":{"line":2,"column":1}')
    (error,) = responses.verdict(ok(body)).errors
    assert (error.end_line, error.end_column) == (3, 6)


@pytest.mark.parametrize("body", ['{"success":false,"reason":"Too busy"}', '{"error":"Too busy"}'])
def test_a_refused_check_raises(body: str) -> None:
    with pytest.raises(errors.Refused, match="Too busy"):
        responses.verdict(ok(body))


@pytest.mark.parametrize("body", ["{}", "[]", '{"success":true}', '{"success":true,"result":5}'])
def test_malformed_verdicts_are_refused(body: str) -> None:
    with pytest.raises(errors.BadResponse):
        responses.verdict(ok(body))


# -- save -----------------------------------------------------------------------------------------

SAVED = """{"success":true,"result":{"IL":"bm9","ilTemplate":"bm9","metaInfo":
{"id":"Script$USER;0123456789abcdef0123456789abcdef@tv-scripting-101",
"scriptIdPart":"USER;0123456789abcdef0123456789abcdef","description":"T",
"pine":{"digest":"x","version":"6.0"}}}}"""
PART = '"scriptIdPart":"USER;0123456789abcdef0123456789abcdef",'
BROKEN = """{"success":false,"reason":"Undeclared identifier 'x'","reason2":{"errors":[
{"message":"Undeclared identifier 'x'","start":{"line":3,"column":6},"end":{"line":3,"column":14}}],
"warnings":[]}}"""


@pytest.mark.parametrize("body", [SAVED, SAVED.replace(PART, "")])
def test_a_save_response_has_id_and_version(body: str) -> None:
    saved = responses.saved(ok(body))
    assert (saved.accepted, saved.pine_id, saved.version) == (True, ID, Version(6))


def test_a_save_response_may_omit_id_and_version() -> None:
    bare = '{"success":true,"result":{"metaInfo":{"description":"T"}}}'
    saved = responses.saved(ok(bare))
    assert (saved.accepted, saved.pine_id, saved.version) == (True, None, None)


def test_a_save_that_does_not_compile_is_returned_with_its_errors() -> None:
    saved = responses.saved(ok(BROKEN))
    assert (saved.accepted, saved.pine_id, saved.version) == (False, None, None)
    assert saved.reason == "Undeclared identifier 'x'"
    assert saved.verdict.errors == (
        Diagnostic("error", 3, 6, 3, 14, "Undeclared identifier 'x'", ""),
    )


def test_a_save_that_does_not_compile_may_have_id_and_version() -> None:
    result = SAVED[SAVED.index('"result"') : -1]
    saved = responses.saved(ok(BROKEN[:-1] + "," + result + "}"))
    assert (saved.accepted, saved.pine_id, saved.version) == (False, ID, Version(6))


@pytest.mark.parametrize(
    "body", ['{"success":true}', '{"success":true,"result":null}', "null", '"ok"', SAVED[:-5], ""]
)
def test_malformed_save_responses_are_refused(body: str) -> None:
    with pytest.raises(errors.BadResponse):
        responses.saved(ok(body))


# -- delete, session ------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b'"ok"', b"ok", b' "ok"\n', b"ok\r\n"])
def test_a_confirmed_deletion_is_accepted(body: bytes) -> None:
    responses.deleted(ok(body))


@pytest.mark.parametrize("body", [b"", b'"no"', b"okay", b"{}", b"true", b"null"])
def test_any_other_deletion_response_is_refused(body: bytes) -> None:
    with pytest.raises(errors.BadResponse):
        responses.deleted(ok(body))


@pytest.mark.parametrize(
    "body", [b'"ok"', b"", b"ok", b"{}", b'{"success":true}', b"null", b"\xff", b"[" * 100_000]
)
def test_a_rename_succeeds_with_any_body(body: bytes) -> None:
    """The response format is unknown: only the list shows the result."""
    responses.renamed(ok(body))


def test_a_refused_rename_raises() -> None:
    for body in ('{"success":false,"reason":"why"}', '{"error":"why"}'):
        with pytest.raises(errors.Refused, match="why") as refusal:
            responses.renamed(ok(body))
        assert refusal.value.status == 200
    with pytest.raises(errors.BotCheck):
        responses.renamed(ok(HTML))


def test_a_session_response_is_the_account_or_an_error() -> None:
    account = responses.account(ok('{"userId":77,"userName":"trader42","chartImageUrl":null}'))
    assert (account.name, account.user_id) == ("trader42", "77")
    with pytest.raises(errors.SessionExpired):
        responses.account(Response(401, b"header 'X-Userid' is not specified"))
    with pytest.raises(errors.BotCheck):
        responses.account(Response(401, HTML))
    with pytest.raises(errors.BadResponse):
        responses.account(ok('{"userId":77}'))


# -- what every answer may be ---------------------------------------------------------------------


def _read(answer: Response, kind: str) -> Any:
    return {
        "list": lambda: responses.scripts(answer),
        "get": lambda: responses.saved_text(answer, ID, None),
        "check": lambda: responses.verdict(answer),
        "save": lambda: responses.saved(answer),
        "rename": lambda: responses.renamed(answer),
        "delete": lambda: responses.deleted(answer),
    }[kind]()


@pytest.mark.parametrize("kind", ["list", "get", "check", "save", "rename", "delete"])
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Response(200, HTML), errors.BotCheck),
        (Response(200, b"\xef\xbb\xbf\n <html>"), errors.BotCheck),
        (Response(403, HTML), errors.BotCheck),
        (Response(404, HTML), errors.BotCheck),
        (Response(401, b'{"code":401,"message":"why"}'), errors.NotAccessible),
        (Response(403, b"plain why"), errors.NotAccessible),
        (Response(404, b""), errors.NotAccessible),
        (Response(409, b'{"code":409,"message":"Script already exists"}'), errors.NameTaken),
        (Response(409, b"Script already exists"), errors.NameTaken),
        (Response(400, b"why"), errors.Refused),
        (Response(413, b"why"), errors.Refused),
        (Response(420, b'{"code":420,"message":"why"}'), errors.Refused),
        (Response(429, b"Too Many Requests"), errors.RateLimited),
        (Response(429, HTML), errors.RateLimited),
        (Response(500, b"x"), errors.ServiceDown),
        (Response(503, HTML), errors.ServiceDown),
        (Response(302, b""), errors.BotCheck),
        (Response(200, b""), errors.BadResponse),
        (Response(200, b"[" * 100_000), errors.BadResponse),
        (Response(200, b'{"a":Infinity}'), errors.BadResponse),
    ],
    ids=range(20),
)
def test_each_status_and_web_page_has_its_error(
    kind: str, answer: Response, error: type[Exception]
) -> None:
    if kind == "list" and answer.status in (401, 403):
        error = errors.NoAccess  # it concerns the account, not one script
    if kind == "rename" and error is errors.BadResponse:
        return  # the list shows the result of a rename, not its response
    with pytest.raises(error):
        _read(answer, kind)


def test_a_refusal_keeps_the_services_message() -> None:
    with pytest.raises(errors.NotAccessible, match="not allowed to see") as refusal:
        responses.saved_text(
            Response(
                401, b'{"code":401,"message":"User is not allowed to see source code of pine"}'
            ),
            ID,
            None,
        )
    assert refusal.value.status == 401


def test_a_refusal_with_status_200_is_recognized() -> None:
    with pytest.raises(errors.NotAccessible, match="not allowed") as refusal:
        responses.saved_text(ok('{"success":false,"reason":"User is not allowed"}'), ID, None)
    assert refusal.value.status == 200


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, None), ("7", 7.0), (" 7 ", 7.0), ("", None), ("-1", None), ("soon", None),
     ("1e9", None), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("9" * 30, None), ("٧", None)],
)  # fmt: skip
def test_retry_after_is_parsed_as_seconds_or_a_date(
    header: str | None, seconds: float | None
) -> None:
    with pytest.raises(errors.RateLimited) as refusal:
        responses.scripts(Response(429, b"", header))
    assert refusal.value.retry_after == seconds
