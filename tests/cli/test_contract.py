"""Inputs and plots that charts and alerts may misread: what push, check, diff and pine.toml do."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.world import World, both_ways
from tests.world.scripts import BREAKOUT, BREAKOUT_PATH, LONGER, SLOWER, TREND, TREND_PATH

INPUT = 'length = input.int(20, "Length")\n'
STOP = 'stop = input.float(1.5, "Stop %")\n'
SHIFTED = TREND.replace(INPUT, STOP + INPUT)
PLOTTED = TREND.replace("plot(fast)\n", 'plotshape(rises, "Up")\nplot(fast)\n')
LINE = TREND[: TREND.index(INPUT)].count("\n") + 1
WORDS = 'in_0 "Length" int → "Stop %" float: saved values may be read by another input (inserted)'
SHOWN = f"""\
{TREND_PATH}:{LINE}:8: warning: {WORDS} [PS010]
  stop = input.float(1.5, "Stop %")
         ^^^^^^^^^^^^^^^^^^^^^^^^^^
"""
REFUSED = "charts and alerts may read another input or plot"


def configured(clone: World, line: str) -> None:
    file = clone.folder / "pine.toml"
    text = file.read_text("utf-8").replace("[workspace]", f"[workspace]\n{line}", 1)
    file.write_text(text, "utf-8")


@both_ways
def test_a_push_warns_and_saves(clone: World) -> None:
    clone.write(SHIFTED)
    planned = clone("push", "--dry-run", code=0)
    assert planned.out.endswith("would be saved as the next version\n")
    assert SHOWN in planned.err
    assert clone("push", code=0).err == SHOWN
    assert clone.saved()[-1] == SHIFTED


def test_a_changed_plot_has_its_own_code(clone: World) -> None:
    clone.write(PLOTTED)
    (outcome,) = clone("push", "--json", code=0).json["outcomes"]
    (found,) = outcome["diagnostics"]
    assert (found["code"], found["severity"]) == ("PS011", "warning")
    assert 'plot_0 "Plot" plot → "Up" plotshape: alerts may be' in found["message"]


def test_the_compiler_is_called_only_if_inputs_or_plots_change(clone: World) -> None:
    clone.write(LONGER)
    assert "compile" not in clone("push", code=0).requests
    clone.write(SHIFTED)
    assert clone("push", code=0).requests.count("compile") == 2
    configured(clone, 'contract = "ignore"')
    clone.write(TREND)
    ran = clone("push", code=0)
    assert (ran.err, "compile" in ran.requests) == ("", False)


def test_a_computed_title_is_compared_by_the_compiler(clone: World) -> None:
    named = TREND.replace(INPUT, 'NAME = "Length"\nlength = input.int(20, NAME)\n')
    clone.write_and_push(named)
    clone.write(named.replace('"Length"', '"Period"'))
    assert clone("push", code=0).requests.count("compile") == 2


@both_ways
def test_contract_refuse_stops_a_push_unless_allowed(clone: World) -> None:
    configured(clone, 'contract = "refuse"')
    clone.write(SHIFTED)
    planned = clone("push", "-n", code=0)
    assert f"would be refused: {REFUSED}" in planned.out
    (row,) = clone("push", "-n", "--json", code=0).json["planned"]
    assert [finding["code"] for finding in row["diagnostics"]] == ["PS010"]
    refused = clone("push", code=3)
    assert f"{TREND_PATH}: {REFUSED}; nothing was saved\n" in refused.err
    assert f"hint: `pinesync push --allow-shift {TREND_PATH}` saves it all the same" in refused.err
    assert clone.saved() == [TREND]
    assert "would be saved as" in clone("push", "-n", "--allow-shift", code=0).out
    assert SHOWN in clone("push", "--allow-shift", TREND_PATH, code=0).err
    assert clone.saved() == [TREND, SHIFTED]
    # Reverting a save is not a new change.
    assert clone.saved()[-1] == SHIFTED
    clone("undo", code=0)
    assert clone.saved()[-1] == TREND


def test_an_appended_input_of_a_strategy_is_a_note(clone: World) -> None:
    configured(clone, 'contract = "refuse"')
    clone.write(BREAKOUT + STOP, BREAKOUT_PATH)
    message = "note: in_0 a property of the strategy → "
    assert message in clone("check", "--strict", BREAKOUT_PATH, code=0).out
    assert "::notice file=" in clone("check", "--format", "github", BREAKOUT_PATH, code=0).out
    assert message in clone("push", code=0).err


def test_check_reports_breaking_changes_in_every_format(clone: World) -> None:
    clone.write(SHIFTED)
    assert clone("check", TREND_PATH, code=0).out == SHOWN
    clone("check", TREND_PATH, "--strict", code=4)
    github = clone("check", TREND_PATH, "--format", "github", code=0).out
    assert github.startswith(f"::warning file={TREND_PATH},line={LINE},")
    assert "title=PS010::in_0 " in github
    (run,) = json.loads(clone("check", TREND_PATH, "--format", "sarif", code=0).out)["runs"]
    assert [(result["ruleId"], result["message"]["text"]) for result in run["results"]] == [
        ("PS010", WORDS)
    ]
    configured(clone, 'contract = "ignore"')
    assert clone("check", TREND_PATH, code=0).out == ""


@pytest.mark.parametrize("fault", ["compile:*:503", "compile:*:html", "compile:*:garbage", ""])
def test_changes_are_estimated_without_the_compiler(clone: World, fault: str) -> None:
    clone.write(SHIFTED)
    options = [] if fault else ["--offline"]
    if fault:
        clone.plan.add(fault)
        assert ", estimated)" in clone("push", "-n", code=0).err
    found = clone("check", TREND_PATH, *options, code=0)
    assert WORDS.replace("inserted", "inserted, estimated") in found.out


def test_changes_of_old_pine_are_estimated(clone: World) -> None:
    clone.app.switches = replace(clone.app.switches, old_pine="refused")
    old = '//@version=4\nstudy("Old")\nx = input(1, "X", input.integer)\nplot(x)\n'
    clone.web_save_and_pull(old, "Old")
    clone.write(old.replace("x =", "y = input(true)\nx ="), "indicators/Old.pine")
    assert 'in_0 "X" int → "y" bool' in clone("push", code=0).err
    assert clone.version("indicators/Old.pine") == "2.0"


LISTED = f"""\
{TREND_PATH}  1.0 → file
  in_0 "Length" int → "Stop %" float (inserted)
