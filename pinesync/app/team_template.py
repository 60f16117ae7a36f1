"""The files that `init --template` puts beside pine.toml."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from pinesync import __version__
from pinesync.errors import FileError
from pinesync.git.repo import find_repository
from pinesync.workspace.files import Tree, is_taken, make_file

TEAM = (
    "gitignore",
    "gitattributes",
    "pre-commit-config.yaml",
    "vscode/tasks.json",
    "github/workflows/pinesync.yml",
)
"""Below templates/workspace; in a workspace each begins with a dot, which here would make them
rules of the project's own repository."""
TEMPLATES = {"team": TEAM}


def starting_files(template: str) -> dict[str, bytes]:
    """What each file of the template holds, by its path in the workspace."""
    place = _place()
    return {f".{name}": _filled(place.joinpath(name).read_bytes()) for name in TEMPLATES[template]}


def sorted_out(tree: Tree, paths: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The paths that are free, and those where something is. FileError where a link stands in the
    way, before anything was made."""
    taken = tuple(path for path in paths if tree.root.is_dir() and is_taken(tree, path))
    return tuple(path for path in paths if path not in taken), taken


def write_starting(tree: Tree, files: dict[str, bytes]) -> tuple[str, ...]:
    """Make the files; which were made, and not there meanwhile."""
    return tuple(path for path, data in files.items() if make_file(tree, path, data))


def below(root: Path) -> str:
    """Where the folder lies in its repository; empty at its top, and where there is none, or no
    git to tell. What git hosts and pre-commit read lies at the top."""
    try:
        repository = find_repository(root) if root.is_dir() else None
    except FileError:
        return ""
    if repository is None:
        return ""
    found = root.resolve().relative_to(repository.top().resolve()).as_posix()
    return "" if found == "." else found


def _place() -> Traversable:
    """In the installed package, else in the checkout beside it."""
    inside = resources.files("pinesync") / "templates" / "workspace"
    return inside if inside.is_dir() else Path(__file__).parents[2] / "templates" / "workspace"


def _filled(data: bytes) -> bytes:
    return data.replace(b"{{version}}", __version__.encode("ascii"))
