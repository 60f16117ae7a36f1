"""Read git objects: files from commits and the index, many per call."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pinesync.errors import FileError
from pinesync.git.run import run
from pinesync.model import Digest
from pinesync.workspace.files.exchange import MAX_FILE

_MAX_COMMITS = 20


def read_objects(root: Path, names: Iterable[str]) -> list[tuple[str, bytes] | None]:
    """The id and content of each named commit or file, in one git call; None for a missing one."""
    stdin = "".join(f"{name}\n" for name in names).encode("utf-8", "surrogateescape")
    _, answer, _ = run(root, "cat-file", "--batch", stdin=stdin)
    objects: list[tuple[str, bytes] | None] = []
    begin = 0
    while begin < len(answer):
        end = answer.index(b"\n", begin)
        row = answer[begin:end].split(b" ")
        begin = end + 1
        if len(row) == 3 and row[1] in (b"blob", b"commit"):
            size = int(row[2])
            objects.append((row[0].decode("ascii"), answer[begin : begin + size]))
            begin += size + 1
        elif row[-1] == b"missing":
            objects.append(None)
        else:
            return []
    return objects


def read_blob(root: Path, revision: str) -> bytes | None:
    """The file at a revision; None if it is missing or larger than MAX_FILE."""
    status, size, _ = run(root, "cat-file", "-s", revision)
    if status or int(size) > MAX_FILE:
        return None
    status, data, _ = run(root, "cat-file", "blob", revision)
    return None if status else data


def manifests_with(root: Path, holding: Digest, revision: str = "HEAD") -> list[bytes]:
    """pine.toml before and after each commit of HEAD's history, or of another revision's, that
    added or removed this digest, newest first. Empty outside git."""
    search = (
        "log",
        "--format=%H",
        f"--max-count={_MAX_COMMITS}",
        "--no-textconv",
        "--no-ext-diff",
    )
    try:
        status, objects, _ = run(root, *search, f"-S{holding}", revision, "--", "pine.toml")
    except FileError:
        return []  # unreadable history counts as empty
    commits = [] if status else objects.decode("ascii").split()
    shown = (read_blob(root, f"{c}{before}:./pine.toml") for c in commits for before in ("", "^"))
    # The first commit has no parent, and a commit may delete the file.
    return [data for data in shown if data is not None]


def text_at_head(root: Path, path: str) -> bytes | None:
    """The file at HEAD; None if HEAD does not have it, and outside git."""
    try:
        return read_blob(root, f"HEAD:./{path}")
    except FileError:
        return None


def our_side(root: Path, path: str) -> bytes | None:
    """Our side of the file in git's unfinished merge; None if there is none."""
    try:
        return read_blob(root, f":2:./{path}")
    except FileError:
        return None
