"""Find a repository by looking at the disk only. This module neither runs git nor imports what
does."""

from __future__ import annotations

from pathlib import Path


def dot_git(folder: Path) -> Path | None:
    """The nearest `.git` in the folder or above it; None outside a repository."""
    places = (above / ".git" for above in (folder, *folder.parents))
    return next((place for place in places if place.exists()), None)


def may_name_side_ref(root: Path) -> bool:
    """Whether the repository's config may name a side ref, or a remote of pinesync's, which has
    one. Reads one file: most configs name none, which saves running git."""
    try:
        git = dot_git(root)
        settings = _common(git).joinpath("config").read_bytes().lower() if git else b""
    except (OSError, ValueError):
        return False  # unreadable config: let git report why
    return b"pinesync::" in settings or (b"pinesync" in settings and b"record" in settings)


def _common(git: Path) -> Path:
    """The git directory that all work trees share."""
    if git.is_dir():
        return git
    to = git.read_text("utf-8", "surrogateescape").removeprefix("gitdir:").strip()
    common = git.parent / to
    shared = common / "commondir"
    return common / shared.read_text("utf-8").strip() if shared.exists() else common
