"""`probe`: each fact is recognized, and in any case the account is unchanged afterwards."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
import yaml

from pinesync.app.probe import clean, probe
from pinesync.app.probe.facts import BY_NAME, FACTS
from pinesync.sandbox.faults import Fault, Switches
from tests.cli.schemas import validator
from tests.cli.terminal import Terminal
from tests.docs.pages import page
from tests.world import LONGER, SLOWER, TREND_PATH, Crash, World, both_ways

PROBE = ("probe", "--remote", "sandbox", "--yes")
ASKED = 28
"""The number of requests of a complete probe."""

SHOWN: dict[tuple[str, str], dict[str, str]] = {
    ("eol", "crlf"): {"line-ends-lf": "crlf"},
    ("text", "strip-trailing"): {"end-of-text": "dropped"},
    ("text", "add-trailing"): {"no-end-of-line": "line break added"},
    ("text", "tabs"): {"tabs": "spaces"},
    ("dead_session_writes", "401-text"): {"invalid-cookie-save": "401, text"},
    ("dead_session_writes", "403-html"): {"invalid-cookie-save": "403, page"},
    ("unknown_id", "404"): {"unknown-id": "404"},
    ("failed_save_has_result", "true"): {"broken-answer": "with result"},
    ("id_in", "metaInfo.id"): {"id-in-answer": "metaInfo.id"},
    ("list_names", "escaped"): {"names-in-list": "escaped"},
    ("conflict", "text"): {"name-taken": "409, text"},
    ("ok", "bare"): {"delete-answer": "ok"},
    ("bare_errors", "all"): {"findings-of-check": "message"},
    ("bare_errors", "none"): {"findings-of-save": "code and message"},
    ("hidden_inputs", "true"): {"inputs": "hidden ones, in_0, in_1"},
    ("translate_last", "before"): {"compiled-last": "before"},
    ("old_pine", "refused"): {"compile-v4": "refused"},
    ("old_pine", "checked"): {"check-v4": "checked"},
    ("epoch_times", "true"): {"times": "number"},
    ("get_has_id", "false"): {"id-in-script": "no"},
    ("get_has_title", "false"): {"title-in-script": "no"},
    ("last_version_int", "true"): {"newest-in-script": "number"},
    ("history_available", "false"): {"list-of-versions": "refused", "label": "not seen"},
    ("script_info_of", "owner"): {"session-probe": "owner"},
}
"""The facts that differ, for each unusual value of a switch."""
UNSEEN = {"retry_after", "gzip"}
"""No probe provokes a 429, and pinesync requests uncompressed responses."""


def probed(world: World, *options: object, code: int = 0) -> dict[str, Any]:
    """The JSON output of a probe."""
    found: dict[str, Any] = world(
        "probe", "--remote", world.remote_name, "--pace", 0, "--yes", "--json", *options, code=code
    ).json
    return found


def values(found: dict[str, Any]) -> dict[str, str]:
    return {fact["fact"]: fact["seen"] for fact in found["facts"]}


def records(world: World) -> list[Path]:
    return sorted(world.pinesync_home.glob("state/probe/records/*.json"))


@pytest.fixture
def account(world: World) -> Iterator[World]:
    """The account, which must be unchanged afterwards: only the probe's own scripts were
    written."""
    before = world.account()
    ids = {info.pine_id for info in world.store.list(world.user)}
    yield world
    assert world.account() == before
    writes = [s for s in world.plan.log if s.endpoint in ("save_next", "rename", "label", "delete")]
    assert not ids & {seen.pine_id for seen in writes}
    created = [url for url in world.plan.urls if "/save/new" in url]
    assert all("name=pinesync+probe+" in url for url in created)
    assert "allow_overwrite=true" not in "".join(world.plan.urls)
    assert "allow_create_new=true" not in "".join(world.plan.urls)


@both_ways
@pytest.mark.promise(40, "S13")
def test_a_probe_confirms_the_sandbox_and_leaves_nothing(account: World) -> None:
    found = probed(account)
    assert (found["exit_code"], found["requests"], found["left"]) == (0, ASKED, False)
    assert list(values(found)) == [fact.name for fact in FACTS]
    assert len(account.plan.log) == ASKED
    assert not records(account)
    reads = [seen for seen in account.plan.log if seen.endpoint in ("get", "history", "translate")]
    assert len({seen.pine_id for seen in reads}) == 2, "its own script, and an id of nobody"


def test_the_output_has_a_row_for_each_fact(account: World) -> None:
    ran = account(*PROBE, code=0)
    *rows, last = ran.out.splitlines()
    assert [row.split()[0] for row in rows] == [fact.name for fact in FACTS]
    assert last == f"{len(FACTS)} facts as documented, {ASKED} requests"
    assert ran.requests.count("list") == 4


@pytest.mark.parametrize("world", ["facade"], indirect=True)
@pytest.mark.parametrize(("switch", "value"), SHOWN)
def test_each_response_variant_is_recognized(account: World, switch: str, value: str) -> None:
    expected = SHOWN[switch, value]
    usual = values(probed(account))
    account.app.switches = Switches.parse(f"{switch}={value}")
    differs = any(v not in BY_NAME[name].expected for name, v in expected.items())
    found = values(probed(account, code=6 if differs else 0))
    assert {n: v for n, v in found.items() if usual[n] != v} == expected


def test_every_switch_is_probed() -> None:
    hints = get_type_hints(Switches)
    every = {
        (field.name, value)
        for field in fields(Switches)
        for value in get_args(hints[field.name]) or ("true", "false")
        if value not in (field.default, str(field.default).lower()) and field.name not in UNSEEN
    }
    assert every == set(SHOWN)


def test_probe_requests_are_a_second_apart(account: World) -> None:
    slept: list[float] = []
    result = probe(account.setup(account.place), remote="sandbox", pace=1.0, sleep=slept.append)
    assert (result.requests, slept) == (ASKED, [1.0] * (ASKED - 1))
    refused = account("probe", "--remote", "tradingview", "--yes", "--pace", "0.5", code=2)
    assert "--pace: TradingView is asked once in 1 s at most" in refused.err


# -- killed, and hostile services -------------------------------------------------------------


def removed(world: World) -> None:
    """At most one script is left, and --clean removes only that."""
    mine = [info for info in world.store.list(world.user) if info.name.startswith("pinesync probe")]
    assert len(mine) <= 1
    assert not mine or records(world), "what is left is on record"
    world.plan.clear()
    world("probe", "--clean", "--remote", world.remote_name, "--pace", 0, code=0)
    assert not records(world)


@pytest.mark.promise(40)
@pytest.mark.parametrize("last", range(1, ASKED))
def test_a_probe_killed_between_requests_can_be_cleaned_up(account: World, last: int) -> None:
    sent = 0

    def sleep(_: float) -> None:
        nonlocal sent
        sent += 1
        if sent == last:
            raise Crash

    with pytest.raises(Crash):
        probe(account.setup(account.place), remote="sandbox", sleep=sleep)
    assert len(account.plan.log) == last
    account.monkeypatch.setenv("PINESYNC_SETTLE_SECONDS", "0")
    removed(account)


HOSTILE = ("html", "429", "500", "reset", "truncate", "garbage", "empty", "redirect", "expire")


@pytest.mark.promise(40)
@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("when", ["before", "after"])
def test_any_fault_ends_a_probe_safely(account: World, kind: Any, when: Any) -> None:
    account.monkeypatch.setenv("PINESYNC_SETTLE_SECONDS", "0")
    before = account.account()
    for number in range(1, ASKED + 1):
        account.plan.add(Fault("*", kind, first=number, when=when, seconds=0))
        count = len(account.plan.log)
        account("probe", "--remote", "sandbox", "--yes", "--pace", 0)
        assert len(account.plan.log) - count <= 30
        removed(account)
        assert account.account() == before, number


@pytest.mark.promise(40)
@pytest.mark.parametrize("kind", ["foreign", "foreign-rename", "foreign-delete"])
def test_a_probe_survives_concurrent_edits(account: World, kind: Any) -> None:
    account.monkeypatch.setenv("PINESYNC_SETTLE_SECONDS", "0")
    for number in range(3, ASKED + 1):
        account.plan.add(Fault("*", kind, first=number, source=SLOWER, name="mine now"))
        account("probe", "--remote", "sandbox", "--yes", "--pace", 0)
        removed(account)


def test_a_response_with_a_foreign_id_is_rejected(account: World) -> None:
    """Nothing is saved to it, and nothing of it is deleted."""
    stranger = account.id_of()
    meta = {"scriptIdPart": stranger, "pine": {"version": "1.0"}}
    body = json.dumps({"success": True, "result": {"metaInfo": meta}}).encode()
    account.plan.add(Fault("save_new", "answer", when="after", body=body))
    found = probed(account, code=1)
    assert "was there before" in found["error"]["message"]
    assert not found["left"]
    assert not [s for s in account.plan.log if s.pine_id == stranger]


def test_a_probe_deletes_only_its_own_script(account: World) -> None:
    """Other scripts appear and disappear: the probe deletes only its own."""
    account.plan.add("list:1:answer:status=200")
    assert probed(account, code=1)["requests"] == 1
    account.plan.clear()
    listed = json.dumps([]).encode()
    account.plan.add(Fault("list", "answer", body=listed))  # as if every script came afterwards
    assert probed(account)["left"] is False


def test_a_probe_stops_if_a_taken_name_is_created_twice(account: World) -> None:
    """The probe stops, and the broken promise is recorded."""
    account.plan.add(Fault("save_new", "answer", first=2, body=b'{"success":true,"result":{}}'))
    account.monkeypatch.setenv("PINESYNC_SETTLE_SECONDS", "180")
    found = probed(account, code=3)
    assert values(found)["name-taken"] == "created"
    assert [fact["breaks"] for fact in found["facts"] if fact["breaks"]] == [15]
    assert found["left"], "the second script may still appear"


@pytest.mark.promise(40)
def test_a_create_without_a_response_is_awaited(account: World) -> None:
    account.monkeypatch.setenv("PINESYNC_SETTLE_SECONDS", "180")
    account.plan.add("save_new:1:delay:then=reset")
    found = probed(account, code=3)
    assert found["left"]
    waits = account("probe", "--clean", "--remote", "sandbox", code=7)
    assert re.search(r"run `pinesync probe --clean` in \d+ s", waits.err)
    refused = account(*PROBE, code=3)
    assert refused.requests == ()
    assert "run `pinesync probe --clean` first" in refused.err
    account.plan.release()
    assert account("probe", "--clean", "--remote", "sandbox", code=0).out == (
        "nothing is left of 1 probe\n"
    )
    assert (
        account("probe", "--clean", "--remote", "sandbox", code=0).out == "no probe left anything\n"
    )


# -- what --clean may remove ------------------------------------------------------------------


def interrupted(world: World, last: int) -> None:
    """A probe that was killed after this number of requests."""
    steps = iter(range(1, last + 1))

    def sleep(_: float) -> None:
        if next(steps) == last:
            raise Crash

    with pytest.raises(Crash):
        probe(world.setup(world.place), remote="sandbox", sleep=sleep)


@pytest.mark.promise(40)
def test_clean_removes_only_probe_scripts(world: World) -> None:
    interrupted(world, 3)  # the create is answered, and its id is not proven
    (record,) = records(world)
    name = json.loads(record.read_text())["name"]
    for other in (f"{name} 2", name.upper(), f"x{name}", "pinesync probe 0123456789abcdef"):
        world.web_save(SLOWER, other)
    before = world.account()
    assert name in before
    world("probe", "--clean", "--remote", "sandbox", code=0)
    assert world.account() == {n: texts for n, texts in before.items() if n != name}


def test_clean_leaves_another_account_alone(world: World) -> None:
    interrupted(world, 6)
    world.plan.expire()
    dead = world("probe", "--clean", "--remote", "sandbox", code=5)
    assert "no longer accepts the cookie" in dead.err
    assert records(world)
    world.plan.clear()
    removed(world)


@pytest.mark.promise(40)
def test_a_damaged_record_removes_nothing(account: World) -> None:
    interrupted(account, 6)
    (record,) = records(account)
    whole, stranger = record.read_text(), account.id_of()
    content = json.loads(whole)
    for damaged in (whole[:-9], json.dumps({**content, "pine_id": stranger}), "[]"):
        record.write_text(damaged)
        refused = account("probe", "--clean", "--remote", "sandbox", code=1)
        assert "damaged, or not written by pinesync" in refused.err
        assert refused.requests == ()
    record.write_text(whole)
    removed(account)


def test_an_expired_session_writes_nothing(account: World) -> None:
    account.plan.expire()
    refused = account(*PROBE, code=5)
    assert refused.requests == ("list", "script_info")
    assert not records(account)


# -- asked, and told --------------------------------------------------------------------------


def test_a_probe_asks_before_it_starts(world: World) -> None:
    refused = world("probe", "--sandbox", code=2)
    assert "add --yes" in refused.err
    assert world("probe", "--clean", "--report", "report.md", code=2).requests == ()
    with Terminal(world, "probe", "--sandbox") as terminal:
        terminal.wait_for("Probe the account?")
        terminal.type("n\n")
        assert terminal.end() == 1
    assert world.plan.log == []


def test_an_unknown_response_is_unclear(account: World) -> None:
    body = json.dumps({"code": 1, account.user.name: 2}).encode()
    account.plan.add(Fault("rename", "answer", status=418, body=body))
    rows = account(*PROBE, code=6).out.splitlines()
    (row,) = (row for row in rows if row.startswith("rename-answer"))
    assert "unclear (status 418, JSON, keys code, 1 unknown key)" in row
    assert (
        rows[-1] == f"2 of {len(FACTS) - 1} facts differ: rename, rename-answer, {ASKED} requests"
    )


def test_a_report_is_safe_to_paste(account: World) -> None:
    """Even if the service sends private data in unexpected places."""
    report = account.place / "report.md"
    hostile = json.dumps({account.user.cookie: 1, "Trend": account.id_of(), "code": "Breakout"})
    for endpoint in ("rename", "convert", "get"):
        account.plan.add(Fault(endpoint, "answer", first=3, status=418, body=hostile.encode()))
        account.plan.add(Fault(endpoint, "answer", first=1, status=418, body=hostile.encode()))
        account("probe", "--sandbox", "--yes", "--report", report)
        text = report.read_text("utf-8")
        account.plan.clear()
        assert text.startswith("# pinesync probe\n")
        secrets = [account.user.cookie, *account.user.cookie.split("="), account.user.name + " on"]
        secrets += [
            "Trend",
            "Breakout",
            "Tools",
            account.id_of(),
            "USER;",
            "pinesync probe ",
            "//@",
        ]
        assert not [secret for secret in secrets if secret and len(secret) > 3 and secret in text]
        removed(account)
    report.write_text("mine")
    other = account("probe", "--sandbox", "--yes", "--report", report, code=2)
    assert (other.requests, report.read_text()) == ((), "mine")


# -- what it is for afterwards ----------------------------------------------------------------

UNREADABLE = "get:4:answer:status=404"
"""The read of version 1.0 by its number."""


def test_a_broken_promise_stops_a_push_without_anyway(clone: World) -> None:
    clone.plan.add(UNREADABLE)
    found = probed(clone, code=6)
    assert values(found)["read-by-number"] == "refused"
    clone.plan.clear()
    clone.plan.add("save_next:1:html")
    assert "read-by-number" not in values(probed(clone, code=5)), "it ended before"
    clone.write(LONGER)
    refused = clone("push", code=3)
    assert "read-by-number: refused" in refused.err
    assert refused.requests == ()
    assert "wrong  probe" in clone("doctor", code=1).out
    assert clone("push", "--dry-run", code=0).out
    assert "saved" in clone("push", "--anyway", code=0).out
    clone.write(SLOWER)
    probed(clone)
    clone("push", code=0)


def test_doctor_shows_the_last_probe(clone: World) -> None:
    def last_probe() -> str:
        rows = clone("doctor").out.splitlines()
        return next(row for row in rows if row.split()[1] == "probe")

    assert last_probe().endswith("not proved on this account; `pinesync probe` does that")
    probed(clone)
    assert last_probe().endswith(f"last proved today: {len(FACTS)} facts as documented")
    clone.app.switches = replace(clone.app.switches, text="tabs")
    probed(clone, code=6)
    assert last_probe().startswith("note")
    assert last_probe().endswith("last proved today: tabs not as documented")
    interrupted(clone, 9)
    assert "a probe may have left its script there" in last_probe()


@pytest.mark.promise(16)
def test_a_save_omits_the_name_once_proven_optional(clone: World) -> None:
    """A foreign rename between the last read and the save stays."""

    def names_sent() -> list[bool]:
        saves = [url for url in clone.plan.urls if "/save/next" in url and clone.id_of()[5:] in url]
        return ["&name=" in url for url in saves]

    clone.write(LONGER)
    usual = clone("push", code=0).requests
    probed(clone)
    clone.write(LONGER + "// mine\n")
    assert clone("push", code=0).requests == usual, "no look and no read-back is left out"
    assert names_sent() == [True, False]
    assert clone.version(TREND_PATH) == "3.0"


def test_a_damaged_proof_stops_the_push(clone: World) -> None:
    probed(clone)
    (proof,) = clone.pinesync_home.glob("state/probe/proofs/*.json")
    proof.write_text(proof.read_text().replace("that text", "any text"))
    clone.write(LONGER)
    assert "damaged" in clone("push", code=1).err


def test_clean_observes_the_pace(world: World) -> None:
    interrupted(world, 12)
    slept: list[float] = []
    result = clean(world.setup(world.place), remote="sandbox", pace=1.0, sleep=slept.append)
    assert (result.probes, result.left, set(slept)) == (1, (), {1.0})


def test_the_issue_form_asks_for_the_report() -> None:
    text = page(".github/ISSUE_TEMPLATE/difference.yml")
    form = yaml.safe_load(text)
    validator("https://json.schemastore.org/github-issue-forms.json").validate(form)
    required = [
        element["id"] for element in form["body"] if element.get("validations", {}).get("required")
    ]
    assert required == ["report", "doctor"]
    assert f"*{form['name']}*" in page("docs/guides/probe.md")
