"""A CI job or a hook in a foreign repository runs none of the repository's files as programs or
modules, and no foreign text is a command to the runner."""

from __future__ import annotations

import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.cli.workflow import together
from tests.world import LONGER, World, git, start

pytestmark = pytest.mark.promise("S14")

MODULES = ("pip", "click", "pinesync", "sitecustomize", "encodings")


def planted(folder: Path, mark: Path) -> None:
    """Plant modules that a Python started there would import."""
    for name in MODULES:
        text = f"open({str(mark)!r}, 'a').write({name!r})\nraise SystemExit(0)\n"
        (folder / f"{name}.py").write_text(text)


def wheel(folder: Path) -> Path:
    """An empty package, for which pip needs no index."""
    file = folder / "nothing-1.0-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as archive:
        info = "nothing-1.0.dist-info"
        archive.writestr("nothing.py", "")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: nothing\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return file


@pytest.mark.parametrize("world", ["facade"], indirect=True)
def test_ci_jobs_install_with_pythons_own_pip(clone: World, tmp_path: Path) -> None:
    team = together(clone)
    planted(clone.folder, mark := tmp_path / "was-run")
    target = tmp_path / "target"
    done = team.install(
        {"run": "push", "version": str(wheel(tmp_path))}, PIP_TARGET=str(target), PIP_NO_INDEX="1"
    )
    assert done.returncode == 0, done.stdout
    assert not mark.exists(), mark.read_text()
    assert (target / "nothing.py").exists()


@pytest.mark.parametrize("entry", ["", ".", "bin"])
def test_a_hook_runs_no_program_of_the_repository(clone: World, tmp_path: Path, entry: str) -> None:
    start(clone)
    assert clone("hooks", "install").code == 0
    planted(clone.folder, mark := tmp_path / "was-run")
    program = clone.folder / entry / "pinesync"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!/bin/sh\necho $0 >> {mark}\n")
    program.chmod(0o755)
    clone.write(LONGER + "plot((close)\n")
    env = {**os.environ, "PATH": f"{entry}:/usr/bin:/bin"}
    words = ["git", "commit", "-qam", "x"]
    result = subprocess.run(words, cwd=clone.folder, env=env, capture_output=True, text=True)
    assert (result.returncode, "is never closed" in result.stderr) == (1, True)
    assert not mark.exists(), mark.read_text()
    assert git(clone, "log", "--format=%s") == "as they were saved"
