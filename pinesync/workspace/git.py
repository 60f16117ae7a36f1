"""What pinesync asks of git: to merge, and what it holds."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pinesync.errors import FileError, PinesyncError
from pinesync.model import Digest
from pinesync.sync.ports import Merged
from pinesync.workspace.files.folder import MAX_FILE
from pinesync.workspace.run_git import asked

_MOST_CONFLICTS = 127
_MOST_COMMITS = 20
_LABELS = ("-L", "yours", "-L", "base", "-L", "TradingView")


def merge(base: str, local: str, remote: str) -> Merged:
    """The three-way merge of canonical texts; the markers are those that every editor knows."""
    try:
        with tempfile.TemporaryDirectory(prefix="pinesync-merge-") as folder:
            for side, text in (("local", local), ("base", base), ("remote", remote)):
                (Path(folder) / side).write_bytes(text.encode("utf-8"))
            words = ("merge-file", "-p", "--diff3", *_LABELS, "local", "base", "remote")
            # No repository is looked for around the folder: anybody may make one in /tmp.
            status, merged, said = asked(Path(folder), *words, env={"GIT_DIR": os.devnull})
    except OSError as error:
        raise FileError(f"git cannot merge: {error.strerror}", "is there room?") from error
    # The status is the number of conflicts; beyond that, git failed.
    if not 0 <= status <= _MOST_CONFLICTS:
        raise FileError(f"git cannot merge: {said}", "both texts were left as they are")
    return Merged(merged.decode("utf-8"), status > 0)


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
        status, found, _ = asked(root, *search, f"-S{holding}", "HEAD", "--", "pine.toml")
    except FileError:
        return []  # a history that cannot be read has nothing
    commits = [] if status else found.decode("ascii").split()
    shown = (blob(root, f"{c}{before}:./pine.toml") for c in commits for before in ("", "^"))
    # The first commit has no parent, and a commit may have removed it.
    return [data for data in shown if data is not None]


def text_at_head(root: Path, path: str) -> bytes | None:
    """The file as HEAD has it, None where it has none, and outside of git."""
    try:
        return blob(root, f"HEAD:./{path}")
    except FileError:
        return None


def our_side(root: Path, path: str) -> bytes | None:
    """The file as the merge that git left open has it on our side; None where it left none."""
    try:
        return blob(root, f":2:./{path}")
    except FileError:
        return None


def blob(root: Path, revision: str) -> bytes | None:
    """A file as it was; None where there is none, and for one larger than any that is read."""
    status, size, _ = asked(root, "cat-file", "-s", revision)
    if status or int(size) > MAX_FILE:
        return None
    status, data, _ = asked(root, "cat-file", "blob", revision)
    return None if status else data


# -- what git says of a workspace, for `doctor` ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """What git knows of the pine.toml and the .pine files of a folder, by their paths in it:
    which it tracks, which a merge left open, which it ignores. `autocrlf` is the setting, empty
    where there is none."""

    tracked: frozenset[str]
    unmerged: frozenset[str]
    ignored: frozenset[str]
    autocrlf: str


def version() -> str:
    """Git's version. FileError where it cannot be run."""
    said = asked(None, "--version")[1].decode("utf-8", "replace")
    return said.strip().removeprefix("git version ")


def user_name(root: Path) -> str | None:
    """Who commits here, as git is set up; None where it does not say, or cannot be run."""
    try:
        status, name, _ = asked(root, "config", "--get", "user.name")
    except PinesyncError:
        return None
    return None if status else name.decode("utf-8", "replace").strip()


def standing(root: Path) -> Standing | None:
    """None outside of a repository; FileError where git cannot be run, or will not look."""
    status, inside, said = asked(root, "rev-parse", "--is-inside-work-tree")
    if status or inside.strip() != b"true":
        if not any((folder / ".git").exists() for folder in (root, *root.parents)):
            return None
        why = said.partition("\n")[0] or "not a work tree"
        raise FileError(f"git will not look into {root}: {why}", "run `git status` there")
    files = ("-z", "--", "pine.toml", "*.pine")
    staged = [row.partition(b"\t") for row in _rows(asked(root, "ls-files", "--stage", *files)[1])]
    ignoring = ("ls-files", "--others", "--ignored", "--exclude-standard", *files)
    return Standing(
        tracked=frozenset(os.fsdecode(path) for _, _, path in staged),
        unmerged=frozenset(os.fsdecode(p) for head, _, p in staged if not head.endswith(b" 0")),
        ignored=frozenset(map(os.fsdecode, _rows(asked(root, *ignoring)[1]))),
        autocrlf=asked(root, "config", "--get", "core.autocrlf")[1].decode().strip(),
    )


def committed(root: Path) -> float | None:
    """When HEAD was committed, in epoch seconds; None outside of git, and before a first commit."""
    try:
        status, row, _ = asked(root, "rev-list", "--max-count=1", "--timestamp", "HEAD")
    except PinesyncError:
        return None
    return None if status else float(row.split()[0])


def _rows(listed: bytes) -> list[bytes]:
    return [row for row in listed.split(b"\0") if row]


def objects(root: Path, names: Iterable[str]) -> list[tuple[str, bytes] | None]:
    """The id and the bytes of each commit or file that is named, for the price of one call; None
    for what is not there."""
    given = "".join(f"{name}\n" for name in names).encode("utf-8", "surrogateescape")
    _, answer, _ = asked(root, "cat-file", "--batch", given=given)
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
