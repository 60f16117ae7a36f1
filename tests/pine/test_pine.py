"""The six methods of `Pine`: the envelopes of design.md, field for field, for every unknown of
the service and every fault."""

import json
from dataclasses import replace
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinesync.sandbox.faults import Fault, Kind, Switches
from tests.pine.conftest import BROKEN, ENDPOINTS, GOOD, KEYS, MORE, NOW, STRANGE, World, bad, good

SWITCHES = [
    (name, value)
    for name, hint in get_type_hints(Switches).items()
    for value in (get_args(hint) or (True, False))
]


# -- every switch both ways -----------------------------------------------------------------------


@pytest.mark.parametrize(("switch", "value"), SWITCHES)
def test_all_six_methods_succeed_with_every_response_variant(
    world: World, switch: str, value: Any
) -> None:
    world.app.switches = switches = replace(Switches(), **{switch: value})
    pine, name = world.pine, "A & <B> Ünï"
    assert good(pine.list_saved_scripts()) == []

    created = pine.create_script(name, GOOD)
    pine_id = created["data"]["id"]
    assert good(created) == {"id": pine_id, "name": name}
    assert created["metadata"] == {"name": name, "source": GOOD}
    assert created["warnings"] == []

    edited = pine.edit_script(pine_id, name, MORE, expected_version="1.0")
    assert good(edited) == {"id": pine_id, "name": name}
    assert edited["metadata"] == {
        "pine_id": pine_id,
        "name": name,
        "source": MORE,
        "expected_version": "1.0",
    }
    assert good(pine.list_saved_scripts()) == [
        {"id": pine_id, "name": name, "version": "2.0", "modified": NOW}
    ]

    fetched = pine.get_script(pine_id, "1.0")
    data = good(fetched)
    assert fetched["metadata"] == {"pine_id": pine_id, "version": "1.0"}
    extra = data.pop("extra")
    assert extra["kind"] == "study"
    source = GOOD.replace("\n", "\r\n") if switches.eol == "crlf" else GOOD
    if switches.text == "strip-trailing":
        source = source.rstrip("\r\n")
    assert data == {
        "id": pine_id,
        "name": name,
        "title": "Good one" if switches.get_has_title else data["title"],
        "version": "1.0",
        "last_version": 2,
        "created": NOW,
        "updated": NOW,
        "source": source,
    }
    assert all(type(data[key]) is int for key in ("last_version", "created", "updated"))

    bad(pine.create_script(name, GOOD))
    bad(pine.get_script(STRANGE, "last"))
    bad(pine.edit_script(STRANGE, "Other", GOOD))
    bad(pine.delete_script(STRANGE))
    (item,) = good(pine.list_saved_scripts())
    assert (item["id"], item["version"]) == (pine_id, "2.0")

    deleted = pine.delete_script(pine_id)
    assert good(deleted) == {"id": pine_id}
    assert deleted["metadata"] == {"pine_id": pine_id}
    bad(pine.get_script(pine_id, "last"))
    assert good(pine.list_saved_scripts()) == []


@pytest.mark.parametrize(("switch", "value"), SWITCHES)
def test_errors_are_reported_with_every_response_variant(
    world: World, switch: str, value: Any
) -> None:
    world.app.switches = replace(Switches(), **{switch: value})
    pine_id = world.make()
    code = "" if (switch, value) == ("bare_errors", "all") else "CE10272"
    error = {
        "line": 3,
        "column": 6,
        "end_line": 3,
        "end_column": 10,
        "message": 'Undeclared identifier "clsoe"',
        "code": code,
    }
    for envelope in (
        world.pine.validate_script(BROKEN),
        world.pine.create_script("New", BROKEN),
        world.pine.edit_script(pine_id, "One", BROKEN),
    ):
        bad(envelope)
        assert envelope["data"] == {"errors": [error]}
    assert {seen.endpoint for seen in world.plan.log} == {"check"}, "checked before it is saved"


@pytest.mark.parametrize(("switch", "value"), SWITCHES)
def test_an_expired_session_fails_with_every_response_variant(
    world: World, switch: str, value: Any
) -> None:
    world.app.switches = replace(Switches(), **{switch: value})
    pine_id = world.make()
    world.plan.expire()
    for method, call in world.calls(pine_id).items():
        if method == "validate_script":
            good(call())
        else:
            bad(call())
    assert len(world.store.history(pine_id)) == 1


