"""rm --remote cannot be undone on TradingView. First every version is stored here and somebody
types the name; then the deletion is verified."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from pinesync.sandbox.app import SandboxApp
from pinesync.sandbox.faults import Fault
from pinesync.text.canonical import digest
from pinesync.workspace.state.store import Store
from tests.campaign.test_power_cut import Cache, cached
from tests.cli.answers import answering, listing
from tests.world import World, both_ways
from tests.world.scripts import EXTRA, FASTER, LONGER, SLOWER, TOOLS_PATH, TREND, TREND_PATH

VERSIONS = [TREND, SLOWER, FASTER]
NOW = ("rm", "--remote", TREND_PATH, "--yes", "Trend")


@pytest.fixture(autouse=True)
def _nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pinesync.app.project.PAUSES", ())
    monkeypatch.setattr("pinesync.tradingview.http.PAUSES", ())


@pytest.fixture
def three_versions(clone: World) -> World:
    """A clone whose Trend has three versions, the last of them pulled."""
    for text in VERSIONS[1:]:
        clone.web_save(text)
    assert clone("pull").code == 0
    return clone


def is_there(world: World, name: str = "Trend") -> bool:
    return world.store.find(world.user, name) is not None


def deletions(world: World) -> int:
    return world.plan.asked("delete")


# -- done -----------------------------------------------------------------------------------------


@pytest.mark.promise(22)
@both_ways
def test_every_version_is_backed_up_before_the_deletion(three_versions: World) -> None:
    pine_id = three_versions.id_of()
    before = len(three_versions.plan.log)
    ran = three_versions(*NOW, code=0)
    log = [seen.path.rpartition("/")[2] for seen in three_versions.plan.log[before:]]
    deleted = [seen.endpoint for seen in three_versions.plan.log[before:]].index("delete")
    assert {"1.0", "2.0", "3.0"} <= set(log[:deleted])
    assert log[deleted - 1] == "last", "the newest version is looked at once more"
    assert ran.requests[deleted + 1 :] == ("list", "get", "get"), "its absence is proven"
    assert three_versions.stored_texts(pine_id, 3) == VERSIONS
    assert not is_there(three_versions)
    assert three_versions.read() == FASTER
    assert three_versions.statuses() == {TREND_PATH: "untracked"}
    assert three_versions.records() == []
    assert f"deleted    {TREND_PATH}  3.0\n" == ran.out
    assert f"show '{pine_id}@3'" in ran.err
    assert is_there(three_versions, "Tools")


def test_a_lost_or_damaged_cache_is_rebuilt(three_versions: World) -> None:
    for path in (three_versions.home / "pinesync/state").glob("*/objects/*/*"):
        path.write_text("damaged")
    pine_id = three_versions.id_of()
    assert three_versions(*NOW).code == 0
    assert three_versions.stored_texts(pine_id, 3) == VERSIONS


@pytest.mark.promise(22)
def test_backups_are_flushed_before_the_request(
    three_versions: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = Cache()
    seen: list[list[str]] = []
    with (
        sent(three_versions, monkeypatch, lambda: seen.append(cache.unsafe("/state/"))),
        cached(cache),
    ):
        assert three_versions(*NOW).code == 0
    assert seen == [[]]


@contextmanager
def sent(world: World, patch: pytest.MonkeyPatch, act) -> Iterator[None]:
    """The act happens when the deletion arrives, while its intent is on disk."""
    answered = SandboxApp.__call__

    def looking(self, environ, start_response):
        if "/delete/" in environ["PATH_INFO"]:
            assert [(r["op"], r["state"]) for r in world.records()] == [("delete", "sent")]
            act()
        return answered(self, environ, start_response)

    with patch.context() as inner:
        inner.setattr(SandboxApp, "__call__", looking)
        yield


def test_an_edited_file_stays_and_can_be_added_again(three_versions: World) -> None:
    three_versions.write(LONGER)
    assert "never saved" in three_versions(*NOW, code=0).err
    assert three_versions.read() == LONGER
    assert three_versions("add", TREND_PATH).code == 0
    assert three_versions("push").code == 0
    assert three_versions.saved() == [LONGER]


def test_a_script_without_its_file_is_deleted(three_versions: World) -> None:
    three_versions.remove()
    pine_id = three_versions.id_of()
    assert "edited" not in three_versions(*NOW, code=0).err
    assert three_versions.stored_texts(pine_id, 3) == VERSIONS


def test_the_last_script_of_an_account_is_deleted(clone: World) -> None:
    for name in ("Tools", "Breakout"):
        clone.web_delete(name)
    assert clone("rm", TOOLS_PATH, "strategies/Breakout.pine").code == 0
    assert clone(*NOW).code == 0
    assert clone.account() == {}
    assert clone.records() == []


def test_a_workspace_without_an_account_is_pinned_first(clone: World) -> None:
    """The account is requested and pinned first: another account has none of the scripts."""
    text = (clone.folder / "pine.toml").read_text()
    lines = [line for line in text.split("\n") if not line.startswith("account")]
    (clone.folder / "pine.toml").write_text("\n".join(lines))
    ran = clone(*NOW, code=0)
    assert "script_info" in ran.requests[: ran.requests.index("delete")]
    assert clone("status", "--json").json["account"]


# -- refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("rm", "--remote", TREND_PATH), 2),
        (("rm", "--remote", TREND_PATH, TOOLS_PATH, "--yes", "Trend"), 2),
        (("rm", TREND_PATH, "--yes", "Trend"), 2),
        (("rm", "--remote", "nowhere.pine", "--yes", "Trend"), 2),
        (("rm", "--remote", TREND_PATH, "--yes", ""), 2),
        (("rm", "--remote", TREND_PATH, "--yes", "trend"), 2),
        (("rm", "--remote", TREND_PATH, "--yes", "Tools"), 2),
        (("rm", "--remote", TREND_PATH, "--yes", "Trend "), 2),
    ],
)
def test_a_deletion_without_the_name_is_refused(
    three_versions: World, arguments: tuple[str, ...], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = three_versions.files()
    for ci in ("", "true"):
        monkeypatch.setenv("CI", ci)
        assert three_versions(*arguments).code == code
    assert (three_versions.files(), deletions(three_versions)) == (before, 0)


def test_the_name_must_be_the_one_on_tradingview(three_versions: World) -> None:
    three_versions.store.rename(three_versions.user, three_versions.id_of(), "Renamed")
    assert "'Renamed'" in three_versions(*NOW, code=2).err
    assert deletions(three_versions) == 0
    assert three_versions(*NOW[:-1], "Renamed").code == 0


def behind(world: World) -> None:
    world.web_save(LONGER)


def diverged(world: World) -> None:
    world.write(LONGER)
    world.web_save(SLOWER)


def flagged(world: World) -> None:
    file = world.folder / "pine.toml"
    entry = f'[scripts."{TREND_PATH}"]\n'
    file.write_text(file.read_text().replace(entry, f'{entry}hidden = "2.0"\n'))


def marked(world: World) -> None:
    world.write(f"<<<<<<< ours\n{LONGER}=======\n{SLOWER}>>>>>>> theirs\n")


def gone(world: World) -> None:
    world.web_delete()


def another_text(world: World) -> None:
    file = world.folder / "pine.toml"
    file.write_text(file.read_text().replace(digest(FASTER), digest(EXTRA)))


@pytest.mark.parametrize("happened", [behind, diverged, flagged, marked, gone, another_text])
def test_unseen_or_unresolved_saves_prevent_a_deletion(three_versions: World, happened) -> None:
    happened(three_versions)
    before = three_versions.files()
    assert "hint:" in three_versions(*NOW, code=3).err
    assert (three_versions.files(), deletions(three_versions), three_versions.records()) == (
        before,
        0,
        [],
    )


def test_an_unsaved_script_is_refused(clone: World) -> None:
    clone.write(EXTRA, "x.pine")
    clone("add", "x.pine")
    assert clone("rm", "--remote", "x.pine", "--yes", "Extra", code=2).requests == ()


def test_a_pending_save_prevents_a_deletion(three_versions: World) -> None:
    three_versions.write(three_versions.read() + "plot(close)\n")
    three_versions.plan.add("save_next:1:reset")
    assert three_versions("push").code == 7
    assert three_versions(*NOW).code == 7
    assert deletions(three_versions) == 0


def test_a_save_just_before_the_deletion_prevents_it(three_versions: World) -> None:
    """While the versions are read, somebody saves one more."""
    three_versions.plan.add(Fault("get", "foreign", first=4, source=LONGER))
    assert three_versions(*NOW).code == 3
    assert deletions(three_versions) == 0


@pytest.mark.promise(22)
@pytest.mark.parametrize("kind", ["500", "html", "reset", "garbage", "429"])
@pytest.mark.parametrize("which", [2, 3, 4])
def test_an_unreadable_version_prevents_a_deletion(
    three_versions: World, kind: str, which: int
) -> None:
    three_versions.plan.add(Fault("get", kind, first=which, count=None))  # type: ignore[arg-type]
    before = three_versions.files()
    assert three_versions(*NOW).code in (1, 5, 7)
    assert (three_versions.files(), deletions(three_versions)) == (before, 0)


def test_a_full_disk_prevents_a_deletion(
    three_versions: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patch:
        patch.setattr(Store, "_make", full)
        assert three_versions(*NOW).code == 1
    assert deletions(three_versions) == 0
    assert three_versions(*NOW).code == 0


# -- answers that are lost ------------------------------------------------------------------------

LOST = ["reset", "500", "503", "429", "html", "html-login", "redirect", "truncate", "empty"]


@both_ways
@pytest.mark.parametrize("kind", LOST)
def test_a_done_deletion_without_a_response_is_recovered(three_versions: World, kind: str) -> None:
    pine_id = three_versions.id_of()
    three_versions.plan.add(Fault("delete", kind, when="after"))  # type: ignore[arg-type]
    ran = three_versions(*NOW)
    assert (ran.code, ran.out) == (0, f"deleted    {TREND_PATH}  3.0\n"), ran
    assert (deletions(three_versions), three_versions.records()) == (1, [])
    assert three_versions.stored_texts(pine_id, 3) == VERSIONS


@both_ways
@pytest.mark.parametrize("kind", [kind for kind in LOST if kind != "truncate"])
def test_a_deletion_that_was_not_done_is_given_up(three_versions: World, kind: str) -> None:
    before = three_versions.files()
    three_versions.plan.add(Fault("delete", kind))  # type: ignore[arg-type]
    three_versions(*NOW, code=5 if kind in ("html", "html-login", "redirect") else 7)
    assert three_versions(*NOW).code == 7
    assert three_versions("push").code == 7
    assert three_versions("rename", TREND_PATH, "New").code == 7
    assert three_versions("mv", TREND_PATH, "x.pine").code == 7
    assert (deletions(three_versions), three_versions.files()) == (1, before)
    assert "a deletion was sent" in three_versions("doctor").out
    three_versions.monkeypatch.setenv("PINESYNC_SETTLE_SECONDS", "0")
    assert "never arrived" in three_versions("pull", code=0).err
    assert (deletions(three_versions), three_versions.files(), three_versions.records()) == (
        1,
        before,
        [],
    )
    assert three_versions(*NOW).code == 0


def test_a_late_deletion_is_recovered(three_versions: World) -> None:
    pine_id = three_versions.id_of()
    three_versions.plan.add("delete:1:delay")
    assert three_versions(*NOW).code == 7
    three_versions.plan.release()
    three_versions(*NOW, code=0)
    assert (deletions(three_versions), three_versions.records()) == (1, [])
    assert three_versions.statuses() == {TREND_PATH: "untracked"}
    assert three_versions.stored_texts(pine_id, 3) == VERSIONS


def test_another_account_does_not_prove_a_deletion(three_versions: World) -> None:
    """A sent deletion is not settled with another account's list."""
    three_versions.plan.add("delete:1:delay")
    assert three_versions(*NOW).code == 7
    body = {"userId": 9, "userName": "somebody", "chartImageUrl": ""}
    refused = Fault("get", "answer", count=None, status=401, body=b'{"code":401,"message":"no"}')
    three_versions.plan.add(answering("script_info", body), answering("list", []), refused)
    before = three_versions.files()
    assert three_versions("pull").code == 5
    assert (three_versions.files(), len(three_versions.records())) == (before, 1)


