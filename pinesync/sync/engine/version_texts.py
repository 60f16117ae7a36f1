"""Saved texts, from what is held or else from the service."""

from __future__ import annotations

from pinesync.sync.planner import Wanted
from pinesync.sync.ports import Remote, Workspace
from pinesync.text import canonical


def read_text(remote: Remote, workspace: Workspace, pair: Wanted) -> str:
    """The canonical text of a saved version, from what is held or else from the service."""
    held = held_text(workspace, pair)
    if held is not None:
        return held
    saved = remote.get(*pair)
    workspace.remember(saved)
    return canonical(saved.source)


def held_text(workspace: Workspace, pair: Wanted) -> str | None:
    """The canonical text of a saved version, if it is held here."""
    held = workspace.recall(*pair)
    return workspace.text_of(held) if held else None
