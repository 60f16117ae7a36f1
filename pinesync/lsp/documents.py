"""Which file a document is, and which workspace has it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pygls.uris import to_fs_path

from pinesync.app.project import Project, Setup, project_here
from pinesync.errors import LeftForYou, Misuse
from pinesync.model import RelPath
from pinesync.text.canonical import Unreadable, canonical, decode
from pinesync.text.filenames import SUFFIX
from pinesync.workspace.workspace import find_root


@dataclass(frozen=True, slots=True)
class Place:
    """Something named in an editor: a workspace, and the script that is meant, or where `path` is
    None all those in a folder of it."""

    setup: Setup
    project: Project
    path: RelPath | None
    folder: Path

    @property
    def root(self) -> Path:
        return self.project.workspace.root

    @property
    def paths(self) -> list[str]:
        """What a command is given."""
        if self.path is not None:
            return [str(self.root / self.path)]
        return [] if self.folder == self.root else [str(self.folder)]

    def has(self, path: Path, here: RelPath) -> bool:
        """Whether a script, which is `here` in the workspace, is among those that are meant."""
        if self.path is not None:
            return here == self.path
        return self.folder == self.root or path.is_relative_to(self.folder)


def path_of(uri: str) -> Path | None:
    """The file of a document; None for one that is no file, or not one of this machine."""
    found = to_fs_path(uri)
    return Path(found) if found and Path(found).is_absolute() else None


def is_script(uri: str, language: str | None = None) -> bool:
    """Whether a document is Pine: by its name, or by what the editor calls its language."""
    return uri.endswith(SUFFIX) or (language or "").lower() in ("pine", "pinescript")


def root_of(path: Path | None) -> Path | None:
    """The workspace of a file, whether its pine.toml can be used or not."""
    with suppress(Misuse):
        return find_root(path.parent) if path else None
    return None


def place_of(setup: Setup, path: Path) -> Place | None:
    """The workspace that has the file or folder; None outside of any. ManifestError where its
    pine.toml cannot be used, Misuse where it cannot have such a file."""
    folder = path if path.is_dir() else path.parent
    project = project_here(replace(setup, cwd=folder, progress=None))
    if project is None:
        return None
    at_root = replace(project.setup, cwd=project.workspace.root)
    project = replace(project, setup=at_root)
    script = None if folder == path else project.path(str(path))
    return Place(at_root, project, script, folder)


def required(setup: Setup, path: Path) -> Place:
    """The same, Misuse outside of any workspace."""
    found = place_of(setup, path)
    if found is None:
        raise Misuse(
            f"{path.name}: not in a workspace",
            "`pinesync clone` or `pinesync init` makes one",
        )
    return found


def unsaved(place: Place, texts: Mapping[Path, str]) -> list[RelPath]:
    """The scripts that are meant and have another text in the editor than in their file."""
    found = []
    for path, text in texts.items():
        here = _inside(place, path)
        if here is not None and place.has(path, here):
            try:
                data = place.project.workspace.tree.read(here)
                same = data is not None and decode(data) == canonical(text)
            except Unreadable:
                same = False
            if not same:
                found.append(here)
    return sorted(found)


def refuse_unsaved(place: Place, texts: Mapping[Path, str], verb: str) -> None:
    """LeftForYou where an editor has what no file has yet."""
    if paths := unsaved(place, texts):
        several = f" and {len(paths) - 1} more" if paths[1:] else ""
        raise LeftForYou(
            f"{paths[0]}{several}: edited and not saved in the editor; nothing was done",
            f"save it, then {verb} again",
        )


def _inside(place: Place, path: Path) -> RelPath | None:
    try:
        return place.project.path(str(path))
    except Misuse:
        return None


def named(arguments: tuple[Any, ...]) -> Path:
    """The file or folder that a command was given the address of."""
    found = path_of(arguments[0]) if arguments and isinstance(arguments[0], str) else None
    if found is None:
        raise Misuse("this command takes the address of a file or a folder: file:///…")
    return found
