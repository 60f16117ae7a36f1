"""Find the file and the workspace of a document."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pygls.uris import to_fs_path

from pinesync.app.project import Project, Setup, find_project
from pinesync.errors import ActionRequired, Misuse
from pinesync.model import RelPath
from pinesync.text.canonical import Unreadable, canonical, decode
from pinesync.text.filenames import SUFFIX
from pinesync.workspace.workspace import find_root


@dataclass(frozen=True, slots=True)
class Target:
    """The target of an editor command: a workspace, and one of its scripts or, if `path` is None,
    all scripts in one of its directories."""

    setup: Setup
    project: Project
    path: RelPath | None
    folder: Path

    @property
    def root(self) -> Path:
        return self.project.workspace.root

    @property
    def paths(self) -> list[str]:
        """The path arguments for a command."""
        if self.path is not None:
            return [str(self.root / self.path)]
        return [] if self.folder == self.root else [str(self.folder)]

    def has(self, path: Path, rel_path: RelPath) -> bool:
        """Whether the target includes a script, whose path in the workspace is `here`."""
        if self.path is not None:
            return rel_path == self.path
        return self.folder == self.root or path.is_relative_to(self.folder)


def path_of(uri: str) -> Path | None:
    """The file of a document; None if it is not a file on this machine."""
    path = to_fs_path(uri)
    return Path(path) if path and Path(path).is_absolute() else None


def is_script(uri: str, language: str | None = None) -> bool:
    """Whether a document is Pine, judged by its name or by the editor's language id."""
    return uri.endswith(SUFFIX) or (language or "").lower() in ("pine", "pinescript")


def root_of(path: Path | None) -> Path | None:
    """The workspace of a file, even if its pine.toml is unusable."""
    with suppress(Misuse):
        return find_root(path.parent) if path else None
    return None


def find_target(setup: Setup, path: Path) -> Target | None:
    """The workspace that contains the file or directory; None outside a workspace. Raises
    ManifestError if its pine.toml is unusable, Misuse if it cannot contain such a file."""
    folder = path if path.is_dir() else path.parent
    project = find_project(replace(setup, cwd=folder, progress=None))
    if project is None:
        return None
    at_root = replace(project.setup, cwd=project.workspace.root)
    project = replace(project, setup=at_root)
    script = None if folder == path else project.path(str(path))
    return Target(at_root, project, script, folder)


def require_target(setup: Setup, path: Path) -> Target:
    """The same, but raises Misuse outside a workspace."""
    target = find_target(setup, path)
    if target is None:
        raise Misuse(
            f"{path.name}: not in a workspace",
            "`pinesync clone` or `pinesync init` makes one",
        )
    return target


def unsaved(target: Target, texts: Mapping[Path, str]) -> list[RelPath]:
    """The scripts of the target whose text in the editor differs from their file."""
    changed = []
    for path, text in texts.items():
        rel_path = _path_in_workspace(target, path)
        if rel_path is not None and target.has(path, rel_path):
            try:
                data = target.project.workspace.tree.read(rel_path)
                same = data is not None and decode(data) == canonical(text)
            except Unreadable:
                same = False
            if not same:
                changed.append(rel_path)
    return sorted(changed)


def refuse_unsaved(target: Target, texts: Mapping[Path, str], verb: str) -> None:
    """Raises ActionRequired if the editor has unsaved changes."""
    if paths := unsaved(target, texts):
        several = f" and {len(paths) - 1} more" if paths[1:] else ""
        raise ActionRequired(
            f"{paths[0]}{several}: unsaved changes in the editor; nothing was done",
            f"save it, then {verb} again",
        )


def _path_in_workspace(target: Target, path: Path) -> RelPath | None:
    try:
        return target.project.path(str(path))
    except Misuse:
        return None


def path_argument(arguments: tuple[Any, ...]) -> Path:
    """The file or directory whose URI a command received."""
    path = path_of(arguments[0]) if arguments and isinstance(arguments[0], str) else None
    if path is None:
        raise Misuse("this command takes a file URL: file:///…")
    return path
