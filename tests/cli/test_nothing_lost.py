"""An apparent loss of everything deletes and overwrites nothing."""

from __future__ import annotations

import pytest

from pinesync.sandbox.faults import Switches
from tests.cli.answers import listing
from tests.world import World, both_ways
from tests.world.scripts import BREAKOUT, BREAKOUT_PATH, LONGER, PATHS, SLOWER, TREND, TREND_PATH

pytestmark = [both_ways, pytest.mark.promise(20)]

ASKING = [
    ["status"],
    ["pull"],
    ["pull", "--theirs"],
    ["push"],
    ["push", "--recreate"],
    ["push", "--allow-broken"],
    ["diff", "--remote"],
    ["list"],
    ["whoami"],
]
asking = pytest.mark.parametrize("command", ASKING, ids=" ".join)


def prepared(clone: World) -> tuple:
    """Prepare an edit, a script behind and a new remote script; return the state."""
    clone.write(LONGER)
    clone.web_save(BREAKOUT + "// web\n", "Breakout")
    clone.web_save(SLOWER, "More")
    return clone.files(), clone.account(), clone.state()


def current_state(clone: World) -> tuple:
    return clone.files(), clone.account(), clone.state()


def is_unchanged(clone: World, before: tuple) -> bool:
    """A refused run may leave the lock file, and nothing else."""
    files, account, state = current_state(clone)
    unchanged = {path: body for path, body in state.items() if not path.endswith("lock")}
    old = {path: body for path, body in before[2].items() if not path.endswith("lock")}
    return (files, account, unchanged) == (before[0], before[1], old)


@asking
def test_an_expired_cookie_changes_nothing(clone: World, command: list[str]) -> None:
    before = prepared(clone)
    clone.plan.expire()
    assert "hint: " in clone(*command, code=5).err
    assert is_unchanged(clone, before)


@asking
def test_an_empty_list_from_a_valid_session_changes_nothing(
    clone: World, command: list[str]
) -> None:
    """A list without readable scripts is never trusted."""
    before = prepared(clone)
    clone.plan.add(listing([]))
    ran = clone(*command)
    expected = 0 if command[0] in ("list", "whoami") else 5
    assert ran.code == expected
    assert is_unchanged(clone, before)


@asking
@pytest.mark.parametrize("kind", ["html", "html-login"])
def test_a_web_page_instead_of_a_response_changes_nothing(
    clone: World, command: list[str], kind: str
) -> None:
    before = prepared(clone)
    clone.plan.add(f"*:*:{kind}")
    ran = clone(*command, code=5)
    assert "<html" not in ran.output
    assert len(ran.requests) == 1  # the first web page ends the run
    assert is_unchanged(clone, before)


@pytest.mark.parametrize("endpoint", ["get", "check", "save_next"])
def test_a_web_page_during_a_push_stops_it(clone: World, endpoint: str) -> None:
    clone.monkeypatch.setattr("pinesync.app.project.PAUSES", ())
    clone.write(LONGER)
    files = clone.files()
    clone.plan.add(f"{endpoint}:1+:html")
    pushed = clone("push")
    assert pushed.code in (5, 7)
    assert clone.saved() == [TREND]
    assert clone.files() == files
    assert pushed.requests.count("save_next") <= 1


def test_a_web_page_during_a_pull_stops_it(clone: World) -> None:
    prepared(clone)
    files = clone.files()
    clone.plan.add("get:2+:html")
    assert clone("pull", "--jobs", "1").code == 5
    assert clone.files() == files
    clone.plan.clear()
    assert clone("pull").code == 0
    assert clone.statuses() == {TREND_PATH: "modified"}


