"""Read pine.toml quickly if its entries are exactly as pinesync writes them.

A TOML parser takes half a microsecond per character, and a workspace of a thousand scripts has a
quarter of a million characters. So a regular expression reads the entries, block by block, and only
the part above them is parsed. Anything unusual, such as a comment between two entries or a key in
another order, sends the whole text to the parser. The result is always what the parser would have
returned.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from pinesync.errors import ManifestError
from pinesync.model import Base, Digest, Entry, PineId, RelPath, Version
from pinesync.text.filenames import BadPath, check_path
from pinesync.workspace import toml

_MAX_HEAD = 8 * 1024
_MAX_BLOCKS = toml.MAX_TABLES // 4
"""Well below the parser's limits: a block has two of the characters that they count, and at most
twenty keys and values."""
_MAX_KNOWN = 16 * 1024
"""How many parsed blocks are cached."""
_FIRST = '\n[scripts."'
# No characters that need escaping: those are left to the parser.
_TEXT = r"[^\"\\\x00-\x1f\x7f]"
_DIGEST = "sha256:[0-9a-f]{64}"
_VERSION = r"([1-9][0-9]{0,5})\.0"
_THEIRS = r"[1-9][0-9]{0,5}\.0(?: [1-9][0-9]{0,5}\.0){0,7}"
_BLOCK = re.compile(
    rf'({_TEXT}+)"\]\n'
    r'(?:pine_id = "(USER;[0-9a-f]{32})"\n)?'
    rf'name = "({_TEXT}{{0,256}})"\n'
    rf'(?:version = "{_VERSION}"\ndigest = "({_DIGEST})"\n'
    rf'(?:sent = "({_DIGEST})"\n)?(?:theirs = "({_THEIRS})"\n)?(?:chosen = "({_DIGEST})"\n)?)?'
    rf'(?:hidden = "{_VERSION}"\n)?'
    r"(?:\n|\Z)"
)


def read(text: str) -> tuple[dict[str, Any], dict[RelPath, Entry]] | None:
    """The TOML above the entries, and the entries. None if the text has another form or the parser
    would reject it."""
    first = text.find(_FIRST) + 1
    if not 0 < first <= _MAX_HEAD or text.count(_FIRST) > _MAX_BLOCKS:
        return None
    try:
        toml.check_size(text)
        table = toml.load(text[:first])
        entries = _entries(text, first)
    except (ManifestError, BadPath):
        return None
    return None if entries is None or "scripts" in table else (table, entries)


def _entries(text: str, start: int) -> dict[RelPath, Entry] | None:
    entries: dict[RelPath, Entry] = {}
    *others, last = text[start - 1 :].split(_FIRST)[1:]
    for block in others:
        if not block.endswith("\n"):  # blank lines separate blocks
            return None
        entry = _entry(block + "\n")
        if entry is None or entry.path in entries:
            return None
        entries[entry.path] = entry
    entry = _entry(last)
    if entry is None or entry.path in entries:
        return None
    return entries | {entry.path: entry}


@lru_cache(_MAX_KNOWN)
def _entry(block: str) -> Entry | None:
    """The entry in a block, which comes without its opening text. None if it has another form.
    Cached: each save changes one entry, and all are read back as a check."""
    match = _BLOCK.fullmatch(block)
    if match is None:
        return None
    raw, pine_id, name, version, digest, sent, theirs, chosen, shadowed = match.groups()
    path = check_path(raw)
    if pine_id is None:
        return None if version or shadowed else Entry(path, name)
    base = None
    if version:
        at = Version(int(version))
        others = tuple(Version(int(part[:-2])) for part in theirs.split(" ")) if theirs else ()
        if others and (list(others) != sorted(set(others)) or others[-1] > at):
            return None
        base = Base(
            at,
            Digest(digest),
            Digest(sent) if sent else None,
            others,
            Digest(chosen) if chosen else None,
        )
    return Entry(path, name, PineId(pine_id), base, Version(int(shadowed)) if shadowed else None)
