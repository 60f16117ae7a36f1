"""The clone of `world` as a git repository, and what git says of it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.cli.world import World


def git(world: World | Path, *words: str) -> str:
    """What git prints, without the last line end."""
    folder = world if isinstance(world, Path) else world.folder
    done = subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)
    return done.stdout.decode().removesuffix("\n")


def start(world: World, at: Path | None = None) -> World:
    """All of the clone, or of the folder around it, is in a first commit."""
    folder = at or world.folder
    git(folder, "init", "-q")
    git(folder, "add", "--all")
    git(folder, "commit", "-qm", "as they were saved")
    return world


def touched(world: World, commit: str = "HEAD") -> list[str]:
    """The files that a commit changed."""
    return git(world, "show", "--format=", "--name-only", "--no-renames", commit).split("\n")


def status(world: World) -> list[str]:
    """What is staged or edited, as git's short words."""
    return [row for row in git(world, "status", "--short", "-z").split("\0") if row]


def trailers(world: World, commit: str = "HEAD") -> list[str]:
    return [
        row for row in git(world, "log", "-1", "--format=%(trailers)", commit).split("\n") if row
    ]


def hook(world: World, name: str, script: str) -> None:
    file = Path(world.folder, git(world, "rev-parse", "--git-path", "hooks"), name)
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
