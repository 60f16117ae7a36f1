"""Every endpoint in protocol.md's table, over both transports; each switch in both positions."""

import gzip
from typing import Any
from urllib.parse import quote

import pytest
import requests

from pinesync.errors import Misuse
from pinesync.sandbox.faults import Switches
from pinesync.sandbox.store import Store

NOT_READER = {"code": 401, "message": "User is not allowed to see source code of pine"}
NOT_OWNER = {"code": 401, "message": "User is not an owner of pine"}
UNKNOWN = "USER;" + "0" * 32


@pytest.fixture(params=["", "/"], ids=["bare", "slash"])
def slash(request: pytest.FixtureRequest, facade: Any) -> str:
    facade.slash = request.param
    return str(request.param)


@pytest.fixture(params=["multipart", "urlencoded"])
def encoding(request: pytest.FixtureRequest, facade: Any) -> str:
    facade.encoding = request.param
    return str(request.param)


def status_and_body(answer: requests.Response) -> tuple[int, Any]:
    try:
        return answer.status_code, answer.json()
    except ValueError:
        return answer.status_code, answer.text


# -- list, get, versions --------------------------------------------------------------------------


def test_a_list_has_the_saved_scripts(facade: Any, slash: str, good: str) -> None:
    pine_id = facade.make("A <b> & 'c'", good)
    answer = facade.ask("GET", "/list?filter=saved")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.json() == [
        {
            "scriptIdPart": pine_id,
            "version": "1.0",
            "scriptName": "A <b> & 'c'",
            "scriptTitle": "Good one",
            "modified": 1_700_000_000,
            "scriptSource": "",
            "isTVScriptBuiltIn": False,
            "extra": {"kind": "study", "sourceInputsCount": 0},
        }
    ]
    facade.switch("list_names=escaped")
    (row,) = facade.json("GET", "/list?filter=saved")
    assert row["scriptName"] == "A &lt;b&gt; &amp; &#x27;c&#x27;"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "Argument filter is not given"),
        ("?x=saved", "Argument filter is not given"),
        ("?filter=", "Bad 'filter' value"),
        ("?filter=all", "Bad 'filter' value"),
        ("?filter=SAVED", "Bad 'filter' value"),
    ],
)
def test_a_list_with_a_bad_filter_is_400_text(facade: Any, query: str, words: str) -> None:
    for cookie in (None, ""):
        assert status_and_body(facade.ask("GET", "/list" + query, cookie=cookie)) == (400, words)


@pytest.mark.parametrize("cookie", ["", "sessionid=x; sessionid_sign=y", "sessionid={}", "\\"])
def test_a_missing_or_expired_session_lists_nothing(facade: Any, cookie: str) -> None:
    facade.make()
    cookie = cookie.replace("{}", facade.user.sessionid)
    assert facade.json("GET", "/list?filter=saved", cookie=cookie) == []


def test_the_user_name_in_a_query_is_ignored(facade: Any) -> None:
    facade.make()
    assert len(facade.json("GET", "/list?filter=saved&user_name=somebody")) == 1


@pytest.mark.parametrize("version", ["last", "2.0", "2"])
def test_get_returns_name_times_and_source(facade: Any, slash: str, version: str) -> None:
    pine_id = facade.make("A & B")
    facade.clock.wait(60)
    source = "\ufeff//@version=5\r\nstrategy('S')\r"
    facade.store.save_next(facade.user, pine_id, source)
    answer = facade.ask("GET", f"/get/{quote(pine_id, safe='')}/{version}")
    assert "USER%3B" in answer.request.url
    assert answer.json() == {
        "created": "2023-11-14T22:13:20.000000Z",
        "updated": "2023-11-14T22:14:20.000000Z",
        "extra": {"kind": "strategy", "sourceInputsCount": 0},
        "lastVersionMaj": "2.0",
        "scriptAccess": "open_no_auth",
        "scriptName": "A &amp; B",
        "scriptTitle": "S",
        "scriptIdPart": pine_id,
        "source": source,
        "version": "2.0",
    }


