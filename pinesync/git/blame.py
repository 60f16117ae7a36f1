"""Find the commit that contains a version's text, on any branch."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from pinesync.errors import FileError
from pinesync.git.objects import read_objects
from pinesync.git.repo import SAVED
from pinesync.git.run import run
from pinesync.model import Digest, PineId, Version
from pinesync.text.canonical import decode, digest_or_none

_MOST_COMMITS = 5000
_TRAILERS = ("Pine-Id: ", "Pine-Version: ")
_AT_A_TIME = 100
"""Texts of the history that are held at once."""
# A fetch makes the commits on the remote-tracking branch: no version came from one.
_ALL = ("--exclude=refs/stash", "--exclude=refs/notes/*", f"--exclude={SAVED}", "--all")
_FORMAT = "--format=%H%x00%at%x00%an <%ae>%x00%s"
_PLAIN = (f"--max-count={_MOST_COMMITS}", "--encoding=UTF-8", "--no-textconv", "--no-ext-diff")


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit of this repository; `date` is when it was written, in epoch seconds."""

    commit: str
    date: float
    author: str
    subject: str


def commit_at(root: Path, name: str) -> Commit | None:
    """The commit with this name; None if the repository does not have it."""
    status, row, _ = run(root, "log", *_PLAIN, "--max-count=1", _FORMAT, name, "--")
    return None if status else _commit(row.removesuffix(b"\n"))


def with_trailers(root: Path, pine_id: PineId, version: Version) -> Iterator[str]:
    """The commits whose trailers name this version of the script, newest first."""
    named = (f"--grep=^Pine-Id: {pine_id}$", f"--grep=^Pine-Version: {version}$")
    words = ("--basic-regexp", "--all-match", *named)
    shown = "--format=%H%x00%(trailers:only,unfold)%x00"
    status, answer, _ = run(root, "log", *_ALL, *_PLAIN, *words, shown)
    fields = answer.decode("utf-8", "replace").split("\0") if not status else []
    for commit, trailers in zip(fields[::2], fields[1::2], strict=False):
        rows = [row for row in trailers.split("\n") if row.startswith(_TRAILERS)]
        if (f"Pine-Id: {pine_id}", f"Pine-Version: {version}") in pairwise(rows):
            yield commit.strip()


def with_text(root: Path, path: str, texts: Collection[Digest]) -> str | None:
    """The newest commit that changed the file to one of these texts."""
    words = ("log", *_ALL, "--full-history", "--format=%H", *_PLAIN, "--", path)
    status, answer, _ = run(root, "--literal-pathspecs", *words)
    commits = [] if status else answer.decode("ascii").split()
    for begin in range(0, len(commits), _AT_A_TIME):
        part = commits[begin : begin + _AT_A_TIME]
        blobs = read_objects(root, [f"{commit}:./{path}" for commit in part])
        for commit, blob in zip(part, blobs, strict=False):
            if blob and digest_or_none(blob[1]) in texts:
                return commit
    return None


def text_in_history(root: Path, path: str, text: Digest) -> str | None:
    """The file's text of this digest, from any commit that has it; None also outside of git."""
    try:
        commit = with_text(root, path, {text})
    except FileError:
        return None
    (blob,) = (commit and read_objects(root, [f"{commit}:./{path}"])) or [None]
    return decode(blob[1]) if blob else None


def text_at(root: Path, commit: str, path: str) -> Digest | None:
    """The digest of the file's text in the commit; None if there is no text."""
    (blob,) = read_objects(root, [f"{commit}:./{path}"]) or [None]
    return digest_or_none(blob[1]) if blob else None


def _commit(row: bytes) -> Commit:
    name, date, author, subject = row.decode("utf-8", "replace").split("\0", 3)
    return Commit(name, float(date), author, subject)
