"""Where git keeps a repository, told from the disk alone: git is not run, and nothing that runs it
is imported."""

from __future__ import annotations

from pathlib import Path


def dot_git(folder: Path) -> Path | None:
    """The nearest `.git`, from the folder up; None where there is none, and so no repository. A
    look at the disk: git is not run."""
    places = (above / ".git" for above in (folder, *folder.parents))
    return next((place for place in places if place.exists()), None)


def may_name_side_ref(root: Path) -> bool:
    """Whether the repository's own settings may name a side ref, for the price of a look at one
    file: most have none, and for them git need not be run."""
    try:
        git = dot_git(root)
        settings = _common(git).joinpath("config").read_bytes().lower() if git else b""
    except (OSError, ValueError):
        return False  # no settings to be read: who asks git hears why
    return b"pinesync" in settings and b"record" in settings


def _common(git: Path) -> Path:
    """The folder of git's that all work trees share."""
    if git.is_dir():
        return git
    to = git.read_text("utf-8", "surrogateescape").removeprefix("gitdir:").strip()
    own = git.parent / to
    shared = own / "commondir"
    return own / shared.read_text("utf-8").strip() if shared.exists() else own