"""


@both_ways
def test_diff_contract_lists_every_slot(clone: World) -> None:
    assert clone("diff", "--contract", code=0).out == ""
    clone.write(SHIFTED)
    ran = clone("diff", "--contract", TREND_PATH, code=0)
    assert (ran.out, ran.err, ran.requests) == (LISTED, "", ("compile",) * 2)
    assert clone("diff", "--contract", "--exit-code").code == 6
    remote = LISTED.replace("1.0", "TradingView 2.0")
    clone.web_save(SLOWER)
    assert clone("diff", "--contract", "--remote", code=0).out == remote
    clone.plan.add("compile:*:500")
    assert ", estimated\n" in clone("diff", "--contract", code=0).out
    clone.write(LONGER)
    assert clone("diff", "--contract", "--exit-code", code=0).out == ""


def test_diff_contract_compares_versions_and_has_json(clone: World) -> None:
    clone.write_and_push(SHIFTED)
    versions = [f"{TREND_PATH}@1", f"{TREND_PATH}@2"]
    assert clone("diff", "--contract", *versions).out == LISTED.replace("file", "2.0")
    (file,) = clone("diff", "--contract", "--json", *versions).json["files"]
    (shift,) = file["shifts"]
    assert (shift["slot"], shift["what"], shift["estimated"]) == ("in_0", "inserted", False)
    assert clone("diff", "--contract", "--stat").code == 2


def test_a_missing_base_is_read_from_tradingview(clone: World) -> None:
    clone.forget()
    clone.write(SHIFTED)
    assert SHOWN in clone("push", code=0).err


def test_a_missing_base_is_read_from_git(repo: World) -> None:
    """A job of a pull request has only a checkout."""
    repo.forget()
    repo.write(SHIFTED)
    repo.git("commit", "-qam", "Stop")
    assert repo("check", TREND_PATH, "--offline", code=0).out == SHOWN.replace(
        "(inserted)", "(inserted, estimated)"
    )
