"""Tab in real shells inserts what a person would have typed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.world import EXTRA, TREND_PATH, World

# The function, called as readline calls it, and what it would offer.
BASH = """
eval "$(pinesync completion bash)"
COMP_LINE=$1 COMP_POINT=${#1} COMP_WORD=${2-}
COMP_WORDS=(pinesync "${2-}") COMP_CWORD=1
_pinesync_completion pinesync
printf '%s\\n' "${COMPREPLY[@]}"
"""
FISH = 'pinesync completion fish | source; complete --do-complete "$argv[1]"'


@pytest.fixture
def special_names(clone: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A folder with names that a shell would interpret, and `pinesync` on PATH."""
    clone.web_save_and_pull(EXTRA, "Range $(touch pwned) 'x'")
    assert clone("log", TREND_PATH).code == 0
    (clone.folder / "a b;c").mkdir()
    (clone.folder / "a b;c" / "it's *.pine").write_text(EXTRA)
    (clone.folder / "two\nlines.pine").write_text(EXTRA)
    (clone.folder / "es\x1b[2Jcape.pine").write_text(EXTRA)
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "pinesync").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pinesync "$@"\n')
    (programs / "pinesync").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    return clone


def shell(world: World, program: str, script: str, *arguments: str) -> list[str]:
    where = shutil.which(program)
    if where is None:
        pytest.skip(f"needs the program {program}")
    options = ["--no-config"] if program == "fish" else ["--norc"]
    result = subprocess.run(
        [where, *options, "-c", script, *(["bash"] if program == "bash" else []), *arguments],
        cwd=world.folder,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert result.stderr == ""
    return [line for line in result.stdout.splitlines() if line]


def bash(world: World, line: str, word: str = "") -> list[str]:
    return shell(world, "bash", BASH, line, word)


def test_bash_completes_commands_options_and_paths(special_names: World) -> None:
    assert bash(special_names, "pinesync sta") == ["status"]
    assert bash(special_names, "pinesync -C . pu") == ["pull", "push"]
    assert bash(special_names, "pinesync help pu") == ["pull", "push"]
    assert bash(special_names, "pinesync help sandbox se") == ["seed", "serve"]
    assert bash(special_names, "pinesync push --recr") == ["--recreate"]
    assert bash(special_names, "pinesync check --format sa") == ["sarif"]
    assert bash(special_names, "pinesync diff ind")[0] == "indicators/"
    assert bash(special_names, "pinesync diff indicators/T") == [TREND_PATH]
    assert bash(special_names, f"pinesync diff {TREND_PATH}@") == [f"{TREND_PATH}@1"]
    assert bash(special_names, "pinesync rename x Br") == ["Breakout"]
    assert bash(special_names, "pinesync new x --template strategy") == ["strategy"]
    assert bash(special_names, "pinesync new x --template indicators/Tr") == [TREND_PATH]


def test_a_hostile_name_is_quoted_and_runs_nothing(special_names: World) -> None:
    assert bash(special_names, "pinesync add a\\ b\\;c/it") == [r"a\ b\;c/it\'s\ \*.pine"]
    assert bash(special_names, 'pinesync add "a b;c/it', '"a b;c/it') == ["a b;c/it's *.pine"]
    for begun in ("two", "es"):
        assert bash(special_names, f"pinesync add {begun}") == []
    (offered,) = bash(special_names, "pinesync diff indicators/R")
    assert not (special_names.folder / "pwned").exists()
    (path,) = [p for p in special_names.files() if p.startswith("indicators/R")]
    assert shell(special_names, "bash", f"printf '%s\\n' {offered}") == [path]


@pytest.mark.parametrize("begun", ["'", '"', "", "'odd'/'", 'odd/"'])
@pytest.mark.parametrize(
    "name", ["$(touch pwned)", "`touch pwned`", "a'$(touch pwned)'b", 'a"$(touch pwned)"b', "oh!!"]
)
def test_a_hostile_path_after_an_open_quote_runs_nothing(
    special_names: World, begun: str, name: str
) -> None:
    """A repository determines its paths, and users press Tab and Return without reading."""
    (special_names.folder / "odd").mkdir()
    (special_names.folder / "odd" / f"{name}.pine").write_text(EXTRA)
    word = begun if "odd" in begun else f"{begun}odd/"
    (offered,) = bash(special_names, f"pinesync add {word}", word)
    quote = begun[-1:]
    line = f"printf '%s\\n' {quote}{offered}{quote}"
    assert shell(special_names, "bash", line) == [f"odd/{name}.pine"]
    assert not (special_names.folder / "pwned").exists()


def test_fish_completes_commands_options_and_paths(special_names: World) -> None:
    comma = "indicators/Tick, by tick.pine"
    (special_names.folder / comma).write_text(EXTRA)
    assert shell(special_names, "fish", FISH, "pinesync sta") == [
        "status\tShow one word for every script."
    ]
    (described,) = shell(special_names, "fish", FISH, "pinesync list --rem")
    assert described.startswith("--remote\t")
    assert "," in described
    assert shell(special_names, "fish", FISH, "pinesync sandbox res") == [
        "reset\tRemove every script of the sandbox, with all versions."
    ]
    assert shell(special_names, "fish", FISH, "pinesync diff indicators/Ti") == [comma]
    assert shell(special_names, "fish", FISH, "pinesync diff 'a b;c/it") == ["a b;c/it's *.pine"]
    assert shell(special_names, "fish", FISH, "pinesync show indicators/Tr") == [TREND_PATH]
    assert shell(special_names, "fish", FISH, f"pinesync show {TREND_PATH}@") == [f"{TREND_PATH}@1"]


def test_zsh_gets_what_its_script_reads(special_names: World) -> None:
    env = {"_PINESYNC_COMPLETE": "zsh_complete", "COMP_CWORD": "2"}
    ran = special_names.process(
        cwd=special_names.folder, **env | {"COMP_WORDS": "pinesync show indicators/T"}
    )
    assert (ran.code, ran.out, ran.err) == (0, f"plain\n{TREND_PATH}\n_\n", "")
    assert special_names("completion", "zsh").out.startswith("#compdef pinesync\n")


def test_powershell_gets_what_its_script_reads(special_names: World) -> None:
    def shown(*words: str) -> list[str]:
        *before, last = words
        env = {"COMP_WORDS": "\n".join(["pinesync", *before]), "COMP_WORD": last}
        env |= {"_PINESYNC_COMPLETE": "powershell_complete"}
        ran = special_names.process(cwd=special_names.folder, **env)
        assert (ran.code, ran.err) == (0, "")
        return ran.out.splitlines()

    assert shown("sta") == ["status\tstatus\tShow one word for every script."]
    assert shown("show", f"{TREND_PATH}@") == [f"{TREND_PATH}@1\t{TREND_PATH}@1\t{TREND_PATH}@1"]
    (hostile,) = shown("add", "a b;c/it")
    assert hostile.split("\t")[0] == "'a b;c/it''s *.pine'"
    (special_names.folder / "oh\u2019; $(touch pwned).pine").write_text(EXTRA)
    assert shown("add", "oh")[0].startswith("'oh\u2019\u2019; $(touch pwned).pine'\t")
    script = special_names("completion", "powershell").out
    assert script.startswith("Register-ArgumentCompleter -Native -CommandName pinesync ")
    assert "%" not in script


def test_completion_sends_no_request_and_writes_nothing(special_names: World) -> None:
    special_names.app.forget()
    before = sorted(special_names.home.rglob("*"))
    bash(special_names, "pinesync pull ind")
    assert sorted(special_names.home.rglob("*")) == before
    assert special_names.app._answered == []


@pytest.mark.parametrize("mode", ["bash_complete", "bash_source", "csh_complete", "x"])
def test_completion_reports_no_errors(special_names: World, mode: str) -> None:
    (special_names.folder / "pine.toml").write_text("<<<<<<< no\n")
    env = {
        "_PINESYNC_COMPLETE": mode,
        "PINESYNC_SETTLE_SECONDS": "x",
        "PINESYNC_HOME": "/dev/null/x",
    }
    ran = special_names.process(
        cwd=special_names.folder, **env | {"COMP_LINE": "pinesync show indicators/"}
    )
    assert (ran.code, ran.err) == (0, "")


def test_the_completion_script_is_available_as_json(world: World) -> None:
    answer = json.loads(world("completion", "fish", "--json").out)
    assert answer["shell"] == "fish"
    assert "complete " in answer["script"]
