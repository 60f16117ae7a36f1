"""The main job, in process and over HTTP: clone, edit, push, pull, merge."""

from __future__ import annotations

import pytest

from pinesync.text.canonical import canonical
from tests.world import World, both_ways
from tests.world.scripts import BROKEN, LONGER, MERGED, SLOWER, TOOLS, TREND, TREND_PATH

pytestmark = both_ways


def test_a_clone_is_clean_and_has_the_saved_texts(world: World) -> None:
    made = world.clone()
    assert made.out == "cloned 3 scripts of sandbox into scripts\n"
    assert made.err == ""
    assert set(world.files()) == {
        "pine.toml",
        TREND_PATH,
        "strategies/Breakout.pine",
        "libraries/Tools.pine",
    }
    assert world.read() == TREND
    assert canonical(world.read("libraries/Tools.pine")) == canonical(TOOLS)
    assert world("status", code=0).out == "nothing to pull or push, 3 scripts clean\n"


def test_a_clone_can_be_a_git_repository(clone: World) -> None:
    clone.git("init", "-q")
    assert clone.statuses() == {}
    assert clone("push").code == 0
    clone.git("add", ".")
    clone.git("commit", "-qm", "my scripts")
    clone.web_save(SLOWER)
    assert clone.statuses() == {TREND_PATH: "behind"}
    assert clone("pull").code == 0
    assert clone.statuses() == {}


def test_an_edit_is_pushed_as_exactly_one_version(clone: World) -> None:
    clone.write(LONGER)
    assert clone.statuses() == {TREND_PATH: "modified"}

    assert clone("push", code=0).out == f"saved      {TREND_PATH}  1.0 → 2.0\n"
    assert clone.saved() == [TREND, LONGER]
    # Read back by its number: the last request of all.
    assert clone.plan.urls[-1].endswith("/2.0")
    assert clone.version() == "2.0"
    assert clone.statuses() == {}

    again = clone("push")
    assert (again.code, again.out, again.err) == (0, "", "nothing to push\n")
    assert again.requests == ("list",)
    assert clone.saved() == [TREND, LONGER]


def test_an_unchanged_text_sends_nothing(clone: World) -> None:
    clone.write_and_push(LONGER)
    clone.write(LONGER)
    assert clone("push", TREND_PATH).requests == ("list",)
    assert len(clone.saved()) == 2


def test_a_foreign_save_is_behind_and_pulled(clone: World) -> None:
    clone.web_save(SLOWER)
    assert clone.statuses() == {TREND_PATH: "behind"}
    assert clone("pull", code=0).out == f"pulled     {TREND_PATH}  1.0 → 2.0\n"
    assert clone.read() == SLOWER
    assert clone.statuses() == {}
    assert clone("pull").requests == ("list",)


def test_a_diverged_script_is_refused_then_merged_then_pushed(clone: World) -> None:
    clone.write(LONGER)
    clone.web_save(SLOWER)
    assert clone.statuses() == {TREND_PATH: "diverged"}

    refused = clone("push", code=3)
    assert refused.err.splitlines() == [
        f"{TREND_PATH}: saved on TradingView since you pulled (1.0 → 2.0)",
        "  hint: run `pinesync pull` to merge it, then push again",
    ]
    assert "save_next" not in refused.requests
    assert (clone.read(), clone.saved()) == (LONGER, [TREND, SLOWER])

    assert clone("pull", code=0).out == f"merged     {TREND_PATH}  1.0 → 2.0\n"
    assert clone.read() == MERGED
    assert clone.statuses() == {TREND_PATH: "modified"}

    assert clone("push").code == 0
    assert clone.saved() == [TREND, SLOWER, MERGED]
    assert clone.statuses() == {}


def test_a_text_that_does_not_compile_is_never_saved(clone: World) -> None:
    clone.write(BROKEN)
    findings = [
        f'{TREND_PATH}:13:6: error: Undeclared identifier "undeclared" [CE10272]',
        "  plot(undeclared)",
        "       ^^^^^^^^^^",
    ]
    checked = clone("check", code=4)
    assert checked.out.splitlines() == findings
    assert checked.err == "3 files: 1 error, 0 warnings\n"
    assert set(checked.requests) == {"check"}

    pushed = clone("push", code=4)
    assert pushed.out == ""
    assert pushed.err.splitlines() == [
        f"{TREND_PATH}: does not compile; nothing was saved",
        *findings,
        "  hint: fix the errors, then push again",
    ]
    assert clone.saved() == [TREND]
    assert clone.version() == "1.0"
    assert clone.statuses() == {TREND_PATH: "modified"}


def test_a_broken_script_does_not_stop_the_others(clone: World) -> None:
    clone.write(BROKEN)
    clone.write("//@version=6\nstrategy('Breakout')\n", "strategies/Breakout.pine")
    assert clone("push").code == 4
    assert len(clone.saved("Breakout")) == 2
    assert clone.saved() == [TREND]


def test_a_broken_script_can_be_saved_on_purpose(clone: World) -> None:
    clone.write(BROKEN)
    # A broken text that got stored is reported, and is 4.
    assert "stored as 2.0, but it does not compile" in clone("push", "--allow-broken", code=4).err
    assert clone.saved() == [TREND, BROKEN]
    assert clone.version() == "2.0"
    assert clone.statuses() == {}


def test_a_new_script_is_created_once(clone: World) -> None:
    assert clone("new", "Fresh idea").code == 0
    path = "indicators/Fresh idea.pine"
    assert clone.statuses() == {path: "new"}
    assert clone("push", code=0).out == f"created    {path}  1.0\n"
    assert clone.saved("Fresh idea") == [clone.read(path)]
    assert clone.statuses() == {}
    assert clone("push").requests == ("list",)
    assert len(clone.store.list(clone.user)) == 4


def test_a_new_script_on_tradingview_is_downloaded(clone: World) -> None:
    clone.web_save("//@version=6\nstrategy('Other')\n", "Other")
    assert clone.statuses() == {"strategies/Other.pine": "remote-only"}
    assert clone("pull").out == "written    strategies/Other.pine  1.0\n"
    assert clone.statuses() == {}


@pytest.mark.parametrize("pattern", ["T*", "t*", "T[OR]*"])
def test_a_partial_clone_keeps_its_scope(world: World, pattern: str) -> None:
    made = world("clone", "--remote", world.remote_name, "--only", pattern, "scripts")
    assert made.out == "cloned 2 scripts of sandbox into scripts\n"
    world.web_save("//@version=6\nindicator('Twist')\n", "Twist")
    assert world.statuses() == {}
    assert world("pull").out == ""
    assert not (world.folder / "indicators" / "Twist.pine").exists()


def test_a_clone_into_a_non_empty_folder_is_refused(world: World) -> None:
    world.folder.mkdir()
    world.write("mine", "notes.txt")
    refused = world("clone", "--remote", world.remote_name, "scripts", cwd=world.place, code=2)
    assert "the folder is not empty" in refused.err
    assert world.files() == {"notes.txt": b"mine"}


def test_many_rounds_make_no_extra_version(clone: World) -> None:
    for turn in range(2, 8):
        if turn % 2:
            clone.web_save_and_pull(TREND + f"// web {turn}\n")
        else:
            clone.write_and_push(TREND + f"// here {turn}\n")
        assert clone.statuses() == {}
        assert len(clone.saved()) == turn
        assert clone.version() == f"{turn}.0"
