"""The input of `git fast-import`: no foreign text can be a command in it."""

import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinesync.errors import FileError
from pinesync.git.fast_import import NewCommit, ident, write_commits
from pinesync.git.repo import SAVED, Repository, find_repository, make_repository
from pinesync.model import RelPath

NAMES = ["trader42", "", "a <b@c> d\n", "\x00\x7f", ".,;:'\"\\", "Мой 測試", "\u202e", "\ud800"]


def written(repository: Repository, commits: Iterable[NewCommit], account: str = "a") -> str:
    return write_commits(repository, SAVED, commits, account=account)


@pytest.mark.parametrize("account", NAMES, ids=ascii)
@pytest.mark.parametrize("when", [-5, 0, 1, 2**31, 10**30])
def test_git_accepts_every_author_and_time(tmp_path: Path, account: str, when: int) -> None:
    written(make_repository(tmp_path), [NewCommit(when, "x", "")], account)
    checked = subprocess.run(["git", "fsck", "--strict"], cwd=tmp_path, capture_output=True)
    assert (checked.returncode, b"error" in checked.stderr) == (0, False)


@given(st.text())
def test_an_author_stays_on_one_line(account: str) -> None:
    shape = rb"[^<>\n]*[^<> \n] <[A-Za-z0-9._+-]+@[a-z.]+> 7 \+0000"
    assert re.fullmatch(shape, ident(account, 7))


@pytest.mark.parametrize("prefix", [b"", b'\xff\n"x/', b"M 100644 inline a\n/"])
def test_a_hostile_path_is_imported_as_a_path(tmp_path: Path, prefix: bytes) -> None:
    repository = replace(make_repository(tmp_path), prefix=prefix)
    path = RelPath('測試 "q".pine')
    one = NewCommit(1, "x", "text", {path: 1})
    write_commits(repository, SAVED, [one], account="a", blobs=[b"done\n"])
    listed = repository.ask("ls-files", "--with-tree", SAVED, "-z").split(b"\0")
    assert set(listed) == {b"", prefix + path.encode(), prefix + b"pine.toml"}


def test_commits_are_built_on_their_parents(tmp_path: Path) -> None:
    """The first commit has all files, and a file stays until a commit removes it."""
    repository = make_repository(tmp_path)
    path, other = RelPath("a.pine"), RelPath("b.pine")
    one = NewCommit(1, "x", "1", {path: 1})
    first = write_commits(repository, SAVED, [one], account="a", blobs=[b"text\n"])
    side = write_commits(repository, "refs/pinesync/side", [NewCommit(2, "y", "")], account="a")
    blob = repository.blobs(first, [path])[path].oid
    commits = [NewCommit(3, "z", "2", {other: blob}), NewCommit(4, "end", "3", removed=[path])]
    last = write_commits(repository, SAVED, commits, account="a", parents=[first, side])
    rows = repository.log(last, "%s %P", "--max-count=2")
    assert rows == [f"end {repository.commit_of(last + '^')}", f"z {first} {side}"]
    assert sorted(repository.blobs(last, [path, other, "pine.toml"])) == [other, "pine.toml"]
    beside = [NewCommit(5, "beside", "")]
    with pytest.raises(FileError, match="git fast-import failed"):
        write_commits(repository, SAVED, beside, account="a", parents=[first])
    assert repository.commit_of(SAVED) == last
    made = write_commits(repository, SAVED, beside, account="a", parents=[first], force=True)
    assert repository.commit_of(SAVED) == made


def test_an_interrupted_import_moves_no_ref(tmp_path: Path) -> None:
    repository = make_repository(tmp_path)

    def breaking() -> Iterator[NewCommit]:
        yield NewCommit(1, "x", "")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        written(repository, breaking())
    for number in (1, 10_000):
        commits = [NewCommit(1, "x", "")] * number
        with pytest.raises(FileError, match="git fast-import failed"):
            write_commits(repository, SAVED, commits, account="a", parents=["nonsense"])
    assert repository.commit_of(SAVED) is None


def test_a_folder_outside_git_has_no_repository(tmp_path: Path) -> None:
    assert find_repository(tmp_path) is None
    (tmp_path / ".git").write_text("gitdir: nowhere\n")
    with pytest.raises(FileError, match="git refuses to read"):
        find_repository(tmp_path)
