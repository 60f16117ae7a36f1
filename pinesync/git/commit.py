"""Commit the given files only; other staged or edited files stay as they are.

The commit is built in a temporary index that holds HEAD and these files. git makes the commit, so
hooks, signing and identity apply as usual. File contents are working-tree bytes: git applies its
filters and line-ending conversion.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pinesync.errors import ActionRequired, FileError, Misuse
from pinesync.git.index import index_rows, staged_rows
from pinesync.git.objects import read_objects
from pinesync.git.repo import require_repository
from pinesync.git.run import check_output, first_line, run

# Rebase comes first: a stopped rebase also has a CHERRY_PICK_HEAD.
_UNDER_WAY = {
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
    "MERGE_HEAD": "a merge",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "BISECT_LOG": "a bisect",
}
_MAX_STDERR_LINES = 3
"""Maximum number of stderr lines quoted from a hook."""

Blobs = dict[str, str | None]
"""Path → blob id, None for a deleted file."""


@dataclass(frozen=True, slots=True)
class CommitResult:
    """A new commit. `staged` lists committed files whose different staged content was kept.
    `in_step` is False if the index could not be updated and still has the old files.
    `on_branch` is False if HEAD is detached."""

    commit: str
    in_step: bool
    staged: tuple[str, ...] = ()
    on_branch: bool = True


def autocommit_enabled(root: Path) -> bool:
    """Whether `git config pinesync.commit` is true for this repository."""
    status, answer, stderr = run(root, "config", "--type=bool", "--get", "pinesync.commit")
    if status > 1:
        why = first_line(stderr)
        raise Misuse(f"git config pinesync.commit cannot be used: {why}", "set it to true or false")
    return answer.strip() == b"true"


def refuse_unready(root: Path) -> None:
    """Check that pinesync can commit here. Raises Misuse without a repository or an identity;
    ActionRequired while another git process or an unfinished operation is in the way."""
    require_repository(root)
    words = [word for name in (*_UNDER_WAY, "index.lock") for word in ("--git-path", name)]
    *markers, lock = check_output(root, "rev-parse", *words).removesuffix(b"\n").split(b"\n")
    if (root / os.fsdecode(lock)).exists():
        raise ActionRequired(
            "another git process is running in this repository, so nothing can be committed",
            f"wait for it; if it was killed, remove {os.fsdecode(lock)}",
        )
    for path, what in zip(markers, _UNDER_WAY.values(), strict=True):
        if (root / os.fsdecode(path)).exists():
            raise ActionRequired(
                f"{what} is under way in this repository, so nothing can be committed",
                "finish it or abort it first, or use --no-commit",
            )
    for who in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
        if run(root, "var", who)[0]:
            raise Misuse(
                "git has no user name and email",
                "run `git config user.email YOU@EXAMPLE` and `git config user.name NAME`",
            )


def at_head(root: Path, path: str) -> bytes | None:
    """The file at HEAD with checkout filters applied; None if HEAD does not have it."""
    status, data, _ = run(root, "cat-file", "--filters", f"HEAD:./{path}")
    return None if status else data


def files_at_head(root: Path, paths: list[str]) -> tuple[str, dict[str, bytes]] | None:
    """HEAD's commit id and the contents of those files that it has, in one git call; None before
    the first commit."""
    objects = read_objects(root, ["HEAD^{commit}", *(f"HEAD:./{path}" for path in paths)])
    if len(objects) != 1 + len(paths) or objects[0] is None:
        return None
    blobs = zip(paths, objects[1:], strict=True)
    return objects[0][0], {path: blob[1] for path, blob in blobs if blob}


def ignored(root: Path, paths: list[str]) -> frozenset[str]:
    """The paths that git ignores and does not track."""
    names = b"".join(os.fsencode(path) + b"\0" for path in paths)
    _, answer, _ = run(root, "check-ignore", "-z", "--stdin", stdin=names)
    return frozenset(os.fsdecode(name) for name in answer.split(b"\0") if name)


def commit(
    root: Path,
    files: Mapping[str, bytes | None],
    message: str,
    restage: Callable[[str, bytes], bytes | None],
) -> CommitResult | None:
    """Commit these files on top of HEAD; None if HEAD already has them all. Raises FileError if git
    or a hook refuses, if a hook changes the commit's files (HEAD is moved back), or if HEAD moved
    meanwhile.

    The index is updated to match. For a file with different staged content, `restage` receives that
    content and returns what to stage instead, or None to keep it."""
    head = _commit_at(root)
    staged = {row.path: row.oid for row in staged_rows(root, "--relative")}
    blobs = {p: None if data is None else _blob(root, p, data) for p, data in files.items()}
    with _temporary_folder() as folder:
        env = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
        check_output(root, "read-tree", "HEAD" if head else "--empty", env=env, fetches=True)
        _set(root, blobs, _modes(root, env), env)
        tree = check_output(root, "write-tree", env=env, fetches=True).strip()
        if head and tree == check_output(root, "rev-parse", "HEAD^{tree}").strip():
            return None
        words = Path(folder, "message")
        words.write_bytes(message.encode())
        arguments = ("commit", "--quiet", "--cleanup=whitespace", "--file", str(words))
        status, _, stderr = run(root, *arguments, env=env, fetches=True)
    new = _commit_at(root)
    if status or new is None or new == head:
        raise FileError(f"git refused the commit: {_shortened(stderr)}", "fix that, then commit")
    if _commit_at(root, "HEAD^") != head:
        raise FileError(
            "something else moved HEAD while the commit was made",
            "check `git log -p -2`: the newest commit may revert the one before",
        )
    if tree != check_output(root, "rev-parse", "HEAD^{tree}").strip():
        _restore_head(root, head, new)
    in_step, others = _update_index(root, blobs, staged, restage)
    on_branch = not run(root, "symbolic-ref", "--quiet", "HEAD")[0]
    return CommitResult(new, in_step, tuple(others), on_branch)


@contextmanager
def _temporary_folder() -> Iterator[str]:
    """A temporary folder for one commit. Raises FileError if the disk refuses it."""
    try:
        with tempfile.TemporaryDirectory(prefix="pinesync-commit-") as folder:
            yield folder
    except OSError as error:
        raise FileError(f"nothing was committed: {error.strerror}", "is there room?") from error


def _restore_head(root: Path, head: str | None, new: str) -> None:
    """Move HEAD back to `head`, then raise FileError."""
    words = ("-m", "pinesync: a hook changed the commit")
    to = ("HEAD", head, new) if head else ("-d", "HEAD", new)
    check_output(root, "update-ref", *words, *to)
    raise FileError(
        "a hook changed the commit, so the commit was undone",
        "the hook's changes to your files were kept; review them, then commit",
    )


def _update_index(
    root: Path,
    blobs: Blobs,
    staged: Mapping[str, str],
    restage: Callable[[str, bytes], bytes | None],
) -> tuple[bool, list[str]]:
    """Update the user's index to the commit. Returns whether that succeeded, and the files that
    keep different staged content."""
    others = [p for p, blob in blobs.items() if p in staged and staged[p] != (blob or "")]
    new: Blobs = {path: blob for path, blob in blobs.items() if path not in others}
    for path in others:
        status, data, _ = run(root, "cat-file", "--filters", f":./{path}")
        data_now = None if status else restage(path, data)
        if data_now is not None:
            new[path] = _blob(root, path, data_now)
    unchanged = [path for path in others if path not in new]
    try:
        _set(root, new, _modes(root), {})
    except FileError:
        return False, unchanged  # The commit exists, but another git process holds the index lock.
    run(root, "update-index", "-q", "--refresh")
    return True, unchanged


def _commit_at(root: Path, name: str = "HEAD") -> str | None:
    status, commit_id, _ = run(root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    return None if status else commit_id.decode("ascii").strip()


def _modes(root: Path, env: Mapping[str, str] | None = None) -> dict[str, str]:
    """The modes of the plain files in an index."""
    return {row.path: row.mode for row in index_rows(root, env=env) if row.is_plain}


def _blob(root: Path, path: str, data: bytes) -> str:
    words = ("hash-object", "-w", "--stdin", f"--path={path}")
    return check_output(root, *words, stdin=data).decode("ascii").strip()


def _set(root: Path, blobs: Blobs, modes: Mapping[str, str], env: Mapping[str, str]) -> None:
    """Write these blobs to an index, whose paths are relative to the repository's root."""
    prefix = check_output(root, "rev-parse", "--show-prefix").removesuffix(b"\n")
    nothing = "0" * max((len(blob) for blob in blobs.values() if blob), default=40)
    rows = b""
    for path, blob in blobs.items():
        head = f"{modes.get(path, '100644')} {blob} 0" if blob else f"0 {nothing}"
        rows += head.encode() + b"\t" + prefix + os.fsencode(path) + b"\0"
    check_output(root, "update-index", "-z", "--index-info", stdin=rows, env=env)


def _shortened(stderr: str) -> str:
    lines = [line for line in stderr.splitlines() if line.strip()]
    return (
        "; ".join(lines[:_MAX_STDERR_LINES]) + ("; …" if len(lines) > _MAX_STDERR_LINES else "")
        or "git gave no reason"
    )
