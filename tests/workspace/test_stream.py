"""What `git fast-import` is told: nothing that came from outside can be a command of it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinesync.errors import FileError
from pinesync.model import Base, Digest, Entry, PineId, RelPath, Version
from pinesync.workspace import stream
from pinesync.workspace.growing import Growing
from pinesync.workspace.manifest import Manifest, Settings, dump_new
from pinesync.workspace.repository import SAVED, make_repository, repository_of

NAMES = ["trader42", "", "a <b@c> d\n", "\x00\x7f", ".,;:'\"\\", "Мой 測試", "\u202e", "\ud800"]


@pytest.mark.parametrize("account", NAMES, ids=ascii)
@pytest.mark.parametrize("when", [-5, 0, 1, 2**31, 10**30])
def test_git_takes_every_author_and_time(tmp_path: Path, account: str, when: int) -> None:
    repository = make_repository(tmp_path)
    head = stream.commit(SAVED, stream.Author(account), when, "x", None)
    repository.import_stream([head, stream.END])
    checked = subprocess.run(["git", "fsck", "--strict"], cwd=tmp_path, capture_output=True)
    assert (checked.returncode, b"error" in checked.stderr) == (0, False)


@given(st.text())
def test_an_author_is_one_line_of_its_own(account: str) -> None:
    line = stream.Author(account).line(b"author", 7)
    shape = rb"author [^<>\n]*[^<> \n] <[A-Za-z0-9._+-]+@[a-z.]+> 7 \+0000\n"
    assert re.fullmatch(shape, line)


@pytest.mark.parametrize("prefix", [b"", b'\xff\n"x/', b"M 100644 inline a\n/"])
def test_a_path_is_only_a_path(tmp_path: Path, prefix: bytes) -> None:
    repository = make_repository(tmp_path)
    path = RelPath('測試 "q".pine')
    head = stream.commit(SAVED, stream.Author("a"), 1, "x", None)
    body = stream.file(prefix, path, ":1") + stream.manifest(prefix, "text")
    repository.import_stream([stream.blob(1, b"done\n"), head, body, stream.END])
    listed = repository.ask("ls-files", "--with-tree", SAVED, "-z").split(b"\0")
    assert set(listed) == {b"", prefix + path.encode(), prefix + b"pine.toml"}


def test_a_stream_that_breaks_off_moves_nothing(tmp_path: Path) -> None:
    repository = make_repository(tmp_path)
    head = stream.commit(SAVED, stream.Author("a"), 1, "x", None)

    def breaking() -> Iterator[bytes]:
        yield head
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        repository.import_stream(breaking())
    with pytest.raises(FileError, match="git fast-import failed"):
        repository.import_stream([head])
    with pytest.raises(FileError, match="git fast-import failed"):
        repository.import_stream([b"nonsense\n", *[head] * 10_000])
    assert repository.commit_of(SAVED) is None


def test_a_folder_that_is_in_no_repository(tmp_path: Path) -> None:
    assert repository_of(tmp_path) is None
    (tmp_path / ".git").write_text("gitdir: nowhere\n")
    with pytest.raises(FileError, match="git rev-parse failed"):
        repository_of(tmp_path)


def entry(number: int, version: int = 1) -> Entry:
    pine_id = PineId(f"USER;{number:032x}")
    base = Base(Version(version), Digest("sha256:" + "0" * 64))
    return Entry(RelPath(f"{number % 7}/{number}.pine"), f'na"me\n{number}', pine_id, base)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 9)), max_size=40))
def test_a_growing_text_is_what_would_be_written_anew(steps: list[tuple[int, int]]) -> None:
    settings = Settings(id="a", remote="sandbox", account="x")
    entries = {entry(n).path: entry(n) for n in range(0, 30, 3)}
    growing = Growing(settings, entries)
    for number, version in steps:
        one = entry(number, version)
        if version:
            growing.set(one)
            entries[one.path] = one
        else:
            growing.drop(one.path)
            entries.pop(one.path, None)
    assert growing.text() == dump_new(Manifest(settings, entries))
