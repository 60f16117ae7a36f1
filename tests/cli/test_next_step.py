"""The next step: the last line of status, the summaries of push and pull, and `add` for unlisted
files."""

from __future__ import annotations

import pytest

from tests.cli.cases import EXTRA_PATH, saves
from tests.world import (
    BREAKOUT,
    BREAKOUT_PATH,
    EXTRA,
    FASTER,
    LONGER,
    SLOWER,
    TOOLS,
    TOOLS_PATH,
    TREND_PATH,
    World,
)


def test_status_ends_with_the_most_urgent_step(clone: World) -> None:
    """Follow the last line until nothing is left to do."""
    clone.write(FASTER)
    clone.web_save(SLOWER)
    clone("pull")
    clone.write(BREAKOUT + "// more\n", BREAKOUT_PATH)
    clone.web_save(TOOLS + "// more\r\n", "Tools")
    clone.write(EXTRA, EXTRA_PATH)
    steps = [
        (f"resolve {TREND_PATH}", "with --ours or --theirs to resolve the conflict", "--ours"),
        ("pull", "to update 1 script", None),
        ("push", "to save 2 scripts", None),
        (f"add {EXTRA_PATH}", "to add the file to pine.toml", None),
        ("push", "to save 1 script", None),
    ]
    for command, why, more in steps:
        status = clone("status")
        assert status.err == f"hint: run `pinesync {command}` {why}\n"
        found = clone("status", "--json").json["next_step"]
        assert found["command"] == command.partition(" ")[0]
        assert found["hint"] == status.err.removeprefix("hint: ").strip()
        assert clone(*command.split(), *([more] if more else [])).code == 0
    status = clone("status")
    assert (status.out, status.err) == ("nothing to pull or push, 4 scripts clean\n", "")
    assert clone("status", "--json").json["next_step"] is None
    offline = "nothing to push, 4 scripts clean (offline: TradingView was not contacted)\n"
    assert clone("status", "--offline").out == offline


def test_advice_can_be_turned_off_in_pine_toml(clone: World) -> None:
    clone.write(LONGER)
    file = clone.folder / "pine.toml"
    file.write_text(file.read_text("utf-8").replace("[workspace]", "[workspace]\nadvice = false"))
    assert (clone("status").err, clone("status", "--json").json["next_step"]) == ("", None)
    assert clone("push").code == 0
    assert "advice = false" in file.read_text("utf-8")


@pytest.mark.parametrize("verbose", [[], ["-v"]])
def test_push_summarizes_and_lists_behind_scripts_with_verbose(
    clone: World, verbose: list[str]
) -> None:
    clone.write(LONGER)
    clone.write(EXTRA, EXTRA_PATH)
    clone("add", EXTRA_PATH)
    clone.web_save(TOOLS + "// more\r\n", "Tools")
    clone.web_save(BREAKOUT + "// more\n", "Breakout")
    clone.write(BREAKOUT + "// less\n", BREAKOUT_PATH)
    pushed = clone("push", *verbose)
    assert pushed.code == 3
    assert pushed.out.splitlines()[-1] == "1 saved, 1 created, 1 refused, 1 behind"
    assert pushed.err.splitlines()[-1] == "hint: run `pinesync pull` to update 1 script"
    assert (f"{TOOLS_PATH}: saved on TradingView" in pushed.err) == bool(verbose)


def test_pull_summarizes_and_names_the_command_that_resolves(clone: World) -> None:
    clone.write(FASTER)
    saves(SLOWER)(clone)
    saves(TOOLS + "// more\r\n", name="Tools")(clone)
    pulled = clone("pull")
    assert pulled.code == 3
    assert pulled.out == f"pulled     {TOOLS_PATH}  1.0 → 2.0\n1 pulled, 1 conflict\n"
    assert pulled.err.splitlines() == [
        f"{TREND_PATH}: conflict: both sides changed the same lines (1.0 → 2.0)",
        f"  hint: run `pinesync resolve {TREND_PATH}` with --ours or --theirs, or edit the file",
    ]


def test_one_script_has_no_summary(clone: World) -> None:
    clone.write(LONGER)
    assert clone("push").out == f"saved      {TREND_PATH}  1.0 → 2.0\n"


def test_a_push_of_untracked_files_suggests_add(clone: World) -> None:
    clone.write(EXTRA, EXTRA_PATH)
    for more in ([], ["indicators"]):
        pushed = clone("push", *more)
        assert (pushed.code, pushed.out) == (0, "")
        assert pushed.err.splitlines() == [
            "nothing to push",
            f"hint: run `pinesync add {EXTRA_PATH}` to add the file to pine.toml",
        ]
    assert clone("push", "libraries").err == "nothing to push\n"
    assert clone("push", "--json").json["outcomes"] == []
