"""The files that `init --template` writes next to pine.toml."""

from __future__ import annotations

from pathlib import Path

from pinesync import __version__
from pinesync.app.package_data import package_data
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
AGENT = ("AGENTS.md", "mcp.json", "cursor/mcp.json", "vscode/mcp.json")
"""Below templates/workspace, where other names keep them from being rules of the project's own
repository: in a workspace each but AGENTS.md begins with a dot."""
TEMPLATES = {"team": TEAM, "agent": AGENT}
_NAMES = {"AGENTS.md": "agents.md"}


def starting_files(template: str) -> dict[str, bytes]:
    """The contents of the template's files, by their path in the workspace."""
    place = package_data("templates") / "workspace"
    return {
        name if name in _NAMES else f".{name}": _filled(
            place.joinpath(_NAMES.get(name, name)).read_bytes()
        )
        for name in TEMPLATES[template]
    }


def sorted_out(tree: Tree, paths: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The free paths, and the occupied ones. Raises FileError if a link is in the way, before any
    file is made."""
    taken = tuple(path for path in paths if tree.root.is_dir() and is_taken(tree, path))
    return tuple(path for path in paths if path not in taken), taken


def write_starting(tree: Tree, files: dict[str, bytes]) -> tuple[str, ...]:
    """Make the files. Returns those made, without any that appeared in the meantime."""
    return tuple(path for path, data in files.items() if make_file(tree, path, data))


def below(root: Path) -> str:
    """The path of the workspace in its repository. Empty at the top, without a repository and
    without git. Git hosts and pre-commit read their files at the top."""
    try:
        repository = find_repository(root) if root.is_dir() else None
    except FileError:
        return ""
    if repository is None:
        return ""
    found = root.resolve().relative_to(repository.top().resolve()).as_posix()
    return "" if found == "." else found


def _filled(data: bytes) -> bytes:
    return data.replace(b"{{version}}", __version__.encode("ascii"))
