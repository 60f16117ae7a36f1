"""Other people's text on the terminal is displayed, never obeyed: names, sources, messages,
paths, arguments, variables. `--json` is ASCII."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator
from typing import NoReturn

import pytest

from pinesync.cli.group import VERBS
from pinesync.sandbox.app import SandboxApp
from pinesync.text.unicode import escape_controls
from tests.security.hostile import EVIL, MARK, PAYLOADS, raw
from tests.security.ways import IN_FILE_NAME, WAYS, everything
from tests.world import EXTRA, TREND_PATH, Ran, World

if sys.platform == "win32":
    pytest.skip("such names are no names there", allow_module_level=True)

from tests.cli.terminal import Terminal

LOUD = ["--color", "always", "-vv"]
MODES = {
    "plain": [],
    "traced": ["-vv"],
    "coloured": ["--color", "always"],
    "json": ["--json"],
    "json traced": ["--json", "-vv"],
}
COMMANDS: dict[str, list[list[str]]] = {
    "clone": [["clone", "--sandbox", "{new}"], ["clone", "--history", "--sandbox", "{new}"]],
    "history": [["history", "import", "-n"], ["history", "import"]],
    "init": [["init", "{new}"], ["init", "--link", "-n", "--sandbox", "../other"]],
    "status": [["status"], ["status", "--html", "-"], ["status", "--html", EVIL]],
    "diff": [["diff"], ["diff", "--remote"], ["diff", "--stat"]],
    "check": [["check"], ["check", "--offline", "."]],
    "pull": [["pull", "-n"], ["pull"]],
    "push": [["push", "-n"], ["push"]],
    "add": [["add", "new.pine"], ["add", "."]],
    "new": [["new", "{new}"], ["new", EVIL]],
    "log": [["log"], ["log", TREND_PATH], ["log", EVIL], ["log", "--offline"]],
    "show": [["show", f"{TREND_PATH}@1"], ["show", EVIL], ["show", f"{EVIL}@1"]],
    "grep": [["grep", ".", "--all-versions"], ["grep", EVIL], ["grep", f"({EVIL}"]],
    "undo": [["undo"], ["undo", "--redo"], ["undo", EVIL]],
    "restore": [
        ["restore", "--kept", TREND_PATH],
        ["restore", "--show", "1", TREND_PATH],
        ["restore", TREND_PATH],
        ["restore", EVIL],
    ],
    "resolve": [["resolve", "--ours", TREND_PATH], ["resolve", "--theirs", EVIL]],
    "blame-version": [["blame-version", TREND_PATH], ["blame-version", EVIL]],
    "hooks": [["hooks", word] for word in ("install", "status", "remove")],
    "mv": [["mv", EVIL, "x.pine"], ["mv", TREND_PATH, EVIL], ["mv", "--follow", "."]],
    "rename": [["rename", EVIL, "x"], ["rename", TREND_PATH, EVIL], ["rename", TREND_PATH, "x"]],
    "rm": [["rm", EVIL], ["rm", "libraries/Tools.pine"]],
    "sandbox": [
        ["sandbox", "path"],
        ["sandbox", "seed"],
        ["sandbox", "serve", "--fault", EVIL],
        ["sandbox", "serve", "--name", EVIL],
        ["sandbox", "reset"],
    ],
    "demo": [],  # slow: tested below
    "mcp": [["mcp", "-C", EVIL]],  # the rest is in tests/mcp
    "lsp": [["lsp", "--remote", EVIL]],  # the rest is in tests/lsp
    "watch": [["watch", "--on-error", EVIL]],  # the rest is in tests/watch/test_process.py
}
"""The command lines of a command; by default only its name."""


@pytest.fixture(autouse=True)
def _as_to_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """click removes colour codes from output that does not go to a terminal, and nothing from
    output to one."""
    monkeypatch.setattr("click.utils.should_strip_ansi", lambda *_, **__: False)


class Raw(AssertionError):
    """Text that a terminal would have obeyed or hidden."""


def check(ran: Ran, arguments: list[str]) -> None:
    if found := raw(ran.output, coloured="always" in arguments):
        raise Raw(f"{arguments!a}: {found}")
    if "--json" in arguments and ran.out:
        assert ran.out.isascii(), arguments
        assert ran.out.count("\n") == 1
        assert isinstance(json.loads(ran.out), dict)


def runs(world: World, name: str, mode: list[str], patch: pytest.MonkeyPatch) -> Iterator[Ran]:
    for command in WAYS[name](world, patch):
        arguments = [*mode, *command]
        ran = world(*arguments)
        assert ran.code != 70 or name == "log_of_a_bug", (ascii(arguments), ran.err)
        check(ran, arguments)
        yield ran


@pytest.mark.promise("S9")
@pytest.mark.parametrize("mode", [LOUD, ["--json", "-vv"]], ids=["loud", "json"])
@pytest.mark.parametrize("name", WAYS)
def test_hostile_text_is_escaped(
    clone: World, name: str, mode: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = [ran.output for ran in runs(clone, name, mode, monkeypatch)]
    assert any(MARK in output for output in outputs), "the text never came as far as the terminal"


# The streams already show undecodable bytes by their numbers.
@pytest.mark.parametrize("name", sorted(WAYS.keys() - {"name_of_a_file_that_is_no_text"}))
def test_hostile_text_is_detected_when_escaping_is_off(
    clone: World, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This proves that the test above finds the text."""
    monkeypatch.setattr("pinesync.text.unicode._harmful", lambda: re.compile("(?!)"))
    with pytest.raises(Raw):
        list(runs(clone, name, LOUD, monkeypatch))


