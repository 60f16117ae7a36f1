"""What a person types as a path, as a path of the workspace."""

from __future__ import annotations

import os
from collections.abc import Collection
from fnmatch import fnmatchcase
from pathlib import Path

from pinesync.errors import Misuse


def inside(root: Path, cwd: Path, raw: str, tracked: Collection[str]) -> str:
    """A file or folder named from `cwd`, relative to the workspace; "." for all of it. A file
    that is not there may also be named as commands show it, from the workspace. Misuse outside."""
    # Not resolved: a link in the folder is named as itself, and refused where it is opened.
    absolute = _normal(cwd / raw)
    found = _below(root, absolute) or _below(_real(root), _through(absolute))
    if found not in tracked and not os.path.lexists(absolute):
        shown = _below(root, _normal(root / raw))
        if shown and (shown in tracked or os.path.isfile(root / shown)):
            return shown
    if found is None:
        raise Misuse(f"{raw}: outside of the workspace {root}")
    return found


def fitting(pattern: str, tracked: Collection[str]) -> list[str]:
    """The listed files that a pattern stands for, also where they are gone; as in a shell, a `*`
    is for one folder's names."""
    parts = pattern.split("/")
    split = ((path, path.split("/")) for path in tracked)
    return [
        path for path, its in split if len(its) == len(parts) and all(map(fnmatchcase, its, parts))
    ]


def _below(root: Path, path: Path) -> str | None:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else None


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _through(path: Path) -> Path:
    """The real place of a folder; of a file that of its folder, as a link is not followed."""
    return _real(path) if os.path.isdir(path) else _real(path.parent) / path.name


def _normal(path: Path) -> Path:
    """The path with `.` and `..` worked in, without looking at the disk."""
    normal: list[str] = []
    for part in path.parts:
        if part == ".." and len(normal) > 1:
            normal.pop()
        elif part not in (".", ".."):
            normal.append(part)
    return Path(*normal)
