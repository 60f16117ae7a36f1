"""The arguments of `Pine`, and what it sends: the requests, the cookie."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import pytest

from pinesync.pine import Pine
from pinesync.protocol import BASE_URL, responses
from pinesync.sandbox.adapter import IN_PROCESS_URL, WSGIAdapter
from pinesync.sandbox.faults import Fault
from tests.pine.conftest import GOOD, KEYS, MORE, OLD, STRANGE, World, bad, good

# -- arguments ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cookie", "address"), [(5, BASE_URL), (b"x", BASE_URL), ("x", 5), ("", "")]
)
def test_an_invalid_cookie_or_address_does_not_raise(cookie: Any, address: Any) -> None:
    envelope = Pine(cookie, base_url=address).list_saved_scripts()
    assert (envelope["status"], list(envelope)) == ("failed", KEYS)


@pytest.mark.parametrize("empty", ["", " ", "\n\t ", None, 5.5, "\ud800"])
def test_an_empty_argument_fails_without_a_request(world: World, empty: Any) -> None:
    pine, pine_id = world.pine, world.make()
    for envelope in (
        pine.validate_script(empty),
        pine.create_script(empty, GOOD),
        pine.create_script("New", empty),
        pine.edit_script(empty, "One", GOOD),
        pine.edit_script(pine_id, empty, GOOD),
        pine.edit_script(pine_id, "One", empty),
        pine.get_script(empty, "last"),
        pine.get_script(pine_id, empty),
        pine.delete_script(empty),
    ):
        assert envelope["status"] == "failed"
        assert envelope["error"]
        assert "text" not in envelope["error"]
        assert list(envelope) == KEYS
    assert world.plan.log == []


def test_a_source_over_the_read_limit_is_not_sent(world: World) -> None:
    pine_id, large = world.make(), GOOD + "// д\n" * 350_000
    assert "larger than 2 MiB" in bad(world.pine.create_script("New", large))
    assert "larger than 2 MiB" in bad(world.pine.edit_script(pine_id, "One", large))
    assert world.plan.log == []
    made = good(world.pine.create_script("New", GOOD + "// д\n" * 340_000))
    assert "д" in good(world.pine.get_script(made["id"], "last"))["source"]


@pytest.mark.parametrize(
    "pine_id", ["USER;short", "PUB;" + "0" * 32, STRANGE.upper(), STRANGE + "/..", "STD;RSI"]
)
def test_an_invalid_id_fails_without_a_request(world: World, pine_id: str) -> None:
    for envelope in (
        world.pine.get_script(pine_id, "last"),
        world.pine.edit_script(pine_id, "One", GOOD),
        world.pine.delete_script(pine_id),
    ):
        bad(envelope)
    assert world.plan.log == []


@pytest.mark.parametrize(
    "version", ["-1", "0", "1.5", "../1.0", "LAST", "1.0/..", "v1", 0, -1, True, 1.5]
)
def test_an_invalid_version_fails_without_a_request(world: World, version: Any) -> None:
    pine_id = world.make()
    bad(world.pine.get_script(pine_id, version))
    bad(world.pine.edit_script(pine_id, "One", MORE, expected_version=version))
    assert world.plan.log == []


@pytest.mark.parametrize("version", ["2", "2.0", "last", 2])
def test_a_version_is_accepted_in_every_notation(world: World, version: str | int) -> None:
    pine_id = world.make("One", GOOD, MORE)
    envelope = world.pine.get_script(pine_id, version)
    data = good(envelope)
    assert (data["version"], data["source"]) == ("2.0", MORE)
    assert envelope["metadata"] == {"pine_id": pine_id, "version": version}
    if version != "last":
        good(world.pine.edit_script(pine_id, "One", GOOD, expected_version=version))


@pytest.mark.parametrize("expected", ["1.0", "3.0", "10", "1", 1, 3])
def test_a_stale_expected_version_saves_nothing(world: World, expected: str | int) -> None:
    pine_id = world.make("One", GOOD, MORE)
    why = bad(world.pine.edit_script(pine_id, "One", GOOD, expected_version=expected))
    assert "2.0" in why
    assert world.plan.asked("save_next") == 0
    good(world.pine.edit_script(pine_id, "One", GOOD, expected_version="2.0"))
    assert len(world.store.history(pine_id)) == 3


@pytest.mark.parametrize("old", [OLD, OLD.partition("\n")[2]])
def test_old_pine_is_saved_and_does_not_validate(world: World, old: str) -> None:
    checked = world.pine.validate_script(old)
    assert "Supported versions are >= 5" in bad(checked)
    assert (checked["data"], checked["warnings"]) == (None, [])
    created = world.pine.create_script("New", old)
    pine_id = good(created)["id"]
    edited = world.pine.edit_script(pine_id, "New", old + "// more\n")
    good(edited)
    for envelope in (created, edited):
        (warning,) = envelope["warnings"]
        assert warning["message"] == "not checked: TradingView checks Pine v5 and later"
        assert set(warning) == {"line", "column", "end_line", "end_column", "message", "code"}
    assert [version.source for version in world.store.history(pine_id)] == [old, old + "// more\n"]


def test_old_pine_with_a_syntax_error_is_not_saved(world: World) -> None:
    pine_id = world.make("One", OLD)
    for envelope in (
        world.pine.create_script("New", OLD + "plot((close)\n"),
        world.pine.edit_script(pine_id, "One", OLD + "plot((close)\n"),
    ):
        bad(envelope)
        (error,) = envelope["data"]["errors"]
        assert error["line"] == 4
    assert world.plan.asked("save_new") == world.plan.asked("save_next") == 0


def test_metadata_repeats_the_arguments(world: World) -> None:
    pine_id = world.make()
    edited = world.pine.edit_script(pine_id, "One", MORE)
    good(edited)
    assert edited["metadata"] == {"pine_id": pine_id, "name": "One", "source": MORE}
    failed = world.pine.edit_script(STRANGE, "One", MORE)
    bad(failed)
    assert failed["metadata"] == {"pine_id": STRANGE, "name": "One", "source": MORE}
    expecting = world.pine.edit_script(pine_id, "One", GOOD, expected_version="2.0")
    assert list(expecting["metadata"]) == ["pine_id", "name", "source", "expected_version"]


def test_no_error_names_a_command(world: World) -> None:
    """For any fault: a program has no command line to run hints on."""
    pine_id = world.make()
    nobody = Pine(None, base_url=IN_PROCESS_URL, adapter=WSGIAdapter(world.app))
    dead = Pine(
        "sessionid=x; sessionid_sign=y", base_url=IN_PROCESS_URL, adapter=WSGIAdapter(world.app)
    )
    why = []
    for pine in (nobody, dead):
        why += [call()["error"] or "" for call in replace(world, pine=pine).calls(pine_id).values()]
    for kind in ("429", "500", "html", "redirect", "empty", "garbage", "reset", "hang", "expire"):
        world.plan.add(f"*:*:{kind}")
        why += [call()["error"] or "" for call in world.calls(pine_id).values()]
        world.plan.clear()
    world.make("Taken")
    why.append(bad(world.pine.create_script("Taken", GOOD)))
    assert len(set(why)) > 10
    for message in why:
        assert "pinesync" not in message, message
        assert "command" not in message, message


@pytest.mark.parametrize("kind", ["reset", "hang", "500", "429"])
def test_a_write_without_a_response_says_to_list_scripts_first(world: World, kind: str) -> None:
    pine_id = world.make()
    for endpoint, call in (
        ("save_new", lambda: world.pine.create_script("New", GOOD)),
        ("save_next", lambda: world.pine.edit_script(pine_id, "One", MORE)),
        ("delete", lambda: world.pine.delete_script(pine_id)),
    ):
        world.plan.add(f"{endpoint}:1:{kind}:after")
        assert "check with get_script or list_saved_scripts before you try again" in bad(call())


def test_validation_returns_no_data(world: World) -> None:
    envelope = world.pine.validate_script(GOOD)
    assert good(envelope) is None
    assert envelope["metadata"] == {"source": GOOD}


# -- what is sent ---------------------------------------------------------------------------------


def test_no_call_overwrites_a_script(world: World) -> None:
    pine_id = world.make("Taken")
    bad(world.pine.create_script("Taken", MORE))
    good(world.pine.create_script("allow_overwrite=true&x=y", MORE))
    good(world.pine.edit_script(pine_id, "One & allow_create_new=true", MORE))
    for url in world.plan.urls:
        query = dict(parse_qsl(url.partition("?")[2]))
        assert "true" not in (query.get("allow_overwrite"), query.get("allow_create_new"))
    assert sum("allow_overwrite=false" in url for url in world.plan.urls) == 2
    assert len(world.store.history(pine_id)) == 2


@pytest.mark.parametrize(
    "body", [b'"no"', b"true", b"1", b"{}", b'{"success":true}', b'["ok"]', b"OK", b'"OK"', b""]
)
def test_only_a_confirmed_deletion_succeeds(world: World, body: bytes) -> None:
    world.plan.add(Fault("delete", "answer", body=body))
    bad(world.pine.delete_script(world.make()))


@pytest.mark.parametrize("body", [b'"ok"', b"ok", b'"ok"\n', b" ok "])
def test_both_deletion_responses_succeed(world: World, body: bytes) -> None:
    world.plan.add(Fault("delete", "answer", body=body))
    good(world.pine.delete_script(world.make()))


def test_a_create_response_without_an_id_fails(world: World) -> None:
    body = b'{"success":true,"result":{"metaInfo":{"pine":{"version":"1.0"}}}}'
    world.plan.add(Fault("save_new", "answer", when="after", body=body))
    assert "created" in bad(world.pine.create_script("New", GOOD))


def test_times_in_every_format_become_whole_seconds() -> None:
    assert responses.epoch("2023-02-06T11:08:10.969063Z") == 1_675_681_690
    for raw in (1_675_681_690, 1_675_681_690.9, "1675681690", "1675681690.9", 1_675_681_690_123):
        assert responses.epoch(raw) == 1_675_681_690
    assert responses.epoch("1612051231230") == 1_612_051_231, "not the year 1612"
    odd: object
    for odd in (None, "", "soon", -1, True, float("nan"), "0001-01-01T00:00:00+14:00", [], {}):
        assert responses.epoch(odd) == 0


# -- the cookie -----------------------------------------------------------------------------------


@pytest.mark.parametrize("cookie", [None, "", "  ", "sessionid=only", "nonsense", "a=b; c=d"])
def test_without_a_cookie_every_method_fails_without_a_request(
    world: World, cookie: str | None
) -> None:
    pine = Pine(cookie, base_url=IN_PROCESS_URL, adapter=WSGIAdapter(world.app))
    for call in replace(world, pine=pine).calls(world.make()).values():
        assert "cookie" in bad(call())
    assert world.plan.log == []


def test_the_constructor_reads_the_cookie_variable_only_for_tradingview(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = WSGIAdapter(world.app)
    monkeypatch.setenv("TRADINGVIEW_COOKIE", world.user.cookie)
    real = Pine(adapter=adapter)
    others = [
        Pine(base_url=url, adapter=adapter)
        for url in (IN_PROCESS_URL, BASE_URL + "/x", "http://127.0.0.1:1/pine-facade")
    ]
    monkeypatch.setenv("TRADINGVIEW_COOKIE", "sessionid=other; sessionid_sign=other")
    pine_id = world.make()
    assert [item["id"] for item in good(real.list_saved_scripts())] == [pine_id]
    before = len(world.plan.log)
    for other in others:
        assert "cookie" in bad(other.list_saved_scripts())
    assert len(world.plan.log) == before
    explicit = Pine("sessionid=x; sessionid_sign=y", adapter=adapter)
    bad(explicit.list_saved_scripts())


def test_neither_envelope_nor_repr_contains_the_cookie(world: World) -> None:
    pine_id = world.make()
    for kind in ("reset", "500", "html"):
        world.plan.add(f"*:*:{kind}")
        for call in world.calls(pine_id).values():
            text = json.dumps(call())
            assert world.user.sessionid not in text
            assert world.user.sessionid_sign not in text
        world.plan.clear()
    assert world.user.sessionid not in repr(world.pine)


@pytest.mark.parametrize("url", ["http://example.com/x", "ftp://x", "nonsense", "https://u:pw@h/"])
def test_an_invalid_address_fails(world: World, url: str) -> None:
    why = bad(Pine(world.user.cookie, base_url=url).list_saved_scripts())
    assert "pw" not in why
