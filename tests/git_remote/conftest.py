"""A user who only uses git, and the account as its remote."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.world import World, git


@dataclass
class Folder:
    """A git clone at `root`, and what a user does in it. The address is that of the world's
    account."""

    world: World
    root: Path

    @property
    def address(self) -> str:
        return f"pinesync::{self.world.remote_name}"

    def git(self, *words: str, code: int | None = 0) -> tuple[str, ...]:
        """Run git, and return the endpoints that it requested."""
        before = len(self.world.plan.log)
        self.output = ""
        result = subprocess.run(
            ["git", *words], cwd=self.root, capture_output=True, text=True, timeout=120
        )
        self.output = result.stdout + result.stderr
        assert code in (None, result.returncode), result
        return tuple(seen.endpoint for seen in self.world.plan.log[before:])

    def log(self, *more: str) -> list[str]:
        return git(self.root, "log", "--format=%s", *more).split("\n")

    def log_of(self, subject: str) -> str:
        """The commit of that subject."""
        return git(self.root, "log", "-1", "--format=%H", "--fixed-strings", f"--grep={subject}")

    def edit(self, text: str, path: str, message: str = "An edit") -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_bytes(text.encode())
        git(self.root, "add", "--all")
        git(self.root, "commit", "-qm", message)

    def read(self, path: str) -> str:
        return (self.root / path).read_bytes().decode()

    def is_sound(self) -> bool:
        """Assert that git finds no problem, and that nothing is changed or left over."""
        checked = git(self.root, "fsck", "--strict", "--no-dangling")
        return (checked, git(self.root, "status", "--porcelain")) == ("", "")

    def ref(self, name: str) -> str:
        return git(self.root, "rev-parse", name)


@pytest.fixture(autouse=True)
def _the_helper_is_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "PATH", os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    )


@pytest.fixture
def folder(world: World) -> Folder:
    """A clone of the account."""
    return cloned(world, "scripts")


def cloned(world: World, name: str, *more: str) -> Folder:
    made = Folder(world, world.place / name)
    git(world.place, "clone", "-q", *more, made.address, name)
    return made
