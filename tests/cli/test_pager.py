"""The pager on a real terminal: which one, when, and the output without it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.world import LONGER, TREND_PATH, World

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs a POSIX pty")


@pytest.fixture
def edited(clone: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """An edit to show, and a pager that leaves a mark."""
    clone.write(LONGER)
    program = tmp_path / "mine.py"
    program.write_text(
        "import os, sys\n"
        "print('<' + sys.argv[1], os.environ['LESS'], sys.stdin.read() + '>', flush=True)\n"
    )
    monkeypatch.setenv("MINE", f"{sys.executable} '{program}'")
    for name in ("GIT_PAGER", "PAGER", "LESS"):
        monkeypatch.delenv(name, raising=False)
    return clone


def shown(world: World, *arguments: str, **env: str) -> tuple[int, str]:
    with Terminal(world, *arguments, env=env) as terminal:
        return terminal.end(), terminal.seen.replace("\r\n", "\n")


@pytest.mark.parametrize("command", [["diff"], ["log", TREND_PATH], ["show", f"{TREND_PATH}@1"]])
def test_output_goes_through_the_users_pager(edited: World, command: list[str]) -> None:
    mine = os.environ["MINE"]
    code, seen = shown(edited, *command, PAGER=f"{mine} PAGER")
    assert code == 0
    assert "<PAGER FRX " in seen
    assert seen.rstrip().endswith(">")
    assert "<GIT " in shown(edited, *command, PAGER=f"{mine} PAGER", GIT_PAGER=f"{mine} GIT")[1]


def test_omitted_rows_are_counted_below(edited: World) -> None:
    edited.web_save(LONGER)
    code, seen = shown(edited, "log", "-n", "1", TREND_PATH, PAGER=f"{os.environ['MINE']} x")
    assert code == 0
    assert seen.rstrip().splitlines()[-1] == "1 older version not shown; -n N shows more"


def test_the_exit_code_is_that_of_the_command(edited: World) -> None:
    code, seen = shown(edited, "diff", "--exit-code", PAGER=f"{os.environ['MINE']} x")
    assert (code, "+plot(close)" in seen) == (6, True)


@pytest.mark.parametrize("pager", ["cat", "", "no-such-pager", "an 'open quote", "false"])
def test_a_missing_or_failing_pager_is_no_error(edited: World, pager: str) -> None:
    code, seen = shown(edited, "diff", PAGER=pager)
    assert code == 0
    assert ("+plot(close)" in seen) is (pager != "false")
    assert "Traceback" not in seen


def test_a_repository_cannot_set_the_pager(edited: World) -> None:
    edited.git("init", "-q")
    edited.git("config", "core.pager", f"{os.environ['MINE']} repository")
    assert "<repository" not in shown(edited, "diff", PAGER="cat")[1]
    assert "<repository" not in shown(edited, "diff", PAGER=f"{os.environ['MINE']} own")[1]


def test_no_pager_runs_for_pipes_json_and_dumb_terminals(edited: World) -> None:
    pager = f"{os.environ['MINE']} x"
    assert "<x" not in edited.process("diff", PAGER=pager).out
    assert "<x" not in shown(edited, "diff", "--json", PAGER=pager)[1]
    assert "<x" not in shown(edited, "diff", PAGER=pager, TERM="dumb")[1]