def test_deleting_a_file_does_not_delete_its_script(clone: World) -> None:
    clone.remove()
    account = clone.account()
    assert clone.statuses() == {TREND_PATH: "missing"}
    for verb in ("pull", "push"):
        assert f"`pinesync restore {TREND_PATH}` brings it back" in clone(verb, code=0).err
    assert clone.account() == account
    assert not (clone.folder / TREND_PATH).exists()
    clone.remove(BREAKOUT_PATH)
    both = clone("pull").err
    assert both.count("the file is gone") == 2
    assert both.count("hint: `pinesync restore") == 1  # the second would say the same
    assert clone("restore", BREAKOUT_PATH).code == 0
    assert clone("restore", TREND_PATH, code=0).out == f"restored   {TREND_PATH}  1.0\n"
    assert clone.read() == TREND
    assert clone.statuses() == {}


def test_deleting_all_files_deletes_no_script(clone: World) -> None:
    account = clone.account()
    for path in PATHS:
        clone.remove(path)
    assert set(clone.statuses().values()) == {"missing"}
    assert clone("push").code == 0
    assert clone("pull").code == 0
    assert clone.account() == account


def test_an_emptied_account_stops_the_run(clone: World) -> None:
    """Even if the session and each script confirm it, nothing is deleted."""
    files = clone.files()
    clone.store.reset(clone.user)
    for verb in ("status", "pull", "push"):
        assert "3 of 3 scripts are gone from TradingView" in clone(verb, code=3).err
    assert clone.files() == files
    for path in PATHS:
        assert clone("rm", path).code == 0
    assert clone.statuses() == dict.fromkeys(PATHS, "untracked")


def test_a_script_missing_from_the_list_is_looked_up(clone: World) -> None:
    """Absence in a list proves nothing: a script that can be read exists."""
    rows = [row for row in clone.store.list(clone.user) if row.name != "Trend"]
    clone.write(LONGER)
    clone.plan.add(listing(rows))
    assert clone.statuses() == {TREND_PATH: "modified"}


def test_an_empty_file_is_never_saved_over_a_full_script(clone: World) -> None:
    for text in ("", "\n\n", "\ufeff"):
        clone.write(text)
        assert "the file is empty" in clone("push", code=3).err
    assert clone.saved() == [TREND]


@pytest.mark.parametrize("refusal", ["401-json", "401-text", "403-html"])
def test_a_session_that_expires_during_a_push_stops_it(clone: World, refusal: str) -> None:
    # The save behind a web page may have been stored: do not wait for it here.
    clone.monkeypatch.setattr("pinesync.app.project.PAUSES", ())
    clone.monkeypatch.setenv("PINESYNC_SETTLE_SECONDS", "0")
    clone.app.switches = Switches.parse(f"dead_session_writes={refusal}")
    clone.write(LONGER)
    clone.write(BREAKOUT + "// here\n", "strategies/Breakout.pine")
    clone.plan.add("save_next:2:expire")
    stopped = clone("push")
    assert stopped.code in ((5, 7) if refusal == "403-html" else (5,))
    # The first save is read back while the second one is sent, at whose end the session is over.
    saved = stopped.out == f"saved      {TREND_PATH}  1.0 → 2.0\n"
    assert saved or "the save was sent and its outcome is unknown" in stopped.output
    assert len(clone.saved("Breakout")) == 1
    clone.plan.clear()
    assert clone("push").code == 0
    assert clone.statuses() == {}
    assert {name: len(texts) for name, texts in clone.account().items()} == {
        "Trend": 2,
        "Breakout": 2,
        "Tools": 1,
    }


def test_a_pending_save_to_a_deleted_script_is_given_up(clone: World) -> None:
    clone.plan.add("save_next:1:reset:before")
    clone.write(LONGER)
    assert clone("push").code == 7
    clone.web_delete()
    assert clone("push").code == 7
    clone.monkeypatch.setenv("PINESYNC_SETTLE_SECONDS", "0")
    clone.plan.add("*:*:expire")
    assert clone("push").code == 5  # an expired session refuses as well, so nothing is known
    assert [record["state"] for record in clone.records()] == ["sent"]
    clone.plan.clear()
    assert "given up" in clone("push", code=3).output
    assert [record["state"] for record in clone.records()] == ["abandoned"]
    assert clone.statuses() == {TREND_PATH: "gone"}
    assert clone.read() == LONGER
