"""The log of a CI job: no foreign text starts a workflow command, whichever verb prints it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pinesync.cli.ci_log import escape_ci_commands
from pinesync.cli.group import VERBS
from tests.security import ways
from tests.security.hostile import MARK
from tests.security.test_terminal import COMMANDS
from tests.security.ways import WAYS, everything
from tests.world import BROKEN, EXTRA, LONGER, TREND, TREND_PATH, World

RUNNERS = pytest.mark.parametrize("variable", ["GITHUB_ACTIONS", "TF_BUILD"])
COMMAND = f"::stop-commands::{MARK}##[error]##vso[task.complete]"
LOOKS = [[], ["-vv"], ["--json"]]


def obeyed(printed: str) -> list[str]:
    """The lines that a runner would take for a command. It strips leading spaces and compares
    culture-aware, ignoring invisible characters."""
    found = []
    for line in re.split(r"\r\n|\n|\r", printed):
        seen = "".join(c for c in line if unicodedata.category(c) not in ("Cc", "Cf", "Mn"))
        if seen.lstrip().startswith("::") or "##[" in seen or "##vso[" in seen:
            found.append(line)
    return found


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every planted text has a command at its start and inside."""
    for name in ("EVIL", "IN_FILE_NAME"):
        monkeypatch.setattr(ways, name, COMMAND)
    monkeypatch.setattr(ways, "SHORT", f"##[{MARK}]")
    monkeypatch.setattr("tests.security.test_terminal.EVIL", COMMAND)


@RUNNERS
@pytest.mark.parametrize("name", WAYS)
def test_foreign_text_starts_no_workflow_command(
    clone: World, name: str, variable: str, commands: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "true")
    output = ""
    for words in WAYS[name](clone, monkeypatch):
        for look in LOOKS:
            ran = clone(*look, *words)
            assert obeyed(ran.output) == [], words
            output += ran.output
    assert MARK in output


@RUNNERS
def test_no_command_prints_a_workflow_command(
    clone: World, variable: str, commands: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything(clone, monkeypatch)
    monkeypatch.setenv(variable, "True")
    for verb in VERBS:
        for number, command in enumerate(COMMANDS.get(verb, [[verb]])):
            named = [word.format(new=f"{verb}{number}") for word in command]
            ran = clone(*named)
            assert ran.code != 70, (named, ran.err)
            assert obeyed(ran.output) == [], named


@pytest.mark.parametrize("line", ["::add-mask::plot", "  ::stop-commands::x", "##[add-mask]plot"])
def test_a_source_line_starts_no_workflow_command(
    clone: World, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reproduction: a push and a check show the line that does not compile."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    clone.write(f"{TREND}{line}\n")
    for words in (("check",), ("check", "--offline"), ("push",), ("diff",), ("push", "--json")):
        ran = clone(*words)
        assert obeyed(ran.output) == [], words
    assert line.strip() in clone("push", "--json").json["outcomes"][0]["source"]


def test_annotations_are_workflow_commands(clone: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    clone.write(BROKEN)
    clone.write(EXTRA + "plot((\n", "##[error]x.pine")
    ran = clone("check", "--offline", "--format", "github")
    assert ran.out.startswith("::error file=")
    assert "##[" not in ran.out


# -- the text itself ------------------------------------------------------------------------------


def test_show_escapes_text_only_in_a_ci_log(clone: World, tmp_path: Path) -> None:
    """A file gets the text byte for byte, also in CI."""
    text = f"{EXTRA}//\u00ad\n  ::add-mask::x\n//##[error]\n"
    clone.web_save(text, "Extra")
    revision = f"{clone.id_of('Extra')}@1"
    assert clone("show", revision).out == text
    clone.monkeypatch.setenv("GITHUB_ACTIONS", "true")
    shown = clone.process("show", revision).out
    assert obeyed(shown) == []
    assert shown == text.replace("::add", ": :add").replace("##[", "# #[")
    with (tmp_path / "text").open("wb") as file:
        with clone.spawn("show", revision, stdout=file) as child:
            child.communicate(timeout=60)
    assert (tmp_path / "text").read_bytes() == text.encode()


def test_json_output_is_complete(clone: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    clone.web_save(EXTRA, COMMAND)
    ran = clone("list", "--json")
    assert obeyed(ran.out) == []
    assert COMMAND in [script["name"] for script in json.loads(ran.out)["scripts"]]


def test_text_outside_ci_is_not_changed(clone: World) -> None:
    clone.write(LONGER + "::x ##[y]\n", TREND_PATH)
    assert "+::x ##[y]" in clone("diff").out
    assert escape_ci_commands(COMMAND) == COMMAND


@pytest.mark.promise("S9")
@given(st.text(st.sampled_from([*":#[vso \t\n\r", "\u00a0", "\u00ad", "\u200b", "\u3000", "a"])))
@example(":\t:")
def test_no_text_starts_a_workflow_command(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GITHUB_ACTIONS", "true")
        made = escape_ci_commands(text)
        assert obeyed(made) == []
        assert made.replace(" ", "") == text.replace(" ", "")
        assert escape_ci_commands(made) == made


def test_a_large_text_is_escaped_in_linear_time() -> None:
    """In a separate process, because it might not end."""
    code = (
        "from pinesync.cli.ci_log import escape_ci_commands\n"
        "for text in (' ' * 2**21, '\\n' * 2**21, '#' * 2**21, ':' * 2**21, '\\u00ad' * 2**20):\n"
        "    escape_ci_commands(text)\n"
    )
    env = {**os.environ, "GITHUB_ACTIONS": "true"}
    subprocess.run([sys.executable, "-c", code], env=env, check=True, timeout=100)
