"""What git's object store has: files of commits and of the index, many of them in one call."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pinesync.errors import FileError
from pinesync.git.run import run
from pinesync.model import Digest
from pinesync.workspace.files.exchange import MAX_FILE

_MOST_COMMITS = 20


def read_objects(root: Path, names: Iterable[str]) -> list[tuple[str, bytes] | None]:
    """The id and the bytes of each commit or file that is named, for the price of one call; None
    for what is not there."""
    stdin = "".join(f"{name}\n" for name in names).encode("utf-8", "surrogateescape")
    _, answer, _ = run(root, "cat-file", "--batch", stdin=stdin)
    found: list[tuple[str, bytes] | None] = []
    begin = 0
    while begin < len(answer):
        end = answer.index(b"\n", begin)
        row = answer[begin:end].split(b" ")
        begin = end + 1
        if len(row) == 3 and row[1] in (b"blob", b"commit"):
            size = int(row[2])
            found.append((row[0].decode("ascii"), answer[begin : begin + size]))
            begin += size + 1
        elif row[-1] == b"missing":
            found.append(None)
        else:
            return []
    return found


def read_blob(root: Path, revision: str) -> bytes | None:
    """A file as it was; None where there is none, and for one larger than any that is read."""
    status, size, _ = run(root, "cat-file", "-s", revision)
    if status or int(size) > MAX_FILE:
        return None
    status, data, _ = run(root, "cat-file", "blob", revision)
    return None if status else data


def manifests_with(root: Path, holding: Digest) -> list[bytes]:
    """Each pine.toml of HEAD's history, as it was right after a commit that added this digest to
    it or took it out, and right before; newest first. Empty outside of git."""
    search = (
        "log",
        "--format=%H",
        f"--max-count={_MOST_COMMITS}",
        "--no-textconv",
        "--no-ext-diff",
    )
    try:
        status, found, _ = run(root, *search, f"-S{holding}", "HEAD", "--", "pine.toml")
    except FileError:
        return []  # a history that cannot be read has nothing
    commits = [] if status else found.decode("ascii").split()
    shown = (read_blob(root, f"{c}{before}:./pine.toml") for c in commits for before in ("", "^"))
    # The first commit has no parent, and a commit may have removed it.
    return [data for data in shown if data is not None]


def text_at_head(root: Path, path: str) -> bytes | None:
    """The file as HEAD has it, None where it has none, and outside of git."""
    try:
        return read_blob(root, f"HEAD:./{path}")
    except FileError:
        return None


def our_side(root: Path, path: str) -> bytes | None:
    """The file as the merge that git left open has it on our side; None where it left none."""
    try:
        return read_blob(root, f":2:./{path}")
    except FileError:
        return None
