"""Folders of pinesync's own, for state, sign-ins and sandboxes: nobody else may enter them."""

from __future__ import annotations

from pathlib import Path


def make_private(folder: Path) -> None:
    """The folder is there; each level that was missing is its owner's alone, whatever the umask.
    OSError where that cannot be."""
    # `parents=True` would leave the levels above to the umask.
    if not folder.is_dir():
        make_private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
