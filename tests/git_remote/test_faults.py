"""Faults during git fetch and push: nothing is lost, sent twice, or reverted."""

from __future__ import annotations

import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pinesync.sandbox.faults import Fault
from tests.git_remote.conftest import Folder, cloned
from tests.world import World
from tests.world.scripts import (
    BREAKOUT,
    BREAKOUT_PATH,
    EXTRA,
    FASTER,
    LONGER,
    MERGED,
    SLOWER,
    TREND,
    TREND_PATH,
)

pytestmark = [
    pytest.mark.parametrize("world", ["facade"], indirect=True),
    pytest.mark.promise(39),
]
ROOT = Path(__file__).parents[2]
LOUDER = BREAKOUT + "plot(close)\n"
KILLED = """\
import os, signal, sys
sys.path.insert(0, {root!r})
from pinesync.cli import git_remote
from pinesync.tradingview import http

left = [int(open({at!r}).read())]

def dying(act, after):
    def acting(*args, **kwargs):
        if not after and left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        done = act(*args, **kwargs)
        if after and left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1
        return done
    return acting

{patch}
sys.exit(git_remote.main())
"""
AT = {
    "a request": "http.Session.send = dying(http.Session.send, False)",
    "an answer": "http.Session.send = dying(http.Session.send, True)",
    "a line": "git_remote.Helper._write_lines = dying(git_remote.Helper._write_lines, False)",
}


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sent save that is not found is given up immediately."""
    monkeypatch.setenv("PINESYNC_SETTLE_SECONDS", "0")


@pytest.fixture
def kill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], None]:
    """Let every helper from now on die at the n-th request, answer or line; -1: at none."""

    def planned(where: str, number: int) -> None:
        place = tmp_path / "killed"
        place.mkdir(exist_ok=True)
        (place / "at").write_text(str(number))
        source = KILLED.format(root=str(ROOT), at=str(place / "at"), patch=AT[where])
        helper = place / "git-remote-pinesync"
        helper.write_text(f"#!{sys.executable}\n{source}")
        helper.chmod(helper.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", str(place), prepend=":")

    return planned


def sent(folder: Folder) -> None:
    """Push until it works, with a pull before each retry, as git advises."""
    for _ in range(4):
        folder.git("push", code=None)
        if folder.ref("origin/main") == folder.ref("HEAD"):
            return
        folder.git("pull", "--no-rebase", "--no-edit", code=None)
    raise AssertionError(folder.output)


@pytest.mark.parametrize("where", AT)
def test_a_push_killed_at_any_step_loses_nothing(
    folder: Folder, world: World, kill: Callable[[str, int], None], where: str
) -> None:
    texts = {"Trend": [TREND], "Breakout": [BREAKOUT]}
    for number in range(30):
        texts["Trend"].append(f"{TREND}plot({number})\n")
        texts["Breakout"].append(f"{BREAKOUT}plot({number})\n")
        (folder.root / BREAKOUT_PATH).write_text(texts["Breakout"][-1])
        folder.edit(texts["Trend"][-1], TREND_PATH)
        kill(where, number)
        folder.git("push", code=None)
        finished = folder.ref("origin/main") == folder.ref("HEAD")
        kill(where, -1)
        sent(folder)
        assert {name: world.saved(name) for name in texts} == texts, number
        assert folder.is_sound()
        if finished:
            return
    raise AssertionError("no push was ever finished")


@pytest.mark.parametrize("where", AT)
def test_a_fetch_killed_at_any_step_can_be_repeated(
    folder: Folder, world: World, kill: Callable[[str, int], None], where: str
) -> None:
    for number in range(30):
        text = f"{TREND}plot({number})\n"
        world.web_save(text)
        kill(where, number)
        folder.git("fetch", code=None)
        finished = folder.log("-1", "origin/main") == [f"Trend {number + 2}.0"]
        kill(where, -1)
        folder.git("pull", "--ff-only")
        assert folder.read(TREND_PATH) == text
        assert folder.is_sound()
        if finished:
            return
    raise AssertionError("no fetch was ever finished")


@pytest.mark.parametrize("kind", ["reset", "500", "html", "truncate", "empty", "garbage", "429"])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("endpoint", ["save_next", "get", "list", "check"])
def test_one_push_is_one_version(
    folder: Folder, world: World, endpoint: str, kind: str, when: str
) -> None:
    folder.edit(LONGER, TREND_PATH)
    world.plan.add(Fault.parse(f"{endpoint}:1:{kind}:{when}"))
    folder.git("push", code=None)
    sent(folder)
    assert world.saved() == [TREND, LONGER]
    assert folder.is_sound()


def test_an_interleaved_save_is_fetched_and_flagged(folder: Folder, world: World) -> None:
    folder.edit(LONGER, TREND_PATH)
    world.plan.add(Fault.parse("save_next:1:foreign:before"))
    folder.git("push", code=1)
    assert len(world.saved()) == 3
    theirs = world.saved()[1]
    folder.git("pull", "--no-rebase", "--no-edit")
    assert 'hidden = "2.0"' in folder.read("pine.toml")
    folder.edit(MERGED, TREND_PATH)
    folder.git("push", code=1)
    assert "pinesync resolve" in folder.output
    assert world.saved() == [TREND, theirs, LONGER]
    result = world("resolve", "--ours", TREND_PATH, cwd=folder.root)
    assert result.code == 0, result
    folder.git("commit", "-qam", "Mine, knowing theirs")
    folder.git("push")
    assert world.saved() == [TREND, theirs, LONGER, MERGED]


def test_an_interrupted_push_reports_what_was_saved(folder: Folder, world: World) -> None:
    (folder.root / BREAKOUT_PATH).write_text(LOUDER)
    folder.edit(LONGER, TREND_PATH)
    world.plan.add(Fault.parse("save_next:2:500:before"))
    folder.git("push", code=1)
    assert f"saved {TREND_PATH} 2.0, not the rest" in folder.output
    fresh = cloned(world, "fresh")
    assert fresh.log()[0] == "Trend 2.0"


def test_a_push_reverts_no_foreign_save(folder: Folder, world: World) -> None:
    world.web_save(SLOWER)
    folder.git("pull", "--ff-only")
    folder.edit(TREND, TREND_PATH, "An old file")
    folder.git("push", code=1)
    assert "2.0" in folder.output
    assert world.saved() == [TREND, SLOWER]


def test_pushes_at_once_save_each_text_once(folder: Folder, world: World) -> None:
    folder.edit(LONGER, TREND_PATH)
    other = cloned(world, "other")
    other.edit(FASTER, TREND_PATH)
    running = [
        subprocess.Popen(["git", "push"], cwd=clone.root, stderr=subprocess.DEVNULL)
        for clone in (folder, folder, other)
    ]
    for process in running:
        process.wait(timeout=120)
    for clone in (folder, other):
        clone.git("fetch")
        clone.git("merge", "-q", "-X", "ours", "--no-edit", "origin/main")
    assert {LONGER, FASTER} & set(world.saved())
    assert len(world.saved()) == len(set(world.saved()))
    assert folder.is_sound()


def test_a_clone_of_a_team_repository_starts_from_its_pine_toml(
    folder: Folder, world: World, tmp_path: Path
) -> None:
    folder.git("init", "-q", "--bare", str(tmp_path / "team.git"))
    folder.git("remote", "add", "team", str(tmp_path / "team.git"))
    folder.git("push", "-q", "team", "main")
    folder.git("clone", "-q", str(tmp_path / "team.git"), str(tmp_path / "mate"))
    mate = Folder(world, tmp_path / "mate")
    mate.git("remote", "add", "tradingview", mate.address)
    world.web_save(SLOWER)
    mate.git("fetch", "tradingview")
    assert mate.log("-2", "tradingview/main") == ["Trend 2.0", folder.log("-1")[0]]
    mate.git("merge", "-q", "--ff-only", "tradingview/main")
    mate.edit(MERGED, TREND_PATH)
    mate.git("push", "tradingview", "main")
    assert world.saved() == [TREND, SLOWER, MERGED]


def test_a_new_script_on_tradingview_must_be_fetched_before_a_push(
    folder: Folder, world: World
) -> None:
    world.web_save(EXTRA, "Extra")
    folder.edit(LONGER, TREND_PATH)
    folder.git("push", code=1)
    folder.git("pull", "--no-rebase", "--no-edit")
    assert folder.read("indicators/Extra.pine") == EXTRA
    folder.git("push")
    assert world.saved() == [TREND, LONGER]
