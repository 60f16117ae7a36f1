"""git's index and its staged changes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pinesync.git.run import check_output


@dataclass(frozen=True, slots=True)
class Row:
    """A file in the index: its mode, its blob, its stage (0 unless a merge left it unmerged), and
    its path relative to the queried folder."""

    mode: str
    oid: str
    stage: int
    path: str

    @property
    def is_plain(self) -> bool:
        """Whether it is a regular file, not a link or submodule."""
        return self.mode.startswith("100")


def index_rows(
    root: Path, *words: str, env: Mapping[str, str] | None = None, hooks: bool = True
) -> Iterator[Row]:
    """The index's files below `root`. `words` are further options, and patterns after `--`. Raises
    FileError if git fails."""
    listed = check_output(root, "ls-files", "--stage", "-z", *words, env=env, hooks=hooks)
    for line in _lines(listed):
        head, _, path = line.partition(b"\t")
        mode, oid, stage = head.decode("ascii").split(" ")
        yield Row(mode, oid, int(stage), os.fsdecode(path))


def staged_rows(root: Path, *words: str) -> Iterator[Row]:
    """The files that differ between index and HEAD. A deleted file has no mode and no blob. Raises
    FileError if git fails."""
    always = ("--cached", "--raw", "-z", "--no-abbrev", "--no-renames", "--no-ext-diff")
    fields = _lines(check_output(root, "diff", *always, "--ignore-submodules=all", *words))
    for head, path in zip(fields[::2], fields[1::2], strict=True):
        _, mode, _, oid, _ = head.decode("ascii").split(" ")
        goes = not oid.strip("0")
        yield Row("" if goes else mode, "" if goes else oid, 0, os.fsdecode(path))


def _lines(listed: bytes) -> list[bytes]:
    return listed.removesuffix(b"\0").split(b"\0") if listed else []
