"""One workspace: pine.toml, the working tree and the state, each behind a port of the engine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pinesync.errors import Misuse
from pinesync.workspace.files import MANIFEST, Tree
from pinesync.workspace.manifest_file import LastRead, ManifestFile
from pinesync.workspace.state import State
from pinesync.workspace.working_tree import WorkingTree


def find_root(start: Path) -> Path:
    """The nearest folder with a pine.toml, from `start` upwards. Raises Misuse if there is none."""
    for folder in (start, *start.parents):
        if (folder / MANIFEST).is_file():
            return folder
    raise Misuse(
        f"{start}: not in a workspace (no {MANIFEST} here or above)",
        "create one with `pinesync clone DIR` or `pinesync init`; without an account, "
        "`pinesync clone --sandbox DIR`",
    )


class Workspace:
    """The workspace at `tree.root`. `wall` returns the time in epoch seconds, for names and dates
    only. `known` is the pine.toml that was read before, if any."""

    def __init__(
        self,
        tree: Tree,
        state: State,
        wall: Callable[[], float],
        known: LastRead | None = None,
    ) -> None:
        self.root: Path = tree.root
        self.state = state
        self.texts = state.texts
        self.log = state.log
        self.backups = state.backups
        self.manifest = ManifestFile(tree, state, wall, known)
        self.tree = WorkingTree(tree, self.manifest, state, wall)
