"""The files that `init --template` writes next to pine.toml."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from pinesync import __version__
from pinesync.app.package_data import package_data
from pinesync.errors import FileError
from pinesync.git.repo import find_repository
from pinesync.workspace.files import Tree, is_taken, make_file

TEMPLATES = {
    "team": {
        ".gitignore": "workspace/gitignore",
        ".gitattributes": "workspace/gitattributes",
        ".pre-commit-config.yaml": "workspace/pre-commit-config.yaml",
        ".vscode/tasks.json": "workspace/vscode/tasks.json",
        ".github/workflows/pinesync.yml": "workspace/github/workflows/pinesync.yml",
        ".github/actions/pinesync/action.yml": "action/action.yml",
    },
    "agent": {
        "AGENTS.md": "workspace/agents.md",
        ".mcp.json": "workspace/mcp.json",
        ".cursor/mcp.json": "workspace/cursor/mcp.json",
        ".vscode/mcp.json": "workspace/vscode/mcp.json",
    },
}
"""The files in a workspace, and where each is in `templates`: other names keep them from being
rules of the project's own repository."""


def template_files(template: str) -> dict[str, bytes]:
    """The contents of the template's files, by their path in the workspace."""
    folder = package_data("templates")
    files = TEMPLATES[template].items()
    return {path: _fill_version(folder.joinpath(source).read_bytes()) for path, source in files}


def split_existing(tree: Tree, paths: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The free paths, and the occupied ones. Raises FileError if a link is in the way, before any
    file is made."""
    taken = tuple(path for path in paths if tree.root.is_dir() and is_taken(tree, path))
    return tuple(path for path in paths if path not in taken), taken


def write_files(tree: Tree, files: dict[str, bytes]) -> tuple[str, ...]:
    """Make the files. Returns those made, without any that appeared in the meantime."""
    return tuple(path for path, data in files.items() if make_file(tree, path, data))


def path_in_repository(root: Path) -> str:
    """The path of the workspace in its repository. Empty at the top, without a repository and
    without git. Git hosts and pre-commit read their files at the top."""
    try:
        repository = find_repository(root) if root.is_dir() else None
    except FileError:
        return ""
    if repository is None:
        return ""
    path = root.resolve().relative_to(repository.top().resolve()).as_posix()
    return "" if path == "." else path


def _fill_version(data: bytes) -> bytes:
    return data.replace(b"{{released}}", _released().encode("ascii"))


def _released() -> str:
    """The version, if this pinesync came from a package index. What pip installed from elsewhere
    has the file direct_url.json, and its version may be a stranger's on an index."""
    try:
        origin = metadata.distribution("pinesync").read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        return ""
    return __version__ if origin is None else ""
