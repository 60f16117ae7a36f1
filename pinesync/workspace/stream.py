"""Commits in the language of `git fast-import`: pure bytes, nothing is checked out, and every blob
is told once.

Whatever came from outside is quoted, counted or on one line of its own making, so that no name and
no text can be a command.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pinesync.model import RelPath
from pinesync.sync.commit_plan import one_line

_DOMAIN = "users.noreply.tradingview.invalid"
_NOT_IN_IDENT = re.compile(r"[<>\x00-\x1f\x7f]")
_NOT_IN_ADDRESS = re.compile(r"[^A-Za-z0-9._+-]")
_MOST_SECONDS = 1 << 40
END = b"done\n"


@dataclass(frozen=True, slots=True)
class Author:
    """Who saved: the account, under an address that nobody has."""

    account: str

    def line(self, role: bytes, when: int) -> bytes:
        name = _NOT_IN_IDENT.sub("", one_line(self.account)).strip(" .,:;\"'\\") or "TradingView"
        address = _NOT_IN_ADDRESS.sub("-", self.account) or "nobody"
        seconds = min(max(when, 0), _MOST_SECONDS)
        return b"%s %s <%s@%s> %d +0000\n" % (
            role,
            name.encode(),
            address.encode(),
            _DOMAIN.encode(),
            seconds,
        )


def data(body: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(body), body)


def blob(mark: int, body: bytes) -> bytes:
    return b"blob\nmark :%d\n%s" % (mark, data(body))


def commit(ref: str, author: Author, when: int, message: str, parent: str | None) -> bytes:
    """The head of a commit. `parent` is needed by the first of a stream alone."""
    head = b"commit %s\n%s%s%s" % (
        ref.encode(),
        author.line(b"author", when),
        author.line(b"committer", when),
        data(message.encode()),
    )
    return head + (b"from %s\n" % parent.encode() if parent else b"")


def merge(parent: str) -> bytes:
    """One more parent, told right after the head."""
    return b"merge %s\n" % parent.encode()


def file(prefix: bytes, path: RelPath, where: str) -> bytes:
    """A file gets a blob: a mark (`:5`) or an id."""
    return b"M 100644 %s %s\n" % (where.encode(), _quoted(prefix + path.encode()))


def manifest(prefix: bytes, text: str) -> bytes:
    return b"M 100644 inline %s\n%s" % (_quoted(prefix + b"pine.toml"), data(text.encode()))


def removed(prefix: bytes, path: RelPath) -> bytes:
    return b"D %s\n" % _quoted(prefix + path.encode())


def tree(oid: str) -> bytes:
    """All files are those of a tree."""
    return b'M 040000 %s ""\n' % oid.encode()


def _quoted(path: bytes) -> bytes:
    return b'"' + b"".join(_byte(path)) + b'"'


def _byte(path: bytes) -> Iterator[bytes]:
    for byte in path:
        plain = 0x20 <= byte < 0x7F and byte not in b'"\\'
        yield bytes([byte]) if plain else b"\\%03o" % byte
