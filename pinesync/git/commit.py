"""Committing a few files and nothing else: what is staged or edited besides stays as it is.

The commit is made from an index of its own, which holds HEAD and these files. git makes it, so
hooks, signing and the person's identity are as in any commit. Files are bytes as they stand in
the folder: git's filters and line ends apply to them.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pinesync.errors import FileError, LeftForYou, Misuse
from pinesync.git.index import index_rows, staged_rows
from pinesync.git.objects import read_objects
from pinesync.git.repo import require_repository
from pinesync.git.run import ask, first_line, run

# A stopped rebase has a CHERRY_PICK_HEAD, too.
_UNDER_WAY = {
    "rebase-merge": "a rebase",
    "rebase-apply": "a rebase",
    "MERGE_HEAD": "a merge",
    "CHERRY_PICK_HEAD": "a cherry-pick",
    "REVERT_HEAD": "a revert",
    "BISECT_LOG": "a bisect",
}
_TOLD = 3
"""Lines of what a hook complains of."""

Blobs = dict[str, str | None]
"""Path → blob, None for a file that goes."""


@dataclass(frozen=True, slots=True)
class Made:
    """A new commit. `staged` are its files that had something else staged, which stays so;
    `in_step` is False where the index could not be brought on, and still has the older files;
    `on_branch` where a branch has it, and not HEAD alone."""

    commit: str
    in_step: bool
    staged: tuple[str, ...] = ()
    on_branch: bool = True


def asks_for_commits(root: Path) -> bool:
    """Whether `git config pinesync.commit` is true for this repository."""
    status, answer, stderr = run(root, "config", "--type=bool", "--get", "pinesync.commit")
    if status > 1:
        why = first_line(stderr)
        raise Misuse(f"git config pinesync.commit cannot be used: {why}", "set it to true or false")
    return answer.strip() == b"true"


def refuse_unready(root: Path) -> None:
    """Misuse, or LeftForYou, where a commit of ours could not be made or would be in the way."""
    require_repository(root)
    words = [word for name in (*_UNDER_WAY, "index.lock") for word in ("--git-path", name)]
    *found, lock = ask(root, "rev-parse", *words).removesuffix(b"\n").split(b"\n")
    if (root / os.fsdecode(lock)).exists():
        raise LeftForYou(
            "another git is at work in this repository, so nothing can be committed",
            f"wait for it; one that died may have left {os.fsdecode(lock)}, to be removed",
        )
    for path, what in zip(found, _UNDER_WAY.values(), strict=True):
        if (root / os.fsdecode(path)).exists():
            raise LeftForYou(
                f"{what} is under way in this repository, so nothing can be committed",
                "finish it or abort it first; --no-commit leaves committing to you",
            )
    for who in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
        if run(root, "var", who)[0]:
            raise Misuse(
                "git does not know who commits",
                "run `git config user.email YOU@EXAMPLE` and `git config user.name NAME`",
            )


def at_head(root: Path, path: str) -> bytes | None:
    """The file of HEAD as it would stand in the folder; None where there is none."""
    status, data, _ = run(root, "cat-file", "--filters", f"HEAD:./{path}")
    return None if status else data


def held_at_head(root: Path, paths: list[str]) -> tuple[str, dict[str, bytes]] | None:
    """HEAD's commit, and what it holds of these files, for the price of one call; None before a
    first commit."""
    found = read_objects(root, ["HEAD^{commit}", *(f"HEAD:./{path}" for path in paths)])
    if len(found) != 1 + len(paths) or found[0] is None:
        return None
    held = zip(paths, found[1:], strict=True)
    return found[0][0], {path: blob[1] for path, blob in held if blob}


def ignored(root: Path, paths: list[str]) -> frozenset[str]:
    """Those that git ignores, and does not track."""
    names = b"".join(os.fsencode(path) + b"\0" for path in paths)
    _, answer, _ = run(root, "check-ignore", "-z", "--stdin", stdin=names)
    return frozenset(os.fsdecode(name) for name in answer.split(b"\0") if name)


def commit(
    root: Path,
    files: Mapping[str, bytes | None],
    message: str,
    restage: Callable[[str, bytes], bytes | None],
) -> Made | None:
    """Commit these files as HEAD's successor, None where HEAD has them all. FileError where git,
    or a hook, refuses, and where a hook changes what would be committed: then there is none.

    Afterwards the index has the files, too. One that had something else staged is put to
    `restage`, which gives what is to be staged from now on, None for what it was."""
    head = _commit_at(root)
    staged = {row.path: row.oid for row in staged_rows(root, "--relative")}
    blobs = {p: None if data is None else _blob(root, p, data) for p, data in files.items()}
    with _folder() as folder:
        env = {"GIT_INDEX_FILE": str(Path(folder, "index"))}
        ask(root, "read-tree", "HEAD" if head else "--empty", env=env, fetches=True)
        _set(root, blobs, _modes(root, env), env)
        tree = ask(root, "write-tree", env=env, fetches=True).strip()
        if head and tree == ask(root, "rev-parse", "HEAD^{tree}").strip():
            return None
        words = Path(folder, "message")
        words.write_bytes(message.encode())
        made = ("commit", "--quiet", "--cleanup=whitespace", "--file", str(words))
        status, _, stderr = run(root, *made, env=env, fetches=True)
    new = _commit_at(root)
    if status or new is None or new == head:
        raise FileError(f"git refused the commit: {_shortened(stderr)}", "see to it, then commit")
    if _commit_at(root, "HEAD^") != head:
        raise FileError(
            "something else moved HEAD while the commit was made",
            "look at `git log -p -2`: the newest commit may take back what came in between",
        )
    if tree != ask(root, "rev-parse", "HEAD^{tree}").strip():
        _take_back(root, head, new)
    in_step, others = _bring_in_step(root, blobs, staged, restage)
    on_branch = not run(root, "symbolic-ref", "--quiet", "HEAD")[0]
    return Made(new, in_step, tuple(others), on_branch)


@contextmanager
def _folder() -> Iterator[str]:
    """A folder for one commit. FileError where the disk refuses it."""
    try:
        with tempfile.TemporaryDirectory(prefix="pinesync-commit-") as folder:
            yield folder
    except OSError as error:
        raise FileError(f"nothing was committed: {error.strerror}", "is there room?") from error


def _take_back(root: Path, head: str | None, new: str) -> None:
    """HEAD is what it was: nobody saw the commit yet."""
    words = ("-m", "pinesync: a hook changed the commit")
    to = ("HEAD", head, new) if head else ("-d", "HEAD", new)
    ask(root, "update-ref", *words, *to)
    raise FileError(
        "a hook changed what would have been committed, so the commit was taken back",
        "what the hook made of your files was left; look at it, then commit",
    )


def _bring_in_step(
    root: Path,
    blobs: Blobs,
    staged: Mapping[str, str],
    restage: Callable[[str, bytes], bytes | None],
) -> tuple[bool, list[str]]:
    """The person's index has what was committed: whether that could be done, and the files that
    keep something else staged."""
    others = [p for p, blob in blobs.items() if p in staged and staged[p] != (blob or "")]
    new: Blobs = {path: blob for path, blob in blobs.items() if path not in others}
    for path in others:
        status, data, _ = run(root, "cat-file", "--filters", f":./{path}")
        data_now = None if status else restage(path, data)
        if data_now is not None:
            new[path] = _blob(root, path, data_now)
    kept = [path for path in others if path not in new]
    try:
        _set(root, new, _modes(root), {})
    except FileError:
        return False, kept  # the commit is made; git holds the index locked
    run(root, "update-index", "-q", "--refresh")
    return True, kept


def _commit_at(root: Path, name: str = "HEAD") -> str | None:
    status, found, _ = run(root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    return None if status else found.decode("ascii").strip()


def _modes(root: Path, env: Mapping[str, str] | None = None) -> dict[str, str]:
    """The modes of the plain files in an index."""
    return {row.path: row.mode for row in index_rows(root, env=env) if row.is_plain}


def _blob(root: Path, path: str, data: bytes) -> str:
    words = ("hash-object", "-w", "--stdin", f"--path={path}")
    return ask(root, *words, stdin=data).decode("ascii").strip()


def _set(root: Path, blobs: Blobs, modes: Mapping[str, str], env: Mapping[str, str]) -> None:
    """Let an index have these blobs. Its paths begin at the repository's root."""
    prefix = ask(root, "rev-parse", "--show-prefix").removesuffix(b"\n")
    nothing = "0" * max((len(blob) for blob in blobs.values() if blob), default=40)
    rows = b""
    for path, blob in blobs.items():
        head = f"{modes.get(path, '100644')} {blob} 0" if blob else f"0 {nothing}"
        rows += head.encode() + b"\t" + prefix + os.fsencode(path) + b"\0"
    ask(root, "update-index", "-z", "--index-info", stdin=rows, env=env)


def _shortened(stderr: str) -> str:
    lines = [line for line in stderr.splitlines() if line.strip()]
    return "; ".join(lines[:_TOLD]) + ("; …" if len(lines) > _TOLD else "") or "it does not say why"