@pytest.mark.promise("S9")
@pytest.mark.parametrize("mode", MODES)
def test_every_command_escapes_hostile_text(
    clone: World, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything(clone, monkeypatch)
    for verb in VERBS:
        for number, command in enumerate(COMMANDS.get(verb, [[verb]])):
            named = [word.format(new=f"{verb}{number}") for word in command]
            arguments = [*MODES[mode], *named]
            ran = clone(*arguments)
            assert ran.code != 70, (ascii(arguments), ran.err)
            check(ran, arguments)


def test_the_sandbox_escapes_hostile_text_in_its_log(
    clone: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: object) -> NoReturn:
        try:
            raise RuntimeError(EVIL)
        except RuntimeError:
            logging.getLogger("pinesync.sandbox.serve").exception("a bug of the sandbox")
        raise KeyboardInterrupt

    monkeypatch.setattr("pinesync.sandbox.app.SandboxApp", SandboxApp)
    monkeypatch.setattr("pinesync.sandbox.serve.Server.serve_forever", interrupted)
    monkeypatch.setenv("PINESYNC_HOME", str(clone.place / IN_FILE_NAME))
    for mode in MODES.values():
        ran = clone(*mode, "sandbox", "serve")
        assert (ran.code, ran.out.count("\n")) == (0, 2)
        assert f"RuntimeError: {MARK}\\u{{" in ran.err
        assert raw(ran.output) is None


def test_demo_escapes_a_hostile_folder_name(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = world.place / IN_FILE_NAME
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    ran = world("demo", "--color", "always", code=0)
    assert MARK in ran.out
    assert raw(ran.output, coloured=True) is None


# -- a real terminal ------------------------------------------------------------------------------


def shown(world: World, *arguments: object, answer: str = "", **env: str) -> str:
    """The output on a person's terminal, with its own line endings."""
    with Terminal(world, *arguments, env=env) as terminal:
        if answer:
            terminal.wait_for(re.escape("[y/N]"))
            terminal.type(answer)
        terminal.end()
        return terminal.seen.replace("\r\n", "\n")


def test_hostile_text_is_escaped_on_a_terminal(
    clone: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_PAGER", "cat")  # a pager moves the cursor itself
    everything(clone, monkeypatch)
    for arguments in (
        ["status", "-vv"], ["list"], ["check", "--sandbox"], ["diff"], ["pull", "-n"],
        ["frob" + EVIL], ["status", f"{IN_FILE_NAME}.pine"], ["pull"], ["push"],
    ):  # fmt: skip
        seen = shown(clone, *arguments)
        assert MARK in seen or arguments == ["push"], arguments
        assert raw(seen, coloured=True) is None, (ascii(arguments), raw(seen, coloured=True))


def test_a_prompt_escapes_a_file_name(world: World) -> None:
    home = str(world.place / IN_FILE_NAME)
    seen = shown(world, "sandbox", "reset", answer="n\n", PINESYNC_HOME=home)
    assert MARK in seen
    assert raw(seen, coloured=True) is None


# -- the rule itself ------------------------------------------------------------------------------


@pytest.mark.parametrize("text", PAYLOADS.values(), ids=PAYLOADS)
def test_each_sequence_is_escaped(text: str) -> None:
    assert raw(text)
    for one_line in (True, False):
        made = escape_controls(f"a{text}b", one_line=one_line)
        assert raw(made) is None
        assert made.isascii()
        assert made.startswith("a\\u{")
        assert made.endswith("b")


def test_every_invisible_character_is_escaped() -> None:
    for number in range(sys.maxunicode + 1):
        char = chr(number)
        if raw(char) and escape_controls(char) != f"\\u{{{number:x}}}":
            pytest.fail(f"U+{number:04X} is not shown")


def test_visible_text_is_not_changed() -> None:
    for text in (
        'plot(close, "~") // { } \\ ^',
        "größer, naïve, Ελληνικά, Мой",
        "日本語 한국어 測試 ไทย हिन्दी עברית العربية",
        "→ … – “x” × ² ½ ▲▼ ┌─┐ ◆",
        "🔥📈👍🏽🇩🇪",
        "e\u0301 \u00a0 \u3000 \ue000",
    ):
        assert escape_controls(text) == text
    assert escape_controls("a\tb\nc", one_line=False) == "a\tb\nc"
    assert escape_controls("a\tb\nc") == "a b\\nc"


def test_json_escapes_the_delete_character(clone: World) -> None:
    clone.write(EXTRA, "x\x7fy.pine")
    found = clone("check", "--offline", "--json")
    assert "\x7f" not in found.out
    assert {file["path"] for file in found.json["files"]} >= {"x\x7fy.pine"}
