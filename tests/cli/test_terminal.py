"""Terminal-only behaviour: colours, a progress bar, questions, Ctrl-C."""

from __future__ import annotations

import re
import sys

import pytest

from tests.world import BREAKOUT_PATH, EXTRA, LONGER, TREND_PATH, World

if sys.platform == "win32":
    pytest.skip("needs a POSIX pty", allow_module_level=True)

from tests.cli.terminal import Terminal

SCREEN = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def shown(world: World, *arguments: object, **env: str) -> tuple[int, str]:
    with Terminal(world, *arguments, env=env) as terminal:
        code = terminal.end()
        return code, terminal.seen.replace("\r\n", "\n")


def test_colours_are_on_at_a_terminal(clone: World) -> None:
    clone.write(LONGER)
    code, seen = shown(clone, "status")
    assert code == 0
    assert "\x1b[1mmodified\x1b[0m" in seen
    assert "\x1b[32m+plot(close)" in shown(clone, "diff")[1]


@pytest.mark.parametrize(
    ("arguments", "env"),
    [
        (["status"], {"NO_COLOR": "1"}),
        (["status"], {"TERM": "dumb"}),
        (["--color", "never", "status"], {}),
        (["status", "--color=never"], {}),
    ],
)
def test_colours_are_off_on_request(
    clone: World, arguments: list[str], env: dict[str, str]
) -> None:
    clone.write(LONGER)
    code, seen = shown(clone, *arguments, **env)
    assert code == 0
    assert "\x1b" not in seen
    assert f"modified  {TREND_PATH}" in seen


def test_a_progress_bar_is_drawn_and_erased(clone: World) -> None:
    for number in range(12):
        clone.web_save(EXTRA + f"// {number}\n", f"Extra {number}")
    code, seen = shown(clone, "pull", NO_COLOR="1")
    assert code == 0
    assert "\r[" in seen
    assert "] 1/12" in seen
    bar, result = seen.rsplit("\r", 1)
    assert bar.endswith(" ")  # wiped
    assert "#" not in result
    assert result.count("written    ") == 12


def test_no_progress_bar_is_drawn_for_few_scripts_or_in_a_pipe(clone: World) -> None:
    clone.web_save(EXTRA, "Extra")
    assert "\r[" not in shown(clone, "pull")[1].replace("\r\n", "\n")
    for number in range(12):
        clone.web_save(EXTRA + f"// {number}\n", f"Extra {number}")
    assert clone.process("pull").err == ""


@pytest.mark.parametrize("world", ["facade"], indirect=True)
@pytest.mark.parametrize(
    ("arguments", "endpoint", "subject"),
    [
        (["pull"], "list", "the list of scripts"),
        (["clone", "--remote", "tradingview", "again"], "list", "the list of scripts"),
        (["push"], "save_next", "a save"),
        (["push"], "check", "the compiler"),
        (["check"], "check", "the compiler"),
        (["verify"], "get", "a saved version"),
        (["log", BREAKOUT_PATH], "history", "the times of versions"),
        (["history", "import"], "get", "a saved version"),
        (["grep", "--all-versions", "plot"], "get", "a saved version"),
        (["whoami"], "script_info", "the account"),
    ],
    ids=str,
)
def test_a_slow_request_says_what_it_waits_for(
    clone: World, arguments: list[str], endpoint: str, subject: str
) -> None:
    clone.git("init", "-q")
    clone.web_save(EXTRA, "Breakout")
    clone.write(LONGER)
    clone.plan.add(f"{endpoint}:*:hang")
    waits = rf"waiting for {subject} \(\d+ s\)"
    with Terminal(clone, *arguments) as terminal:
        terminal.wait_for(waits)
        assert terminal.interrupt() == 130
        # The line is erased before anything else is printed.
        assert " \rerror: interrupted" in terminal.seen


def test_reset_asks_first(world: World) -> None:
    for answer, code, count in (("n", 1, 3), ("", 1, 3), ("y", 0, 0)):
        with Terminal(world, "sandbox", "reset") as terminal:
            terminal.wait_for(r"Remove every script in .*default\.sqlite3\? \[y/N\]")
            terminal.type(answer + "\n")
            assert terminal.end() == code
            assert ("nothing was removed" in terminal.seen) == bool(code)
        assert len(world.account()) == count


def test_ctrl_c_at_a_prompt_changes_nothing(world: World) -> None:
    with Terminal(world, "sandbox", "reset") as terminal:
        terminal.wait_for(r"\[y/N\]")
        assert terminal.interrupt() == 130
        assert "interrupted" in terminal.seen
        assert "Traceback" not in terminal.seen
    assert len(world.account()) == 3


def test_help_fits_the_terminal(world: World) -> None:
    code, seen = shown(world, "push", "--help")
    assert code == 0
    assert max(map(len, SCREEN.sub("", seen).splitlines())) <= 120


def test_no_command_prompts_without_a_terminal(world: World) -> None:
    """stdin is not a terminal, so a prompt would never be answered."""
    refused = world.process("sandbox", "reset")
    assert refused.code == 2
    assert "add --yes" in refused.err
    empty = world.process("login")
    assert empty.code == 2
    assert "Cookie" not in empty.out
    assert len(world.account()) == 3
