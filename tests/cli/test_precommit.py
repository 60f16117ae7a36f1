"""This repository's pre-commit hooks, run by pre-commit on real commits. They use this test
environment instead of an installation."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pinesync.app.workspace_templates import template_files
from tests.world import TREND, git

ROOT = Path(__file__).parents[2]
UNCLOSED = TREND + "plot((close)\n"


def pre_commit(folder: Path, *words: str, home: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", *words],
        cwd=folder,
        env={**os.environ, "PATH": path, "PRE_COMMIT_HOME": str(home / "pre-commit")},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def commit(folder: Path, home: Path, **files: str) -> tuple[int, str]:
    """git, with the hook that pre-commit installed."""
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)
    git(folder, "add", "--all")
    env = {**os.environ, "PRE_COMMIT_HOME": str(home / "pre-commit")}
    env["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), env["PATH"]])
    program = shutil.which("git")
    assert program
    result = subprocess.run(
        [program, "commit", "-m", "x"],
        cwd=folder,
        env=env,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return result.returncode, result.stdout + result.stderr


def offered() -> str:
    return (ROOT / ".pre-commit-hooks.yaml").read_text("utf-8")


def ours(place: Path) -> str:
    """A repository with our hooks, as pre-commit fetches it, and a configuration that uses one, in
    the language that installs nothing."""
    place.mkdir()
    (place / ".pre-commit-hooks.yaml").write_text(offered(), encoding="utf-8")
    git(place, "init", "-q")
    git(place, "add", "--all")
    git(place, "commit", "-qm", "hooks")
    hook = {"id": "pinesync-check", "language": "system"}
    repo = {"repo": str(place), "rev": git(place, "rev-parse", "HEAD"), "hooks": [hook]}
    return yaml.safe_dump({"repos": [repo]})


def test_two_pre_commit_hooks_are_offered() -> None:
    hooks = {hook["id"]: hook for hook in yaml.safe_load(offered())}
    assert {name: hook["entry"] for name, hook in hooks.items()} == {
        "pinesync-check": "pinesync check --offline",
        "pinesync-compile": "pinesync check",
    }
    assert {(hook["language"], hook["files"]) for hook in hooks.values()} == {
        ("python", r"\.pine$")
    }


@pytest.mark.parametrize("of", ["this repository", "the team's template"])
def test_a_broken_script_is_not_committed(of: str, home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    git(folder, "init", "-q")
    files = template_files("team")
    config = (
        ours(tmp_path / "hooks")
        if of == "this repository"
        else files[".pre-commit-config.yaml"].decode()
    )
    installed = pre_commit(folder, "install", home=home)
    assert installed.returncode == 0, installed
    code, output = commit(
        folder, home, **{".pre-commit-config_yaml": config, "notes_txt": "plot(("}
    )
    assert code == 0, output
    assert "(no files to check)Skipped" in output
    code, output = commit(folder, home, a_pine=UNCLOSED, b_pine=TREND)
    assert code == 1, output
    assert "a.pine:13:" in output
    assert "b.pine:" not in output
    code, output = commit(folder, home, a_pine=TREND)
    assert code == 0, output
    assert git(folder, "show", "HEAD:a.pine") + "\n" == TREND
    # a name that looks like an option is still a file
    (folder / "-d.pine").write_text(UNCLOSED, encoding="utf-8")
    code, output = commit(folder, home)
    assert code == 1, output
    assert "-d.pine:13:" in output
