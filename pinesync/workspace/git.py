"""What pinesync asks of git, through GitPython, which is slow to load: only on use."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pinesync.errors import FileError
from pinesync.model import Digest
from pinesync.sync.ports import Merged

if TYPE_CHECKING:
    from git.cmd import Git

_MOST_CONFLICTS = 127
_MOST_COMMITS = 20
_LABELS = ("-L", "yours", "-L", "base", "-L", "TradingView")


def _git() -> tuple[type[Git], type[Exception]]:
    """GitPython, which looks for git as it is imported."""
    try:
        from git.cmd import Git
        from git.exc import GitError
    except ImportError as error:
        raise _no_git() from error
    return Git, GitError


def _no_git() -> FileError:
    return FileError("git cannot be run", "install git and have it on PATH; merging needs it")


def merge(base: str, local: str, remote: str) -> Merged:
    """The three-way merge of canonical texts; the markers are those that every editor knows."""
    git_of, git_error = _git()
    try:
        with tempfile.TemporaryDirectory(prefix="pinesync-merge-") as folder:
            for side, text in (("local", local), ("base", base), ("remote", remote)):
                (Path(folder) / side).write_bytes(text.encode("utf-8"))
            status, merged, said = git_of(folder).execute(
                ["git", "merge-file", "-p", "--diff3", *_LABELS, "local", "base", "remote"],
                with_extended_output=True,
                with_exceptions=False,
                stdout_as_string=False,
                strip_newline_in_stdout=False,
            )
    except git_error as error:
        raise _no_git() from error
    except OSError as error:
        raise FileError(f"git cannot merge: {error.strerror}", "is there room?") from error
    # The status is the number of conflicts; beyond that, git failed.
    if not 0 <= status <= _MOST_CONFLICTS or not isinstance(merged, bytes):
        raise FileError(f"git cannot merge: {said}", "both texts were left as they are")
    return Merged(merged.decode("utf-8"), status > 0)


def manifests_with(root: Path, digest: Digest) -> list[bytes]:
    """Each pine.toml of HEAD's history, as it was right after a commit that added this digest to
    it or took it out, and right before; newest first. Empty outside of git."""
    try:
        git_of, git_error = _git()
    except FileError:
        return []  # a history that cannot be read has nothing
    git = git_of(root)
    most = f"--max-count={_MOST_COMMITS}"
    search = ["git", "log", "--format=%H", most, "--no-textconv", f"-S{digest}", "HEAD"]
    try:
        found = str(git.execute([*search, "--", "pine.toml"]))
    except (git_error, OSError):
        return []
    held = []
    for commit in found.split():
        for revision in (commit, f"{commit}^"):
            show = ["git", "cat-file", "blob", f"{revision}:./pine.toml"]
            try:
                data = git.execute(show, stdout_as_string=False)
            except git_error:
                continue  # the first commit has no parent, and a commit may have removed it
            if isinstance(data, bytes):
                held.append(data)
    return held


def text_at_head(root: Path, path: str) -> bytes | None:
    """The file as HEAD has it, None where it has none, and outside of git."""
    try:
        git_of, git_error = _git()
    except FileError:
        return None
    try:
        show = ["git", "cat-file", "blob", f"HEAD:./{path}"]
        data = git_of(root).execute(show, stdout_as_string=False, strip_newline_in_stdout=False)
    except (git_error, OSError):
        return None
    return data
