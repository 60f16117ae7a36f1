"""The only writer of commits on pinesync's own refs. It uses `git fast-import`: no checkout, each
blob sent once, and the ref moved once, at the end.

The same input makes the same commits on every machine. Foreign text is quoted, length-prefixed, or
put on a line of its own, so that no name or text can act as a command.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, cast

from pinesync.git.repo import Repository
from pinesync.git.run import command_error, start
from pinesync.model import RelPath
from pinesync.sync.commit_plan import one_line

_DOMAIN = "users.noreply.tradingview.invalid"
_NOT_IN_IDENT = re.compile(r"[<>\x00-\x1f\x7f]")
_NOT_IN_ADDRESS = re.compile(r"[^A-Za-z0-9._+-]")
_MAX_SECONDS = 1 << 40
_END = b"done\n"


@dataclass(frozen=True, slots=True)
class NewCommit:
    """The changes of one commit. `manifest` is the text of pine.toml. `files` maps each changed
    file to its blob: an object id, or a number among the blobs sent along. `removed` files are
    deleted before any are written. `when` is in epoch seconds."""

    when: int
    message: str
    manifest: str
    files: Mapping[RelPath, str | int] = field(default_factory=dict)
    removed: Sequence[RelPath] = ()


def write_commits(
    repository: Repository,
    ref: str,
    commits: Iterable[NewCommit],
    *,
    account: str,
    parents: Sequence[str] = (),
    tree: str | None = None,
    blobs: Iterable[bytes] = (),
    force: bool = False,
) -> str:
    """Write these commits and point the ref to the last one, all or nothing. Return its id. The
    first commit has these parents or, without parents, the files of `tree`. `blobs` are sent along
    and numbered from 1. Raises FileError if git fails, or if `parents` do not contain the ref's
    commit and `force` is False."""
    words = ["fast-import", "--quiet", "--done", "--date-format=raw", *["--force"] * force]
    process = start(repository.root, *words, hooks=False)
    stdin = cast("IO[bytes]", process.stdin)
    try:
        for chunk in _stream(ref, commits, account, repository.prefix, parents, tree, blobs):
            stdin.write(chunk)
    except BrokenPipeError:
        pass  # git reports why
    except BaseException:
        process.kill()
        process.communicate()
        raise
    stderr = process.communicate()[1]
    commit = None if process.returncode else repository.commit_of(ref)
    if commit is None:
        raise command_error("fast-import", stderr.decode("utf-8", "replace"))
    return commit


def _stream(
    ref: str,
    commits: Iterable[NewCommit],
    account: str,
    prefix: bytes,
    parents: Sequence[str],
    tree: str | None,
    blobs: Iterable[bytes],
) -> Iterator[bytes]:
    for number, body in enumerate(blobs, 1):
        yield b"blob\nmark :%d\n%s" % (number, _data(body))
    first = _first(parents, tree)
    for commit in commits:
        person = ident(account, commit.when)
        yield b"".join(
            (
                b"commit %s\nauthor %s\ncommitter %s\n" % (ref.encode(), person, person),
                _data(commit.message.encode()),
                first,
                *(b"D %s\n" % _quoted(prefix + path.encode()) for path in commit.removed),
                *(_file(prefix + path.encode(), blob) for path, blob in commit.files.items()),
                b"M 100644 inline %s\n" % _quoted(prefix + b"pine.toml"),
                _data(commit.manifest.encode()),
            )
        )
        first = b""
    yield _END


def _first(parents: Sequence[str], tree: str | None) -> bytes:
    words = (b"from", *[b"merge"] * (len(parents) - 1))
    lines = [b"%s %s\n" % (w, p.encode()) for w, p in zip(words, parents, strict=False)]
    if tree and not parents:
        lines.append(b'M 040000 %s ""\n' % tree.encode())
    return b"".join(lines)


def ident(account: str, when: int) -> bytes:
    """git's identity line for a save: the account, an address that nobody owns, and the time."""
    name = _NOT_IN_IDENT.sub("", one_line(account)).strip(" .,:;\"'\\") or "TradingView"
    address = _NOT_IN_ADDRESS.sub("-", account) or "nobody"
    seconds = min(max(when, 0), _MAX_SECONDS)
    return f"{name} <{address}@{_DOMAIN}> {seconds} +0000".encode()


def _data(body: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(body), body)


def _file(path: bytes, blob: str | int) -> bytes:
    where = b":%d" % blob if isinstance(blob, int) else blob.encode()
    return b"M 100644 %s %s\n" % (where, _quoted(path))


def _quoted(path: bytes) -> bytes:
    return b'"' + b"".join(_byte(path)) + b'"'


def _byte(path: bytes) -> Iterator[bytes]:
    for byte in path:
        plain = 0x20 <= byte < 0x7F and byte not in b'"\\'
        yield bytes([byte]) if plain else b"\\%03o" % byte
