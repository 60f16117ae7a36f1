"""The one writer of commits on refs of pinesync's own, through `git fast-import`: nothing is
checked out, every blob is sent once, and the ref moves once, at the end.

The same input makes the same commits on every machine. Whatever came from outside is quoted,
counted or on one line of its own making, so that no name and no text can be a command.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, cast

from pinesync.git.repo import Repository
from pinesync.git.run import failed, start
from pinesync.model import RelPath
from pinesync.sync.commit_plan import one_line

_DOMAIN = "users.noreply.tradingview.invalid"
_NOT_IN_IDENT = re.compile(r"[<>\x00-\x1f\x7f]")
_NOT_IN_ADDRESS = re.compile(r"[^A-Za-z0-9._+-]")
_MOST_SECONDS = 1 << 40
_END = b"done\n"


@dataclass(frozen=True, slots=True)
class NewCommit:
    """What a commit changes in the workspace: `manifest` is the text of pine.toml, `files` has the
    blob of each file that changes, by its id or by its number among those that are sent along,
    `removed` goes before any of them is written. `when` is in epoch seconds."""

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
    """Let the ref be the last of these commits, all or none of them; its id. The first one has
    these parents and, where it has none, the files of `tree`. `blobs` are sent along, and count
    from 1. FileError where git fails, or where the ref is at a commit that `parents` do not
    contain, unless `force`."""
    words = ["fast-import", "--quiet", "--done", "--date-format=raw", *["--force"] * force]
    process = start(repository.root, *words, hooks=False)
    stdin = cast("IO[bytes]", process.stdin)
    try:
        for chunk in _stream(ref, commits, account, repository.prefix, parents, tree, blobs):
            stdin.write(chunk)
    except BrokenPipeError:
        pass  # git says why
    except BaseException:
        process.kill()
        process.communicate()
        raise
    stderr = process.communicate()[1]
    made = None if process.returncode else repository.commit_of(ref)
    if made is None:
        raise failed("fast-import", stderr.decode("utf-8", "replace"))
    return made


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
    for one in commits:
        person = ident(account, one.when)
        yield b"".join(
            (
                b"commit %s\nauthor %s\ncommitter %s\n" % (ref.encode(), person, person),
                _data(one.message.encode()),
                first,
                *(b"D %s\n" % _quoted(prefix + path.encode()) for path in one.removed),
                *(_file(prefix + path.encode(), blob) for path, blob in one.files.items()),
                b"M 100644 inline %s\n" % _quoted(prefix + b"pine.toml"),
                _data(one.manifest.encode()),
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
    """Who saved, and when, as git writes it: the account, under an address that nobody has."""
    name = _NOT_IN_IDENT.sub("", one_line(account)).strip(" .,:;\"'\\") or "TradingView"
    address = _NOT_IN_ADDRESS.sub("-", account) or "nobody"
    seconds = min(max(when, 0), _MOST_SECONDS)
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
