"""The workflow of `init --template team` as a runner executes it, with the action that it uses:
each `run` step is a bash script, in a fresh clone, on a machine without state."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.world import World, git, start

WORKFLOW = ".github/workflows/pinesync.yml"
ACTION = ".github/actions/pinesync/action.yml"
COOKIE = "TRADINGVIEW_COOKIE"
SECRET = f"${{{{ secrets.{COOKIE} }}}}"


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
    """Whether the input for a protected main, which is in a comment, is set."""

    @property
    def origin(self) -> Path:
        return self.world.place / "origin.git"

    @property
    def workflow(self) -> Any:
        written = self.world.read(WORKFLOW)
        return yaml.safe_load(
            written.replace("# record:", "record:") if self.protected else written
        )

    @property
    def action(self) -> Any:
        return yaml.safe_load(self.world.read(ACTION))

    def merge(self, text: str, path: str, message: str = "a change") -> None:
        """Push a developer's change of a script to main."""
        self.world.write(text, path)
        self.share(message)

    def share(self, message: str = "a change") -> None:
        """Push everything in the developer's folder to main."""
        git(self.world, "add", "--all")
        git(self.world, "commit", "-qm", message)
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
        inputs = self.inputs(job)
        for step in self.action["runs"]["steps"]:
            name, when = step.get("name", ""), step.get("if", "")
            if "run" not in step or name in ("Install", *without):
                continue
            always = when == "always() && steps.push.outcome != 'skipped'" and "Push" in codes
            alone = when == f"inputs.run == '{inputs['run']}'" and not any(codes.values())
            if not always and not alone:
                continue
            (before or {}).get(name, lambda: None)()
            result = bash(step["run"], folder, self._environment(step, inputs, place, branch))
            codes[name] = result.returncode
            printed[name] = result.stdout
        return Job(codes, printed, summary.read_text("utf-8"), folder)

    def inputs(self, job: str) -> dict[str, str]:
        """What the job hands to the action, or the action's defaults."""
        (handed,) = (
            step["with"]
            for step in self.workflow["jobs"][job]["steps"]
            if step["uses"] == f"./{Path(ACTION).parent.as_posix()}"
        )
        declared = self.action["inputs"]
        assert set(handed) <= set(declared)
        return {name: handed.get(name, one.get("default", "")) for name, one in declared.items()}

    def install(self, inputs: dict[str, str], **more: str) -> subprocess.CompletedProcess[str]:
        """The step Install, in somebody's folder."""
        (step,) = (one for one in self.action["runs"]["steps"] if one.get("name") == "Install")
        env = self._environment(step, inputs, self.world.place, "main")
        env |= {"GITHUB_ACTION_PATH": str((self.world.folder / ACTION).parent)}
        env |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1", **more}
        return bash(step["run"], self.world.folder, env)

    def _environment(
        self, step: Any, inputs: dict[str, str], place: Path, branch: str
    ) -> dict[str, str]:
        """The secret is the loopback facade's cookie, only in the steps that receive it."""
        env = {name: value for name, value in os.environ.items() if name != "PINESYNC_COOKIE"}
        path = os.pathsep.join([str(Path(sys.executable).parent), env["PATH"]])
        env |= {"PATH": path, "CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_REF_NAME": branch}
        env |= {"PINESYNC_HOME": str(place / "home"), "PINESYNC_SETTLE_SECONDS": "0"}
        env["GITHUB_STEP_SUMMARY"] = str(place / "summary.md")
        for name, expression in step.get("env", {}).items():
            env[name] = evaluated(expression, inputs)
        if (cookie := env.pop(COOKIE, "")) == SECRET:
            env["PINESYNC_COOKIE"] = self.world.user.cookie
        assert cookie in ("", SECRET)
        return env


def evaluated(expression: str, inputs: Mapping[str, str]) -> str:
    """The value of `${{ inputs.NAME }}` or `${{ inputs.NAME || 'default' }}`."""
    found = re.fullmatch(r"\$\{\{ inputs\.([\w-]+)(?: \|\| '([^']*)')? \}\}", expression)
    assert found, expression
    return inputs[found[1]] or found[2] or ""


def bash(script: str, folder: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a step's script, as a runner does for `shell: bash`."""
    file = folder.parent / "step.sh"
    file.write_text(script, encoding="utf-8")
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(file)]
    return subprocess.run(
        command,
        cwd=folder,
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
