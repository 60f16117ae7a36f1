"""The state of a workspace in git, for `doctor`."""

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
    """The git state of a folder's pine.toml and .pine files, by relative path: tracked, unmerged,
    ignored. `autocrlf` is the setting, empty if unset."""

    tracked: frozenset[str]
    unmerged: frozenset[str]
    ignored: frozenset[str]
    autocrlf: str


def version() -> str:
    """Git's version. Raises FileError if git cannot run."""
    stdout = run(None, "--version")[1].decode("utf-8", "replace")
    return stdout.strip().removeprefix("git version ")


def user_name(root: Path) -> str | None:
    """The configured committer name; None if it is unset or git cannot run."""
    try:
        status, name, _ = run(root, "config", "--get", "user.name")
    except PinesyncError:
        return None
    return None if status else name.decode("utf-8", "replace").strip()


def git_status(root: Path) -> GitStatus | None:
    """The folder's git state; None outside a repository. Raises FileError if git cannot run or
    refuses to."""
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
    """HEAD's commit time in epoch seconds; None outside git and before the first commit."""
    try:
        status, row, _ = run(root, "rev-list", "--max-count=1", "--timestamp", "HEAD")
    except PinesyncError:
        return None
    return None if status else float(row.split()[0])