def test_old_versions_stay_readable(facade: Any, good: str) -> None:
    pine_id = facade.make("One", good)
    facade.store.save_next(facade.user, pine_id, "newer")
    old = facade.json("GET", f"/get/{pine_id}/1.0")
    assert (old["source"], old["version"], old["lastVersionMaj"]) == (good, "1.0", "2.0")


def test_get_follows_its_switches(facade: Any) -> None:
    pine_id = facade.make("One", "a\nb\r\nc\r")
    path = f"/get/{pine_id}/last"
    facade.switch("eol=crlf,epoch_times=true,get_has_id=false,get_has_title=false")
    body = facade.json("GET", path)
    assert body["source"] == "a\r\nb\r\nc\r\n"
    assert (body["created"], body["updated"]) == (1_700_000_000, 1_700_000_000)
    assert "scriptIdPart" not in body
    assert "scriptTitle" not in body
    facade.switch("last_version_int=true")
    assert facade.json("GET", path)["lastVersionMaj"] == 1


def test_get_refuses_other_accounts_and_bad_versions(facade: Any, store: Store) -> None:
    other = store.save_new(store.ensure_user("other"), "Theirs", "x").pine_id
    mine = facade.make()
    assert status_and_body(facade.ask("GET", f"/get/{other}/last")) == (401, NOT_READER)
    assert status_and_body(facade.ask("GET", f"/get/{mine}/last", cookie="")) == (401, NOT_READER)
    for version in ("-1", "x", "0", "1.5", ""):
        assert facade.ask("GET", f"/get/{mine}/{version}").status_code in (400, 404)
    for path in (f"/get/{UNKNOWN}/last", f"/get/{mine}/7.0", "/get/USER%3Bxyz/last"):
        facade.switch("unknown_id=401")
        assert status_and_body(facade.ask("GET", path)) == (401, NOT_READER)
        facade.switch("unknown_id=404")
        assert facade.ask("GET", path).status_code == 404


def test_no_4xx_turns_a_refusal_into_200(facade: Any) -> None:
    body = facade.json("GET", f"/get/{UNKNOWN}/last?no_4xx=true")
    assert body == {"success": False, "reason": NOT_READER["message"]}


def test_versions_returns_the_newest_or_all_versions(facade: Any, slash: str) -> None:
    pine_id = facade.make()
    facade.store.save_next(facade.user, pine_id, "newer")
    (newest,) = facade.json("GET", f"/versions/{pine_id}/last")
    assert (newest["version"], newest["created"]) == ("2.0", "2023-11-14T22:13:20.000000Z")
    history = facade.json("GET", f"/versions/{pine_id}/all")
    assert [row["version"] for row in history] == ["1.0", "2.0"]
    assert facade.ask("GET", f"/versions/{pine_id}/all", cookie="").status_code == 401
    facade.switch("history_available=false")
    assert facade.ask("GET", f"/versions/{pine_id}/all").status_code == 404
    assert facade.ask("GET", f"/versions/{pine_id}/last").status_code == 200


# -- check, compile, title, convert ---------------------------------------------------------------

FOUND = {
    "code": "CE10272",
    "ctx": {"identifier": "clsoe"},
    "start": {"line": 3, "column": 6},
    "end": {"line": 3, "column": 10},
    "message": 'Undeclared identifier "{identifier}"',
}
BARE = {"start": FOUND["start"], "end": FOUND["end"], "message": 'Undeclared identifier "clsoe"'}


def test_check_needs_no_cookie_and_stores_nothing(
    facade: Any, slash: str, encoding: str, good: str, broken: str
) -> None:
    clean = {"success": True, "result": {"functions": [], "types": [], "enums": []}}
    assert facade.json("POST", "/translate_light?v=3", good, cookie="") == clean
    body = facade.json("POST", "/translate_light?v=3", broken, cookie="")
    assert body["success"] is True
    assert body["result"]["errors"] == [FOUND]
    assert "warnings" not in body["result"]
    older = facade.json("POST", "/translate_light", broken)
    assert older["result"]["errors2"] == [FOUND]
    facade.switch("bare_errors=all")
    assert facade.json("POST", "/translate_light?v=3", broken)["result"]["errors"] == [BARE]
    assert facade.store.list(facade.user) == ()


def test_a_check_of_an_empty_text_is_400(facade: Any, encoding: str) -> None:
    assert facade.ask("POST", "/translate_light?v=3", "").status_code == 400
    assert facade.ask("POST", "/translate_light?v=3").status_code == 400


