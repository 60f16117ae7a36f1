"""Canonical text, its digest, and the BOM and line endings that a file keeps.

Canonical text is strict UTF-8 without one leading BOM, with CRLF and CR turned into LF. Nothing
else changes. Only canonical text is compared, merged and sent; a file keeps its own BOM and line
endings. Lines end at LF only: `str.splitlines` would also split at form feeds and U+2028, which are
ordinary characters in a Pine string.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Literal

from pinesync.model import Digest
from pinesync.text.line_diff import same_lines

LineEnd = Literal["\n", "\r\n", "\r"]

_BOM = "\ufeff"
_BOM_BYTES = _BOM.encode()
_LINE = r"([^\r\n]*)(\r\n|\r|\n)"


class Unreadable(ValueError):
    """The bytes cannot be decoded, or the text cannot be encoded. The message says why."""


MAX_SOURCE = 2 * 1024 * 1024
"""The most bytes of a source that is saved, and the most characters of one that is read back."""
NO_TEXT = ("not UTF-8", "not text")
"""How the message begins if the bytes are not text."""


@dataclass(frozen=True)
class Shape:
    """The details that canonical text drops: the BOM and the most frequent line ending."""

    bom: bool
    eol: LineEnd


def canonical(raw: str) -> str:
    """Drop one leading BOM and turn CRLF and CR into LF."""
    return _unix(raw.removeprefix(_BOM))


def decode(data: bytes) -> str:
    """The canonical text of a file's bytes. Raises Unreadable if they are not UTF-8 or contain a
    NUL."""
    try:
        raw = data.decode("utf-8")
    except UnicodeDecodeError as error:
        bad = data[error.start]
        raise Unreadable(f"not UTF-8: byte 0x{bad:02x} at offset {error.start}") from None
    if "\0" in raw:
        raise Unreadable(f"not text: a NUL byte at offset {data.index(0)}")
    return canonical(raw)


def check_encodable(text: str) -> None:
    """Raise Unreadable for a lone surrogate, which no file or request can contain."""
    _encode(text)


def digest(text: str) -> Digest:
    """`sha256:` and the hex digest of the canonical text in UTF-8. Raises Unreadable for
    surrogates.

    All leading BOMs are dropped, so that `digest(canonical(t)) == digest(t)` holds for every t.
    """
    return Digest("sha256:" + hashlib.sha256(_encode(_unix(text.lstrip(_BOM)))).hexdigest())


def digest_of(data: bytes) -> Digest:
    """`digest(decode(data))`, without decoding bytes that are already canonical. Raises Unreadable
    if they are not text."""
    if data.isascii() and b"\r" not in data and b"\0" not in data:
        return Digest("sha256:" + hashlib.sha256(data).hexdigest())
    return digest(decode(data))


def digest_or_none(data: bytes | None) -> Digest | None:
    """`digest_of(data)`; None if there is no data or it is not text."""
    try:
        return None if data is None else digest_of(data)
    except Unreadable:
        return None


def digest_of_any(data: bytes) -> Digest:
    """`digest_of(data)`; bytes that are not text are decoded as Latin-1. Used to detect whether a
    file has changed."""
    try:
        return digest_of(data)
    except Unreadable:
        return digest(data.decode("latin-1"))


def shape_of(data: bytes) -> Shape:
    """A file's shape. If line endings are equally frequent, LF wins, then CRLF."""
    crlf = data.count(b"\r\n")
    counts: dict[LineEnd, int] = {
        "\n": data.count(b"\n") - crlf,
        "\r\n": crlf,
        "\r": data.count(b"\r") - crlf,
    }
    return Shape(data.startswith(_BOM_BYTES), max(counts, key=lambda eol: counts[eol]))


def encode_like(text: str, like: bytes | None) -> bytes:
    """Encode canonical `text` for a file that contains `like`. None means a new file: LF, no BOM.

    The file keeps its BOM and line endings. If they are mixed, every unchanged line keeps its own
    and new lines get the most frequent one. `encode_like(decode(b), b) == b` and
    `decode(encode_like(t, b)) == t`. Raises Unreadable for surrogates.
    """
    like = b"" if like is None else like
    shape = shape_of(like)
    ends = _ends(like)
    body = _mixed(text, like, shape.eol) if len(ends) > 1 else text.replace("\n", shape.eol)
    # Text that itself begins with a BOM needs another, because decoding drops one.
    bom = _BOM if shape.bom or text.startswith(_BOM) else ""
    return _encode(bom + body)


def lines(text: str) -> list[str]:
    """The lines with their LF. The last line has none unless the text ends with one."""
    *whole, rest = text.split("\n")
    return [line + "\n" for line in whole] + ([rest] if rest else [])


def common_lines(one: str, other: str) -> str:
    """The lines that both texts share, in order."""
    mine = lines(one)
    same = same_lines(mine, lines(other))
    return "".join(line for start, _, size in same for line in mine[start : start + size])


def has_conflict_markers(text: str) -> bool:
    """Whether the text contains git's three conflict markers in order, each at the start of a line.

    A row of `=` or `<` in a comment does not count, nor does a single marker.
    """
    if "<<<<<<<" not in text or ">>>>>>>" not in text:
        return False
    wanted = iter(("<<<<<<<", "=======", ">>>>>>>"))
    marker = next(wanted)
    for line in text.split("\n"):
        if _is_marker(line.removesuffix("\r"), marker):
            following = next(wanted, None)
            if following is None:
                return True
            marker = following
    return False


def conflict_blocks(text: str) -> list[str]:
    """The blocks from each `<<<<<<<` to its `>>>>>>>`, including the markers."""
    blocks: list[str] = []
    block: list[str] | None = None
    for line in lines(text):
        bare = line.rstrip("\r\n")
        if _is_marker(bare, "<<<<<<<"):
            block = []
        if block is None:
            continue
        block.append(line)
        if _is_marker(bare, ">>>>>>>"):
            blocks.append("".join(block))
            block = None
    return blocks


def our_part(block: str) -> str:
    """Our side's lines in a conflict block."""
    _, *rest = lines(block)
    ours: list[str] = []
    for line in rest:
        if line.startswith(("|||||||", "=======")):
            break
        ours.append(line)
    return "".join(ours)


def _is_marker(line: str, marker: str) -> bool:
    return line == marker or (marker != "=======" and line.startswith(marker + " "))


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _encode(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        code = ord(text[error.start])
        raise Unreadable(
            f"not text: a lone surrogate (U+{code:04X}) at offset {error.start}"
        ) from None


def _ends(data: bytes) -> set[bytes]:
    if b"\r" not in data:
        return {b"\n"}
    return set(re.findall(rb"\r\n|\r|\n", data))


def _mixed(text: str, like: bytes, eol: LineEnd) -> str:
    old = re.findall(_LINE, like.decode("utf-8", "replace").removeprefix(_BOM))
    *whole, rest = text.split("\n")
    ends: list[str] = [eol] * len(whole)
    for before, after, size in same_lines([line for line, _ in old], whole):
        ends[after : after + size] = [end for _, end in old[before : before + size]]
    for number in range(1, len(ends)):
        # A lone CR right before a lone LF would read as one CRLF and lose a line.
        if ends[number - 1] == "\r" and ends[number] == "\n" and not whole[number]:
            ends[number] = "\r"
    return "".join(line + end for line, end in zip(whole, ends, strict=True)) + rest
