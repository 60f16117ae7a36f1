"""Whether git wrote a file, for `watch`.

Git leaves two traces: it was active while the file changed, and it has the file's content. Reading
them runs no filter and no other program that the repository's config names.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pinesync.errors import FileError
from pinesync.git.filters import filters_of
from pinesync.git.index import index_rows
from pinesync.git.objects import read_blob
from pinesync.git.run import run
from pinesync.text.canonical import digest_or_none

_REFLOG_TAIL_BYTES = 8192
_IDENT = re.compile(rb"\$Id:[^$\n]*\$")
_SHA1 = 40
_FILES = ("--", "pine.toml", "*.pine")


@dataclass(frozen=True, slots=True)
class ActivityMark:
    """A snapshot that changes whenever git is active. `files` changes when git moves HEAD or the
    index; `folder` when it takes its lock, or begins or ends a merge or rebase. `newest` is the
    last line of HEAD's reflog. `busy` is True while git holds the lock."""

    files: tuple[object, ...]
    folder: object
    newest: bytes
    busy: bool = field(compare=False)

    def explains_no_write(self, before: ActivityMark) -> bool:
        """Whether git did nothing that writes a file saved before it began: it committed, or only
        read."""
        committed = self.newest != before.newest and b"\tcommit" in self.newest
        return committed or self.files == before.files


def mark_paths(root: Path) -> tuple[Path, ...]:
    """The files that `mark` reads: index, HEAD, its reflog, the lock. Empty outside git."""
    blob_ids = ("index", "HEAD", "logs/HEAD", "index.lock")
    try:
        status, paths, _ = run(root, "rev-parse", *(w for n in blob_ids for w in ("--git-path", n)))
    except FileError:
        return ()
    if status:
        return ()
    return tuple(root / os.fsdecode(line) for line in paths.removesuffix(b"\n").split(b"\n"))


def mark(paths: tuple[Path, ...]) -> ActivityMark:
    """Read the files without running git. Read the lock first: once it is gone, the other files are
    final."""
    if not paths:
        return ActivityMark((), None, b"", busy=False)
    *watched, lock = paths
    busy = lock.exists()
    newest = _last_line(watched[-1])
    return ActivityMark(tuple(map(_stat, watched)), _stat(lock.parent), newest, busy)


def _last_line(log: Path) -> bytes:
    """The reflog's last line: old commit, new commit, who, why."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _REFLOG_TAIL_BYTES))
            return file.read().removesuffix(b"\n").rpartition(b"\n")[2]
    except OSError:
        return b""


def _stat(path: Path) -> object:
    try:
        file_stat = path.stat()
    except OSError:
        return None
    return file_stat.st_mtime_ns, file_stat.st_size, file_stat.st_ino


def stored_in_git(root: Path, files: Mapping[str, bytes]) -> frozenset[str]:
    """The files whose content git has: in the index, a commit, a stash, or an uncommitted merge
    result. Empty if git cannot run."""
    try:
        index = {row.path: row.oid for row in index_rows(root, *_FILES) if row.stage == 0}
        size = len(next(iter(index.values()), "0" * _SHA1))
        blob_ids = {path: _blob_ids(data, size) for path, data in files.items()}
        wanted = {name for ids in blob_ids.values() for name in ids}
        present = _present(root, wanted | {index[path] for path in files.keys() & index.keys()})
    except FileError:
        return frozenset()
    stored = {path for path, ids in blob_ids.items() if ids & present}
    rest = {path for path in files.keys() - stored if index.get(path) in present}
    return frozenset(
        stored | {path for path in rest if _is_same_text(root, index[path], files[path])}
    )


def undecidable(root: Path, paths: Collection[str]) -> frozenset[str]:
    """The files that git may write with content it does not have: those with a filter, and those in
    an unfinished merge, where git may reuse a recorded resolution."""
    try:
        if not paths:
            return frozenset()
        open_ = {row.path for row in index_rows(root, "--unmerged", *_FILES)}
        return frozenset(paths) & (open_ | filters_of(root, paths).keys())
    except FileError:
        return frozenset()


def _blob_ids(data: bytes, size: int) -> set[str]:
    """The ids of blobs that git could check out as these bytes: with other line endings, or with
    `$Id$` not expanded."""
    unix = data.replace(b"\r\n", b"\n")
    texts = {data, unix, _IDENT.sub(b"$Id$", data), _IDENT.sub(b"$Id$", unix)}
    kind = hashlib.sha1 if size == _SHA1 else hashlib.sha256
    return {kind(b"blob %d\0" % len(text) + text).hexdigest() for text in texts}


def _present(root: Path, blob_ids: set[str]) -> set[str]:
    """The blobs that the repository has. Unlike `cat-file`, this never fetches missing ones."""
    words = ("rev-list", "--objects", "--no-walk", "--ignore-missing", "--missing=allow-any")
    stdin = "".join(f"{name}\n" for name in blob_ids).encode("ascii")
    listed = run(root, *words, "--stdin", stdin=stdin)[1].decode("ascii", "replace")
    return {line.split(" ")[0] for line in listed.splitlines()}


def _is_same_text(root: Path, name: str, data: bytes) -> bool:
    """Whether the texts are equal apart from mixed line endings, which the blob id cannot show."""
    with suppress(FileError):
        stored = digest_or_none(read_blob(root, name))
        return stored is not None and stored == digest_or_none(data)
    return False