@pytest.mark.parametrize("version", ["last", "v5", "v6"])
@pytest.mark.parametrize("is_pine_ex", ["true", "false"])
def test_a_full_compile_returns_metadata_or_errors(
    facade: Any, slash: str, encoding: str, version: str, is_pine_ex: str, good: str, broken: str
) -> None:
    path = f"/translate_source/{version}?is_pine_ex={is_pine_ex}"
    body = facade.json("POST", path, good, fields={"inputs": "{}"}, cookie="")
    assert sorted(body["result"]) == ["IL", "ilTemplate", "metaInfo"]
    assert body["result"]["metaInfo"]["plots"] == [{"id": "plot_0", "type": "line"}]
    failed = facade.json("POST", path, broken)
    assert failed == {
        "success": False,
        "reason": BARE["message"],
        "reason2": {"errors": [BARE], "warnings": []},
    }
    assert facade.store.list(facade.user) == ()


def test_a_full_compile_of_an_invalid_version_is_400(facade: Any, good: str) -> None:
    assert facade.ask("POST", "/translate_source/6.0", good).status_code == 400
    assert facade.ask("POST", "/translate_source/last", "").status_code == 400


def test_only_a_full_compile_and_a_save_see_the_limits(facade: Any, good: str) -> None:
    long = good + "plot(close)\n" * 70
    light = facade.json("POST", "/translate_light?v=3", long)
    assert "errors" not in light["result"]
    full = facade.json("POST", "/translate_source/last", long, fields={"inputs": "{}"})
    assert full["reason"] == "Too many plots: the limit is 64"
    saved = facade.json("POST", "/save/new?name=Long&allow_overwrite=false", long)
    assert (saved["success"], saved["reason"]) == (False, full["reason"])
    assert facade.store.find(facade.user, "Long").source == long


def test_parse_title_returns_the_declared_title(
    facade: Any, slash: str, encoding: str, good: str
) -> None:
    body = facade.json("POST", "/parse_title", good, fields={"user_name": "x"})
    assert body == {"success": True, "result": "Good one"}
    assert facade.json("POST", "/parse_title", "plot(close)")["success"] is False


def test_convert_changes_the_pine_version(
    facade: Any, slash: str, encoding: str, broken: str
) -> None:
    body = facade.json(
        "POST", "/convert", "//@version=5\nindicator('A')\n", fields={"version_to": "6"}
    )
    assert body["result"]["source"].startswith("//@version=6\n")
    assert list(facade.json("POST", "/convert", broken, fields={"version_to": "6"})) == ["error"]


# -- saving ---------------------------------------------------------------------------------------


def test_save_new_creates_a_script(facade: Any, slash: str, encoding: str, good: str) -> None:
    name = "Ünï/ção 測 + & %"
    path = f"/save/new?name={quote(name)}&allow_overwrite=false"
    meta = facade.json("POST", path, good)["result"]["metaInfo"]
    (row,) = facade.store.list(facade.user)
    assert row.name == name
    assert meta["scriptIdPart"] == row.pine_id
    assert meta["id"] == f"Script${row.pine_id}@tv-scripting-101"
    assert meta["pine"]["version"] == "1.0"
    assert status_and_body(facade.ask("POST", path, good)) == (
        409,
        {"code": 409, "message": "Script already exists"},
    )
    facade.switch("conflict=text,id_in=metaInfo.id")
    assert status_and_body(facade.ask("POST", path, good)) == (409, "Script already exists")
    meta = facade.json("POST", "/save/new?name=Two", good)["result"]["metaInfo"]
    assert "scriptIdPart" not in meta
    assert meta["id"].startswith("Script$USER;")


def test_allow_overwrite_saves_over_the_script_of_that_name(facade: Any) -> None:
    pine_id = facade.make("One", "precious")
    body = facade.json("POST", "/save/new?name=One&allow_overwrite=true", "other")
    assert body["success"] is False or body["result"]["metaInfo"]["scriptIdPart"] == pine_id
    assert [version.source for version in facade.store.history(pine_id)] == ["precious", "other"]


