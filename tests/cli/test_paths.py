"""Where commands run: -C, subfolders, paths outside, odd names."""

from __future__ import annotations

import sys

import pytest

from tests.world import BREAKOUT, EXTRA, LONGER, SLOWER, TREND_PATH, World, both_ways


def test_c_runs_a_command_in_another_folder(clone: World) -> None:
    clone.write(LONGER)
    for arguments in (
        ["-C", "scripts", "status"],
        ["status", "-C", "scripts"],
        ["-C", clone.folder, "status"],
        ["-C", "scripts", "status", "-C", "indicators"],
        ["-C", "scripts/indicators", "status", "Trend.pine"],
    ):
        shown = clone(*arguments, cwd=clone.place)
        assert (shown.code, shown.out.splitlines()[0]) == (0, f"modified  {TREND_PATH}  1.0")


def test_c_refuses_a_path_that_is_not_a_folder(clone: World) -> None:
    for wrong in ("nowhere", "scripts/pine.toml"):
        refused = clone("-C", wrong, "status", cwd=clone.place, code=2)
        assert f"-C {wrong}: no such folder" in refused.err


def test_commands_outside_a_workspace_are_refused(clone: World) -> None:
    for command in (["status"], ["push"], ["pull"], ["diff"], ["add", "x.pine"], ["check"]):
        refused = clone(*command, cwd=clone.place, code=2)
        assert "not in a workspace" in refused.err
        assert "hint: create one with `pinesync clone DIR`" in refused.err


@both_ways
def test_paths_are_relative_to_the_current_folder(clone: World) -> None:
    clone.write(LONGER)
    clone.write(BREAKOUT + "// more\n", "strategies/Breakout.pine")
    below = clone.folder / "indicators"
    assert clone("status", "Trend.pine", cwd=below).out.startswith(f"modified  {TREND_PATH}  1.0")
    assert clone("diff", "--stat", "Trend.pine", cwd=below).out == f"{TREND_PATH}  +1 -0\n"
    assert clone("check", "Trend.pine", "../strategies/Breakout.pine", cwd=below).code == 0
    assert clone("push", "../strategies", cwd=below).code == 0
    assert clone.statuses() == {TREND_PATH: "modified"}
    assert clone("push", ".", cwd=below).code == 0
    assert clone.statuses() == {}
    clone.web_save(SLOWER)
    assert clone("pull", clone.folder / TREND_PATH, cwd=below).code == 0
    assert clone.statuses() == {}


def test_a_folder_may_have_a_trailing_slash(clone: World) -> None:
    clone.write(LONGER)
    assert clone("push", "indicators/").code == 0
    assert clone.statuses() == {}


@pytest.mark.parametrize("verb", ["status", "push", "pull", "diff", "add", "restore", "rm"])
def test_paths_outside_the_workspace_are_refused(clone: World, verb: str) -> None:
    (clone.place / "outside.pine").write_text(EXTRA)
    files = clone.files()
    for path in ("../outside.pine", clone.place / "outside.pine", "indicators/../../outside.pine"):
        assert "outside the workspace" in clone(verb, path, code=2).err
    assert clone.files() == files


@both_ways
@pytest.mark.parametrize(
    "name", ["My idea 2 (copy)", "Мой индикатор", "測試 RSI", "ünïcode é", "100% & more", "a'b"]
)
def test_every_kind_of_name_works(clone: World, name: str) -> None:
    text = EXTRA.replace("Extra", name)
    clone.web_save_and_pull(text, name)
    (path,) = [path for path in clone.files() if clone.read(path) == text]
    clone.write(text + "// edited\n", path)
    assert clone.statuses() == {path: "modified"}
    assert clone("diff", "--stat", path).out == f"{path}  +1 -0\n"
    assert clone("push", path).code == 0
    assert clone.saved(name) == [text, text + "// edited\n"]
    assert clone.statuses() == {}


def test_colliding_names_get_different_files(clone: World) -> None:
    for name in ("trend", "TREND", "Trend "):
        clone.web_save(EXTRA + f"// {name}\n", name)
    assert clone("pull").code == 0
    folded = [path.casefold() for path in clone.files()]
    assert len(set(folded)) == len(folded) == 3 + 3 + 1
    assert clone.statuses() == {}


def test_scripts_with_equal_texts_are_cloned(world: World) -> None:
    """They are read in parallel and stored once."""
    for number in range(200):
        world.web_save(EXTRA, f"Copy {number}")
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # the readers take turns as often as they can
    try:
        made = world("clone", "--sandbox", "scripts", "--jobs", "16")
    finally:
        sys.setswitchinterval(usual)
    assert (made.code, made.err) == (0, "")
    assert world.statuses() == {}


def test_a_folder_name_with_spaces_and_unicode_works(world: World) -> None:
    folder = world.place / "meine Skripte ü"
    assert world("clone", "--sandbox", folder).code == 0
    assert world("status", cwd=folder).out == "nothing to pull or push, 3 scripts clean\n"


def test_a_moved_workspace_has_the_same_status(clone: World) -> None:
    clone.write(LONGER)
    clone.web_save(BREAKOUT + "// web\n", "Breakout")
    moved = clone.place / "elsewhere"
    clone.folder.rename(moved)
    shown = clone("status", cwd=moved)
    assert "modified" in shown.out
    assert "behind" in shown.out
    assert clone("pull", cwd=moved).code == 0
    assert clone("push", cwd=moved).code == 0
    assert clone("status", cwd=moved).out == "nothing to pull or push, 3 scripts clean\n"


def test_two_clones_of_one_account_see_each_other(clone: World) -> None:
    other = clone.place / "laptop"
    assert clone("clone", "--sandbox", other, cwd=clone.place).code == 0
    (other / TREND_PATH).write_text(LONGER)
    assert clone("push", cwd=other).code == 0
    assert clone.statuses() == {TREND_PATH: "behind"}
    assert clone("pull").code == 0
    assert clone.read() == LONGER
    assert clone("status", cwd=other).out == "nothing to pull or push, 3 scripts clean\n"


def test_named_sandboxes_are_separate_accounts(world: World) -> None:
    assert world("sandbox", "seed", "--name", "team").code == 0
    assert world("clone", "--remote", "sandbox:team", "scripts").out.startswith("cloned 13 scripts")
    assert world("status").out == "nothing to pull or push, 13 scripts clean\n"
    assert set(world.account()) == {"Trend", "Tools", "Breakout"}
    for wrong in ("sandbox:../x", "sandbox:", "elsewhere", "https://example.invalid"):
        assert "no remote called" in world("clone", "--remote", wrong, "other", code=2).err
