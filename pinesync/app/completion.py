"""Shell completions, read only from pine.toml, the disk and the state."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pinesync.app.project import Project, Setup, find_project
from pinesync.errors import PinesyncError
from pinesync.text.filenames import SUFFIX


def files(setup: Setup, prefix: str) -> Iterator[str]:
    """Directories and .pine files in the directory of the typed word, and every tracked script,
    relative to the current directory."""
    place, last = os.path.split(prefix)
    typed = prefix.removesuffix(last)
    with suppress(OSError), os.scandir(setup.cwd / place) as entries:
        for entry in entries:
            path = typed + entry.name
            if entry.is_dir():
                yield f"{path}/"
            elif entry.name.endswith(SUFFIX):
                yield path
    if project := _find_project(setup):
        for listed in project.workspace.manifest.entries():
            yield Path(os.path.relpath(project.workspace.root / listed, setup.cwd)).as_posix()


def saved_names(setup: Setup) -> Iterator[str]:
    """The names of tracked scripts on TradingView."""
    if project := _find_project(setup):
        yield from (entry.name for entry in project.workspace.manifest.entries().values())


def versions(setup: Setup, path: str) -> Iterator[str]:
    """`path@N` for its base and each version stored on this machine."""
    project = _find_project(setup)
    with suppress(PinesyncError):
        entry = project and project.workspace.manifest.entries().get(project.path(path))
        if project and entry and entry.pine_id:
            stored = set(project.workspace.texts.versions_of(entry.pine_id))
            stored |= {entry.base.version} if entry.base else set()
            yield from (f"{path}@{version.major}" for version in stored)


def _find_project(setup: Setup) -> Project | None:
    with suppress(PinesyncError, OSError):
        return find_project(setup)
    return None