def test_save_next_adds_a_version(facade: Any, slash: str, encoding: str, good: str) -> None:
    pine_id = facade.make()
    path = f"/save/next/{quote(pine_id, safe='')}?allow_create_new=false"
    meta = facade.json("POST", path, good)["result"]["metaInfo"]
    assert (meta["scriptIdPart"], meta["pine"]["version"]) == (pine_id, "2.0")
    assert facade.store.get(pine_id).name == "One"
    facade.json("POST", path + "&name=Two", good)
    newest = facade.store.get(pine_id)
    assert (str(newest.version), newest.name) == ("3.0", "Two")
    facade.make("Three")
    assert facade.ask("POST", path + "&name=Three", good).status_code == 409
    assert str(facade.store.get(pine_id).version) == "3.0"


@pytest.mark.parametrize("path", ["/save/new?name=B", "/save/next/{id}?name=B"])
def test_a_broken_save_is_still_stored(facade: Any, encoding: str, path: str, broken: str) -> None:
    path = path.format(id=facade.make("A"))
    expected = {
        "success": False,
        "reason": BARE["message"],
        "reason2": {"errors": [BARE], "warnings": []},
    }
    assert facade.json("POST", path, broken) == expected
    stored = facade.store.find(facade.user, "B")
    assert stored.source == broken
    facade.switch("failed_save_has_result=true,bare_errors=none")
    body = facade.json("POST", f"/save/next/{stored.pine_id}", broken)
    assert body["reason2"]["errors"] == [FOUND]
    assert body["result"]["metaInfo"]["scriptIdPart"] == stored.pine_id


@pytest.mark.parametrize(
    "source",
    [
        "a\r\nb\r\n",
        "a\rb\r",
        "\ufeffx",
        "nul \0 in it",
        "\r\n--BoundaryX-- and more\n",
        "\n\n",
        "a=1&source=2+3%20%zz;x",
        "𝄞\u2028\x85é",
        "no line end",
        "\n" * 70_000,
    ],
    ids=range(10),
)
def test_a_source_is_stored_byte_for_byte(facade: Any, encoding: str, source: str) -> None:
    if encoding == "multipart" and "BoundaryX" in source:
        source = source.replace("BoundaryX", "Another")
    facade.json("POST", "/save/new?name=B", source)
    stored = facade.store.find(facade.user, "B")
    assert stored.source == source
    assert facade.json("GET", f"/get/{stored.pine_id}/last")["source"] == source


@pytest.mark.parametrize(
    ("switch", "stored"),
    [
        ("kept", "\ta\n\n"),
        ("strip-trailing", "\ta"),
        ("add-trailing", "\ta\n\n"),
        ("tabs", "    a\n\n"),
    ],
)
def test_the_text_switch_changes_what_is_stored(facade: Any, switch: str, stored: str) -> None:
    facade.switch(f"text={switch}")
    facade.json("POST", "/save/new?name=B", "\ta\n\n")
    assert facade.store.find(facade.user, "B").source == stored
    if switch == "add-trailing":
        facade.json("POST", "/save/new?name=C", "c")
        assert facade.store.find(facade.user, "C").source == "c\n"


def test_a_save_over_a_limit_is_refused(facade: Any, encoding: str) -> None:
    most = "//" + "x" * (5 * 1024 * 1024 - 2)
    assert facade.ask("POST", "/save/new?name=A", most).status_code == 200
    assert facade.ask("POST", "/save/new?name=B", most + "x").status_code == 413
    assert facade.ask("POST", f"/save/new?name={'n' * 128}", "x").status_code == 200
    for query in (f"?name={'n' * 129}", "?name=", "?name=+", ""):
        assert facade.ask("POST", "/save/new" + query, "x").status_code == 420
    assert facade.ask("POST", "/save/new?name=C", b"\xff\xfe").status_code == 400
    assert facade.ask("POST", "/save/new?name=C", "").status_code == 400
    assert {row.name for row in facade.store.list(facade.user)} == {"A", "n" * 128}