@pytest.mark.parametrize("has_result", [False, True])
def test_a_text_that_only_save_refuses_fails_with_its_errors(
    world: World, has_result: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The quick check is weaker than the save: plot and token limits show only there."""
    world.app.switches = Switches(failed_save_has_result=has_result)
    world.plan.add(Fault("check", "answer", count=None, body=b'{"success":true,"result":{}}'))
    pine_id = world.make()
    envelope = world.pine.edit_script(pine_id, "One", BROKEN)
    why = bad(envelope)
    assert "clsoe" in why
    assert "stored" in why
    assert envelope["data"]["errors"][0]["line"] == 3
    assert ("2.0" in why) == has_result
    assert len(world.store.history(pine_id)) == 2


# -- everything that goes wrong -------------------------------------------------------------------

NO_ANSWER = ("slow", "expire", "delay", "foreign", "foreign-rename", "foreign-delete")
FAULTS = [kind for kind in get_args(Kind) if kind not in (*NO_ANSWER, "answer")]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("method", ENDPOINTS)
def test_no_fault_raises(world: World, method: str, kind: str, when: str) -> None:
    pine_id = world.make()
    world.plan.add(f"{ENDPOINTS[method]}:*:{kind}:{when}:seconds=0")
    bad(world.calls(pine_id)[method]())
    if method in ("create_script", "edit_script", "delete_script"):
        assert world.plan.asked(ENDPOINTS[method]) == 1, "a write is sent once"


@pytest.mark.parametrize("kind", ["429", "500", "503", "reset", "truncate"])
@pytest.mark.parametrize("method", ["list_saved_scripts", "get_script", "validate_script"])
def test_a_read_is_retried_after_a_fault(world: World, method: str, kind: str) -> None:
    pine_id = world.make()
    world.plan.add(f"{ENDPOINTS[method]}:1:{kind}:after:seconds=0")
    good(world.calls(pine_id)[method]())


@pytest.mark.parametrize("kind", ["slow", "foreign"])
@pytest.mark.parametrize("method", ENDPOINTS)
def test_responses_with_only_notes_succeed(world: World, method: str, kind: str) -> None:
    pine_id = world.make()
    world.plan.add(f"{ENDPOINTS[method]}:1:{kind}:after")
    good(world.calls(pine_id)[method]())


@pytest.mark.parametrize("kind", ["expire", "foreign-delete"])
@pytest.mark.parametrize("method", ["edit_script", "get_script", "delete_script"])
def test_a_script_deleted_just_before_the_call_fails(world: World, method: str, kind: str) -> None:
    pine_id = world.make()
    world.plan.add(f"{ENDPOINTS[method]}:1:{kind}:before")
    bad(world.calls(pine_id)[method]())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
WORDS = (
    "success result errors errors2 warnings reason reason2 error metaInfo pine version id "
    "scriptIdPart scriptName scriptTitle source lastVersionMaj created updated extra kind modified "
    "message ctx start end line column code userName userId"
).split()
SHAPED = st.recursive(
    st.none()
    | st.sampled_from([True, False, 0, -1, 1.5, 1e300, "5.0", "ok", STRANGE, "\ud800", "{x}"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=6)
    ),
    max_leaves=12,
)
BODIES = (JSON | SHAPED).map(lambda value: json.dumps(value).encode()) | st.binary(max_size=40)


@given(body=BODIES, status=st.sampled_from([200, 201, 204, 400, 401, 403, 404, 409, 413, 420, 599]))
@pytest.mark.parametrize("method", ENDPOINTS)
def test_no_response_raises(method: str, body: bytes, status: int, fuzzed: World) -> None:
    world = fuzzed
    world.plan.clear()
    for endpoint in ("*", ENDPOINTS[method]):
        world.plan.add(Fault(endpoint, "answer", count=None, body=body, status=status))
    envelope = world.calls(STRANGE)[method]()
    assert list(envelope) == KEYS
    assert (envelope["status"] == "failed") == bool(envelope["error"])
