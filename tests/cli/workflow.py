"""The workflow of `init --template team` as a runner executes it: each `run` step is a bash
script, in a fresh clone, on a machine without state."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.world import World, git, start

WORKFLOW = ".github/workflows/pinesync.yml"
COOKIE = "TRADINGVIEW_COOKIE"


@dataclass(frozen=True)
class Job:
    """The result of a job: each step's exit code and output, the summary, and the clone."""

    codes: dict[str, int]
    printed: dict[str, str]
    summary: str
    folder: Path

    @property
    def failed(self) -> bool:
        return any(self.codes.values())


@dataclass
class Team:
    """Somebody's clone of the account in `world.folder`, and the repository that all share."""

    world: World
    runs: int = 0
    protected: bool = False
    """Whether the steps for a protected main, which stand in a comment, take their place."""

    @property
    def origin(self) -> Path:
        return self.world.place / "origin.git"

    @property
    def workflow(self) -> Any:
        return yaml.safe_load((self.world.folder / WORKFLOW).read_text("utf-8"))

    def merge(self, text: str, path: str, said: str = "a change") -> None:
        """Push a developer's change of a script to main."""
        self.world.write(text, path)
        self.share(said)

    def share(self, said: str = "a change") -> None:
        """Push everything in the developer's folder to main."""
        git(self.world, "add", "--all")
        git(self.world, "commit", "-qm", said)
        git(self.world, "pull", "-q", "--rebase")
        git(self.world, "push", "-q")

    def run(
        self,
        job: str,
        *,
        branch: str = "main",
        before: Mapping[str, Callable[[], None]] | None = None,
        without: tuple[str, ...] = (),
    ) -> Job:
        """Run a job. `before` has actions that happen elsewhere before a step, and `without` the
        steps to skip."""
        self.runs += 1
        place = self.world.place / f"run-{self.runs}"
        folder, summary = place / "work", place / "summary.md"
        git(self.world.place, "clone", "-q", "--branch", branch, str(self.origin), str(folder))
        summary.touch()
        codes: dict[str, int] = {}
        printed: dict[str, str] = {}
        for step in self._steps(job):
            name = step.get("name", "")
            if "run" not in step or name in ("Install", *without):
                continue
            if any(codes.values()) and not step.get("if", "").startswith("always()"):
                continue
            (before or {}).get(name, lambda: None)()
            result = _typed(step, place, self._environment(step, place, branch))
            codes[name] = result.returncode
            printed[name] = result.stdout
        return Job(codes, printed, summary.read_text("utf-8"), folder)

    def _steps(self, job: str) -> list[Any]:
        steps: list[Any] = self.workflow["jobs"][job]["steps"]
        if not self.protected or job != "push":
            return steps
        _, _, rest = self.world.read(WORKFLOW).partition("place of Push and Record:\n")
        instead = "".join(line[8:] + "\n" for line in rest.partition("\n\n")[0].split("\n"))
        others = [step for step in steps if step.get("name") not in ("Push", "Record")]
        return others + list(yaml.safe_load(instead))

    def _environment(self, step: Any, place: Path, branch: str) -> dict[str, str]:
        """The secret is the loopback facade's cookie, only in the steps that receive it."""
        env = {name: value for name, value in os.environ.items() if name != "PINESYNC_COOKIE"}
        path = os.pathsep.join([str(Path(sys.executable).parent), env["PATH"]])
        env |= {"PATH": path, "CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_REF_NAME": branch}
        env |= {"PINESYNC_HOME": str(place / "home"), "PINESYNC_SETTLE_SECONDS": "0"}
        env["GITHUB_STEP_SUMMARY"] = str(place / "summary.md")
        for name, value in step.get("env", {}).items():
            assert (name, value) == (COOKIE, f"${{{{ secrets.{COOKIE} }}}}")
            env["PINESYNC_COOKIE"] = self.world.user.cookie
        return env


def _typed(step: Any, place: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    script = place / "step.sh"
    script.write_text(step["run"], encoding="utf-8")
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
    return subprocess.run(
        command,
        cwd=place / "work",
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=100,
        check=False,
    )


def together(world: World) -> Team:
    """Give the clone the team's files, and make it a repository with an origin."""
    assert world("init", "--template", "team").code == 0
    start(world)
    git(world.place, "clone", "-q", "--bare", str(world.folder), "origin.git")
    git(world, "remote", "add", "origin", str(world.place / "origin.git"))
    git(world, "fetch", "-q")
    git(world, "branch", "-q", "--set-upstream-to=origin/main")
    return Team(world)