@pytest.mark.parametrize(
    "body", [b"--BoundaryX\r\nx", b"", b"--BoundaryX\r\n\r\nx\r\n--BoundaryX--"]
)
def test_damaged_multipart_bodies_are_400(facade: Any, body: bytes) -> None:
    answer = facade.http.post(
        facade.url + "/save/new?name=C",
        data=body,
        headers={
            "Cookie": facade.user.cookie,
            "Content-Type": "multipart/form-data; boundary=BoundaryX",
        },
    )
    assert answer.status_code == 400


def test_two_megabytes_are_accepted_and_sixteen_are_413(facade: Any, encoding: str) -> None:
    large = "//@version=6\nindicator('L')\n" + ("// " + "x" * 76 + "\n") * 25_000
    assert facade.ask("POST", "/parse_title", large).json()["result"] == "L"
    huge = "x" * (16 * 1024 * 1024)
    assert facade.ask("POST", "/translate_light?v=3", huge).status_code == 413


# -- rename, label, delete ------------------------------------------------------------------------


def test_rename_refuses_taken_and_empty_names(facade: Any, slash: str) -> None:
    pine_id = facade.make("One")
    facade.make("Two")
    assert facade.ask("POST", f"/rename/{pine_id}?name=Three&force=false").status_code == 200
    assert facade.ask("POST", f"/rename/{pine_id}?name=Two&force=false").status_code == 409
    assert facade.ask("POST", f"/rename/{pine_id}?name=").status_code == 420
    found = facade.store.get(pine_id)
    assert (found.name, str(found.version)) == ("Three", "1.0")


def test_a_version_can_be_labelled(facade: Any, slash: str) -> None:
    pine_id = facade.make()
    assert facade.ask("PUT", f"/name/{pine_id}/1.0?name=Stable").status_code == 200
    assert facade.store.get(pine_id).label == "Stable"
    assert facade.store.get(pine_id).name == "One"


def test_delete_removes_a_script_once(facade: Any, slash: str) -> None:
    pine_id = facade.make()
    assert facade.ask("POST", f"/delete/{pine_id}").content == b'"ok"'
    assert facade.json("GET", "/list?filter=saved") == []
    assert status_and_body(facade.ask("POST", f"/delete/{pine_id}")) == (401, NOT_OWNER)
    facade.switch("ok=bare")
    assert facade.ask("POST", f"/delete/{facade.make()}").content == b"ok"


WRITES = [
    ("POST", "/save/new?name=X", "x"),
    ("POST", "/save/next/{id}?allow_create_new=false", "x"),
    ("POST", "/save/next/{id}?allow_create_new=true&name=X", "x"),
    ("POST", "/rename/{id}?name=X", None),
    ("PUT", "/name/{id}/1.0?name=X", None),
    ("POST", "/delete/{id}", None),
]


@pytest.mark.parametrize(("method", "path", "source"), WRITES)
def test_writes_without_a_session_are_refused(
    facade: Any, method: str, path: str, source: str | None
) -> None:
    path = path.format(id=facade.make())
    before = facade.store.list(facade.user)
    for cookie in ("", "sessionid=dead; sessionid_sign=dead"):
        facade.switch("")
        assert status_and_body(facade.ask(method, path, source, cookie=cookie)) == (401, NOT_OWNER)
        facade.switch("dead_session_writes=401-text")
        words = "header 'X-Userid' is not specified"
        assert status_and_body(facade.ask(method, path, source, cookie=cookie)) == (401, words)
        facade.switch("dead_session_writes=403-html")
        answer = facade.ask(method, path, source, cookie=cookie)
        assert answer.status_code == 403
        assert answer.text.startswith("<!DOCTYPE html>")
    assert facade.store.list(facade.user) == before


@pytest.mark.parametrize(("method", "path", "source"), WRITES[1:])
def test_writes_to_foreign_scripts_are_refused(
    facade: Any, store: Store, method: str, path: str, source: str | None
) -> None:
    theirs = store.save_new(store.ensure_user("other"), "Theirs", "x").pine_id
    assert status_and_body(facade.ask(method, path.format(id=theirs), source)) == (401, NOT_OWNER)
    assert status_and_body(facade.ask(method, path.format(id=UNKNOWN), source)) == (401, NOT_OWNER)
    facade.switch("unknown_id=404")
    assert facade.ask(method, path.format(id=UNKNOWN), source).status_code == 404
    assert status_and_body(facade.ask(method, path.format(id=theirs), source)) == (401, NOT_OWNER)
    assert store.list(facade.user) == ()
    assert len(store.history(theirs)) == 1


