"""What git knows of a workspace as it is now, for `doctor`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pinesync.errors import PinesyncError
from pinesync.git.index import index_rows
from pinesync.git.repo import find_repository
from pinesync.git.run import run


@dataclass(frozen=True, slots=True)
class GitStatus:
    """What git knows of the pine.toml and the .pine files of a folder, by their paths in it:
    which it tracks, which a merge left open, which it ignores. `autocrlf` is the setting, empty
    where there is none."""

    tracked: frozenset[str]
    unmerged: frozenset[str]
    ignored: frozenset[str]
    autocrlf: str


def version() -> str:
    """Git's version. FileError where it cannot be run."""
    stdout = run(None, "--version")[1].decode("utf-8", "replace")
    return stdout.strip().removeprefix("git version ")


def user_name(root: Path) -> str | None:
    """Who commits here, as git is set up; None where it does not say, or cannot be run."""
    try:
        status, name, _ = run(root, "config", "--get", "user.name")
    except PinesyncError:
        return None
    return None if status else name.decode("utf-8", "replace").strip()


def git_status(root: Path) -> GitStatus | None:
    """None outside of a repository; FileError where git cannot be run, or will not look."""
    if find_repository(root) is None:
        return None
    files = ("--", "pine.toml", "*.pine")
    rows = list(index_rows(root, *files))
    ignoring = ("ls-files", "-z", "--others", "--ignored", "--exclude-standard", *files)
    ignored = run(root, *ignoring)[1].split(b"\0")
    return GitStatus(
        tracked=frozenset(row.path for row in rows),
        unmerged=frozenset(row.path for row in rows if row.stage),
        ignored=frozenset(os.fsdecode(path) for path in ignored if path),
        autocrlf=run(root, "config", "--get", "core.autocrlf")[1].decode().strip(),
    )


def head_time(root: Path) -> float | None:
    """When HEAD was committed, in epoch seconds; None outside of git, and before a first commit."""
    try:
        status, row, _ = run(root, "rev-list", "--max-count=1", "--timestamp", "HEAD")
    except PinesyncError:
        return None
    return None if status else float(row.split()[0])