def test_an_expired_session_does_not_prove_a_deletion(three_versions: World) -> None:
    three_versions.plan.add("delete:1:expire")
    before = three_versions.files()
    assert three_versions(*NOW).code == 5
    assert three_versions("pull").code == 5
    assert three_versions.files() == before
    three_versions.plan.clear()
    assert is_there(three_versions)


def test_a_refused_deletion_changes_nothing(three_versions: World) -> None:
    three_versions.plan.add(
        Fault("delete", "answer", status=401, body=b'{"code":401,"message":"no"}')
    )
    before = three_versions.files()
    assert three_versions(*NOW).code == 1
    assert (three_versions.files(), three_versions.records()) == (before, [])
    assert is_there(three_versions)


def test_a_bare_ok_confirms_a_deletion(three_versions: World) -> None:
    three_versions.app.switches = type(three_versions.app.switches)(ok="bare", unknown_id="404")
    assert three_versions(*NOW).code == 0
    assert not is_there(three_versions)


def test_a_list_alone_does_not_prove_a_deletion(three_versions: World) -> None:
    """The list lacks the script, but the script can still be read."""
    rest = [row for row in three_versions.store.list(three_versions.user) if row.name != "Trend"]
    three_versions.plan.add(
        Fault("delete", "answer", body=b'"ok"'), replace(listing(rest), first=2)
    )
    assert three_versions(*NOW).code == 7
    assert TREND_PATH in three_versions.files()
    assert three_versions.entry()["version"] == "3.0"


