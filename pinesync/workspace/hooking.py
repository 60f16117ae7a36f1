"""What hooks ask of git: where they are, what is staged, which workspaces there are."""

from __future__ import annotations

import os
from pathlib import Path

from pinesync.errors import FileError, LeftForYou, Misuse
from pinesync.naming import SUFFIX
from pinesync.workspace.committing import is_repository
from pinesync.workspace.files import MANIFEST
from pinesync.workspace.files.folder import MAX_FILE
from pinesync.workspace.git import objects
from pinesync.workspace.run_git import asked


def top_of(folder: Path) -> Path:
    """The root of the repository's files. Misuse outside of one."""
    if not is_repository(folder):
        raise Misuse(f"{folder}: in no git repository", "run `git init`, then this again")
    return Path(_line(folder, "--show-toplevel"))


def hooks_of(folder: Path) -> Path:
    """The folder of the repository's hooks, its own or one among its files. LeftForYou where
    `core.hooksPath` names one that other repositories have, too."""
    top = top_of(folder)
    found = top / _line(top, "--git-path", "hooks")
    homes = (top, top / _line(top, "--git-common-dir"))
    real = os.path.realpath(found)
    if not any(Path(real).is_relative_to(os.path.realpath(home)) for home in homes):
        raise LeftForYou(
            f"core.hooksPath is {found}, outside of this repository, and others may use it",
            "add `pinesync hooks run pre-commit` and `pinesync hooks run pre-push` there yourself",
        )
    return found


def workspaces(top: Path) -> list[Path]:
    """The folders with a pine.toml that git keeps."""
    _, answer, _ = asked(top, "ls-files", "-z", "--", f":(top,glob)**/{MANIFEST}")
    found = (top / os.fsdecode(name) for name in answer.split(b"\0") if name)
    return sorted({path.parent for path in found if path.is_file()})


def staged_scripts(top: Path) -> dict[str, bytes]:
    """Each .pine file that a commit would add or change, with the bytes that git would store: no
    filter of the repository is run for them."""
    wanted = ("--cached", "--raw", "-z", "--no-abbrev", "--no-renames", "--diff-filter=AMT")
    more = ("--no-ext-diff", "--ignore-submodules=all", "--no-relative")
    status, answer, said = asked(top, "diff", *wanted, *more)
    if status:
        raise FileError(f"git cannot tell what is staged: {said.strip()}", "run `git status`")
    fields = answer.split(b"\0")
    pairs = zip(fields[::2], fields[1::2], strict=False)
    rows = ((os.fsdecode(name), row.split(b" ")) for row, name in pairs)
    # A plain file alone: a link of that name has no script in it.
    blobs = {n: r[3].decode("ascii") for n, r in rows if n.endswith(SUFFIX) and r[1][:2] == b"10"}
    if not blobs:
        return {}
    given = "".join(f"{oid}\n" for oid in blobs.values()).encode()
    _, sizes, _ = asked(top, "cat-file", "--batch-check=%(objectsize)", given=given)
    for name, size in zip(blobs, sizes.split(b"\n"), strict=False):
        if not size.isdigit():
            raise FileError(f"{name}: git has not got what is staged", "run `git fsck`")
        if int(size) > MAX_FILE:
            raise FileError(f"{name}: larger than {MAX_FILE} bytes")
    held = zip(blobs, objects(top, blobs.values()), strict=True)
    return {name: found[1] for name, found in held if found}


def _line(folder: Path, *words: str) -> str:
    status, answer, said = asked(folder, "rev-parse", *words)
    if status:
        raise FileError(f"git rev-parse failed: {said.strip()}", "run `git status` there")
    return os.fsdecode(answer.removesuffix(b"\n"))
