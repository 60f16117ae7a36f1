"""git as a person runs it in a folder, and what it reports about a repository."""

from __future__ import annotations

import subprocess
from pathlib import Path
from subprocess import CompletedProcess
from typing import Protocol, TypeVar


class Place(Protocol):
    """A world, of which only the folder is used."""

    @property
    def root(self) -> Path: ...


W = TypeVar("W", bound=Place)


def _run(where: Place | Path, words: tuple[str, ...], stdin: str = "") -> CompletedProcess[bytes]:
    folder = where if isinstance(where, Path) else where.root
    return subprocess.run(
        ["git", *words], cwd=folder, input=stdin.encode(), capture_output=True, timeout=60
    )


def git_code(where: Place | Path, *words: str) -> int:
    """The exit code of git."""
    return _run(where, words).returncode


def git_bytes(where: Place | Path, *words: str, code: int | None = 0, stdin: str = "") -> bytes:
    """The output of git. With `code` None, any exit code is accepted."""
    result = _run(where, words, stdin)
    assert code in (None, result.returncode), result
    return result.stdout


def git(where: Place | Path, *words: str, code: int | None = 0, stdin: str = "") -> str:
    """The output of git as text, without the final line break."""
    return git_bytes(where, *words, code=code, stdin=stdin).decode().removesuffix("\n")


def start(world: W, at: Path | None = None) -> W:
    """All of the clone, or of the folder around it, is in a first commit."""
    folder = at or world.root
    git(folder, "init", "-q")
    git(folder, "add", "--all")
    git(folder, "commit", "-qm", "as they were saved")
    return world


def submodule(world: Place, above: Path) -> Path:
    """Make the repository a submodule of a new one in this folder, and return its path."""
    above.mkdir()
    git(above, "init", "-q")
    git(above, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(world.root), "in")
    return above / "in"


def head(world: Place) -> str:
    return git(world, "rev-parse", "HEAD")


def touched(world: Place, commit: str = "HEAD") -> list[str]:
    """The files that a commit changed."""
    return git(world, "show", "--format=", "--name-only", "--no-renames", commit).split("\n")


def status(world: Place) -> list[str]:
    """The staged and edited files, in git's short format."""
    return [row for row in git(world, "status", "--short", "-z").split("\0") if row]


def trailers(world: Place, commit: str = "HEAD") -> list[str]:
    return [
        row for row in git(world, "log", "-1", "--format=%(trailers)", commit).split("\n") if row
    ]


def hook(world: Place, name: str, script: str) -> None:
    file = Path(world.root, git(world, "rev-parse", "--git-path", "hooks"), name)
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