# -- the session, and what is not there -----------------------------------------------------------


def test_the_session_probe_returns_the_account(facade: Any, store: Store, slash: str) -> None:
    path = f"/get_script_info?pine_id={facade.make()}"
    body = facade.json("GET", path)
    assert body["userName"] == "sandbox"
    assert sorted(body) == ["chartImageUrl", "userId", "userName"]
    assert status_and_body(facade.ask("GET", path, cookie="")) == (
        401,
        "header 'X-Userid' is not specified",
    )
    other = store.save_new(store.ensure_user("other"), "Theirs", "x").pine_id
    builtin = "/get_script_info?pine_id=STD%3BRSI"
    assert facade.json("GET", f"/get_script_info?pine_id={other}")["userName"] == "sandbox"
    assert facade.json("GET", builtin)["userName"] == "sandbox"
    facade.switch("script_info_of=owner")
    assert facade.json("GET", path)["userName"] == "sandbox"
    assert facade.json("GET", f"/get_script_info?pine_id={other}")["userName"] == "other"
    assert facade.json("GET", builtin)["userName"] == "TradingView"
    assert facade.ask("GET", f"/get_script_info?pine_id={UNKNOWN}").status_code == 401


def test_is_auth_to_get_answers_true_or_false(facade: Any, slash: str) -> None:
    pine_id = facade.make()
    assert facade.ask("GET", f"/is_auth_to_get/{pine_id}/last").content == b"true"
    assert facade.ask("GET", f"/is_auth_to_get/{pine_id}/9.0").content == b"false"
    assert facade.ask("GET", f"/is_auth_to_get/{pine_id}/1", cookie="").content == b"false"


@pytest.mark.parametrize(
    "path",
    [
        "/publish/new",
        "/save/new_draft?name=x",
        "/save/next_draft/x",
        "/copy/x",
        "/process_legacy",
        "/",
        "/list/saved",
        "/../list?filter=saved",
        "/etc/passwd",
    ],
)
def test_unused_endpoints_are_404(facade: Any, path: str) -> None:
    answer = facade.ask("POST", path, "x")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/plain")


def test_wrong_methods_are_405(facade: Any) -> None:
    assert facade.ask("POST", "/list?filter=saved", "x").status_code == 405
    assert facade.ask("DELETE", f"/delete/{UNKNOWN}").status_code == 405


def test_gzip_only_where_it_is_accepted(facade: Any) -> None:
    facade.make()
    path = "/list?filter=saved"
    plain = facade.ask("GET", path)
    assert "content-encoding" not in plain.headers
    zipped = facade.ask("GET", path, headers={"Accept-Encoding": "br, gzip"}, stream=True)
    assert zipped.headers["content-encoding"] == "gzip"
    assert gzip.decompress(zipped.raw.read(decode_content=False)) == plain.content
    refused = facade.ask("GET", path, headers={"Accept-Encoding": "gzip;q=0"})
    assert "content-encoding" not in refused.headers
    facade.switch("gzip=false")
    never = facade.ask("GET", path, headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in never.headers


def test_the_log_has_every_request(facade: Any) -> None:
    pine_id = facade.make()
    facade.ask("GET", "/list?filter=saved")
    facade.ask("GET", f"/get/{quote(pine_id, safe='')}/last")
    facade.ask("POST", "/nothing", "x")
    assert facade.plan.log == [
        ("list", "GET", "/list", ""),
        ("get", "GET", f"/get/{pine_id}/last", pine_id),
        ("", "POST", "/nothing", ""),
    ]
    assert facade.plan.urls[0] == "/list?filter=saved"
    assert facade.plan.asked("get") == 1


def test_switches_are_parsed_from_text() -> None:
    assert Switches.parse("") == Switches()
    parsed = Switches.parse("eol=crlf, unknown_id=404,gzip=false")
    assert (parsed.eol, parsed.unknown_id, parsed.gzip) == ("crlf", "404", False)
    for text in ("eol=lf", "nothing=1", "gzip=yes", "eol"):
        with pytest.raises(Misuse):
            Switches.parse(text)