def test_a_confirmed_but_undone_deletion_is_not_trusted(three_versions: World) -> None:
    three_versions.plan.add(Fault("delete", "answer", body=b'"ok"'))
    assert three_versions(*NOW).code == 7
    assert TREND_PATH in three_versions.files()
    assert three_versions.entry()["version"] == "3.0"


# -- asked ----------------------------------------------------------------------------------------

needs_pty = pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX pty")


@needs_pty
@pytest.mark.parametrize("world", ["facade"], indirect=True)
def test_rm_remote_does_not_prompt_in_ci(three_versions: World) -> None:
    """Even if there is a terminal."""
    from tests.cli.terminal import Terminal

    with Terminal(three_versions, "rm", "--remote", TREND_PATH, env={"CI": "true"}) as terminal:
        assert terminal.end() == 2
        assert "--yes NAME" in terminal.seen
    assert is_there(three_versions)


@needs_pty
@pytest.mark.parametrize("answer", ["Trend", "yes", ""])
@pytest.mark.parametrize("world", ["facade"], indirect=True)
def test_rm_remote_prompts_for_the_name(three_versions: World, answer: str) -> None:
    from tests.cli.terminal import Terminal

    with Terminal(three_versions, "rm", "--remote", TREND_PATH) as terminal:
        seen = terminal.wait_for("type its name")
        assert "all 3 versions" in seen
        terminal.type(f"{answer}\r")
        code = terminal.end()
    assert code == (0 if answer == "Trend" else 2)
    assert is_there(three_versions) == (answer != "Trend")
