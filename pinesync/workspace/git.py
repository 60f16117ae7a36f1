"""What pinesync asks of git, through GitPython, which is slow to load: only on use."""

from __future__ import annotations

import tempfile
from pathlib import Path

from pinesync.errors import FileError
from pinesync.sync.ports import Merged

_MOST_CONFLICTS = 127
_LABELS = ("-L", "yours", "-L", "base", "-L", "TradingView")


def merge(base: str, local: str, remote: str) -> Merged:
    """The three-way merge of canonical texts; the markers are those that every editor knows."""
    from git.cmd import Git
    from git.exc import GitError

    with tempfile.TemporaryDirectory(prefix="pinesync-merge-") as folder:
        for side, text in (("local", local), ("base", base), ("remote", remote)):
            (Path(folder) / side).write_bytes(text.encode("utf-8"))
        try:
            status, merged, said = Git(folder).execute(
                ["git", "merge-file", "-p", "--diff3", *_LABELS, "local", "base", "remote"],
                with_extended_output=True,
                with_exceptions=False,
                stdout_as_string=False,
                strip_newline_in_stdout=False,
            )
        except (GitError, OSError) as error:
            raise FileError("git cannot be run", "install git; merging needs it") from error
    # The status is the number of conflicts; beyond that, git failed.
    if not 0 <= status <= _MOST_CONFLICTS or not isinstance(merged, bytes):
        raise FileError(f"git cannot merge: {said}", "both texts were left as they are")
    return Merged(merged.decode("utf-8"), status > 0)


def top_of(folder: Path) -> Path | None:
    """The work tree that the folder lies in, None outside of git."""
    from git import Repo
    from git.exc import InvalidGitRepositoryError, NoSuchPathError

    try:
        with Repo(folder, search_parent_directories=True) as repository:
            return Path(repository.working_dir) if not repository.bare else None
    except (InvalidGitRepositoryError, NoSuchPathError):
        return None
