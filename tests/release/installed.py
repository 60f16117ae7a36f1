"""What an installed pinesync must be able to do, outside of any checkout. Only the standard library
is needed: a release runs it with the Python that it finds."""

from __future__ import annotations

import os
import shutil
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path


def run(*command: object, cwd: Path, **env: str) -> str:
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": "", **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


@dataclass(frozen=True)
class Installed:
    """An environment with pinesync, and an empty folder to use it in, beside which its state is."""

    environment: Path
    folder: Path

    @property
    def scripts(self) -> Path:
        return self.environment / ("Scripts" if os.name == "nt" else "bin")

    def __call__(self, *words: str, cwd: Path | None = None, program: str = "pinesync") -> str:
        path = os.pathsep.join([str(self.scripts), os.environ["PATH"]])
        state = self.folder.parent / "state"
        state.mkdir(exist_ok=True)
        homes = dict.fromkeys(("PINESYNC_HOME", "TMPDIR", "TEMP"), str(state))
        # Windows looks for a program in the path of this process.
        found = shutil.which(program, path=path)
        return run(found, *words, cwd=cwd or self.folder, PATH=path, **homes)


def first_session(pinesync: Installed) -> None:
    """The sandbox, a clone, a script of each kind, a push."""
    pinesync("sandbox", "seed")
    assert "cloned 13 scripts" in pinesync("clone", "--sandbox", "mine")
    mine = pinesync.folder / "mine"
    for template in ("indicator", "strategy", "library"):
        pinesync("new", f"My {template}", "--template", template, cwd=mine)
    assert pinesync("push", cwd=mine).count("created    ") == 3
    assert pinesync("status", cwd=mine) == "nothing to pull or push, 16 scripts clean\n"


def demo(pinesync: Installed) -> None:
    assert "The workspace is kept." in pinesync("demo")


def git_clone(pinesync: Installed) -> None:
    """git finds git-remote-pinesync on PATH."""
    pinesync("clone", "--quiet", "pinesync::sandbox", "by-git", program="git")
    assert len(list((pinesync.folder / "by-git").rglob("*.pine"))) == 16


def vscode(pinesync: Installed) -> None:
    pinesync("vscode", "package", "pinesync.vsix")
    with zipfile.ZipFile(pinesync.folder / "pinesync.vsix") as package:
        assert "extension/src/extension.js" in package.namelist()


def agent(pinesync: Installed) -> None:
    """The program of the guide plays the agent."""
    page = Path(__file__).parents[2] / "docs" / "guides" / "agents.md"
    typed = page.read_text("utf-8").partition("<<'END'\n")[2].partition("> END\n")[0]
    session = "\n".join(line.removeprefix("> ") for line in typed.splitlines())
    output = pinesync("-c", session, cwd=pinesync.folder / "mine", program="python")
    assert 'push {"done": "saved", "version": "5.0"' in output
    assert 'undo {"done": "saved", "version": "6.0"' in output


SESSION = (first_session, demo, git_clone, vscode, agent)
"""In this order, in one folder."""
