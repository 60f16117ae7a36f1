"""Turn paths as the user types them into paths of the workspace."""

from __future__ import annotations

import os
from collections.abc import Collection
from fnmatch import fnmatchcase
from pathlib import Path

from pinesync.errors import Misuse


def workspace_path(root: Path, cwd: Path, raw: str, tracked: Collection[str]) -> str:
    """Turn a path relative to `cwd` into one relative to the workspace root; "." is the root. A
    missing file may also be given relative to the root, as commands print it. Raises Misuse outside
    the workspace."""
    # Do not resolve links: a link in the workspace keeps its own name, and opening it fails later.
    absolute = _normalize(cwd / raw)
    path = _relative_to(root, absolute) or _relative_to(_resolve(root), _real_path(absolute))
    if path not in tracked and not os.path.lexists(absolute):
        shown = _relative_to(root, _normalize(root / raw))
        if shown and (shown in tracked or os.path.isfile(root / shown)):
            return shown
    if path is None:
        raise Misuse(f"{raw}: outside the workspace {root}")
    return path


def matching_paths(pattern: str, tracked: Collection[str]) -> list[str]:
    """The tracked files that match a glob, even if they are missing. As in a shell, `*` matches
    within one directory."""
    parts = pattern.split("/")
    split = ((path, path.split("/")) for path in tracked)
    return [
        path
        for path, path_parts in split
        if len(path_parts) == len(parts) and all(map(fnmatchcase, path_parts, parts))
    ]


def _relative_to(root: Path, path: Path) -> str | None:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else None


def _resolve(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _real_path(path: Path) -> Path:
    """The real path of a directory. For a file, resolve only its directory: it may be a link."""
    return _resolve(path) if os.path.isdir(path) else _resolve(path.parent) / path.name


def _normalize(path: Path) -> Path:
    """The path with `.` and `..` resolved, without touching the disk."""
    normal: list[str] = []
    for part in path.parts:
        if part == ".." and len(normal) > 1:
            normal.pop()
        elif part not in (".", ".."):
            normal.append(part)
    return Path(*normal)
