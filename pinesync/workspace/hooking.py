"""What hooks ask of git: where they are, what is staged, which workspaces there are."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pinesync.errors import FileError, LeftForYou, Misuse
from pinesync.naming import SUFFIX
from pinesync.workspace.committing import is_repository
from pinesync.workspace.files import MANIFEST, Tree
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
    """Each .pine file that a commit would add or change, with what it would have."""
    wanted = ("--cached", "--name-only", "-z", "--no-renames", "--diff-filter=AMT", "--no-ext-diff")
    status, answer, said = asked(top, "diff", *wanted, "--ignore-submodules=all", "--no-relative")
    names = [name for name in answer.split(b"\0") if name.endswith(SUFFIX.encode())]
    if status:
        raise FileError(f"git cannot tell what is staged: {said.strip()}", "run `git status`")
    if not names:
        return {}
    with tempfile.TemporaryDirectory(prefix="pinesync-staged-") as folder:
        given = b"".join(name + b"\0" for name in names)
        words = ("checkout-index", "-z", "--stdin", f"--prefix={folder}/")
        status, _, said = asked(top, *words, given=given)
        if status:
            raise FileError(f"git cannot bring out what is staged: {said.strip()}")
        return dict(_held(Path(folder), map(os.fsdecode, names)))


def _held(folder: Path, names: Iterator[str]) -> Iterator[tuple[str, bytes]]:
    for name in names:
        if not (folder / name).is_symlink():
            yield name, Tree(folder).read(name) or b""


def _line(folder: Path, *words: str) -> str:
    status, answer, said = asked(folder, "rev-parse", *words)
    if status:
        raise FileError(f"git rev-parse failed: {said.strip()}", "run `git status` there")
    return os.fsdecode(answer.removesuffix(b"\n"))
