"""Read untrusted TOML within limits, report errors by line, and edit it in place.

This module knows only text and keys; `manifest` knows what pine.toml's keys mean.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from itertools import dropwhile, takewhile
from typing import Any

from pinesync.errors import ManifestError
from pinesync.text.canonical import Unreadable, check_encodable, lines

MAX_BYTES = 4 * 1024 * 1024
MAX_DOTTED_PARTS = 10
MAX_TABLES = 50_000
"""Limit on brackets, braces and dots in keys: each may create a table, which takes a kilobyte."""
MAX_TOKENS = 400_000
"""Limit on keys, values and comments. Ten thousand scripts need less than half of either limit."""
MAX_EDITED = 512 * 1024
"""The most bytes of a text whose layout is kept: tomlkit can take two hundred times that memory."""
BY_HAND = "fix it by hand, or restore an older one from git"

Keys = tuple[str, ...]

_MARKER = r"(?m)^(?:<{7}|>{7}|={7}|\|{7})(?: |\r?$)"
_TOML_LINE = r" \(at (?:line (\d+), column \d+|end of document)\)$"
_BARE_KEY = r"\s*[\"']?([A-Za-z0-9_-]+)[\"']?\s*[.=]"
# Every TOML token. No alternative backtracks, even if a token is unclosed: backtracking would take
# # quadratic time on a hostile line.
_TOKEN = re.compile(
    r"""  \"{3} [^"\\]*+ (?: (?: \\. | "(?!"") ) [^"\\]*+ )* (?: "{3,5} | \Z )
        | '{3} [^']*+ (?: '(?!'') [^']*+ )* (?: '{3,5} | \Z )
        | (?P<many> (?: (?: [A-Za-z0-9_-]++ | "[^"\\\n]*+ (?: \\[^\n] [^"\\\n]*+ )*" | '[^'\n]*+' )
                        [ \t]*+ \. [ \t]*+ ){10} )
        | [A-Za-z0-9_-]++
        | " [^"\\\n]*+ (?: \\[^\n] [^"\\\n]*+ )* "?
        | '[^'\n]*+ '?
        | \#[^\n]*+
        | (?P<sign> [.\[{] )
    """.replace("{10}", f"{{{MAX_DOTTED_PARTS}}}"),
    re.VERBOSE | re.DOTALL,
)


class Unusable(Exception):
    """An error and the keys that lead to it. `line_of` finds the line."""

    def __init__(self, message: str, keys: tuple[str, ...], hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.keys = keys
        self.hint = hint


def load(text: str) -> dict[str, Any]:
    """Parse the text. Limits are checked first, so that parsing is always fast."""
    check_size(text)
    if "\0" in text:
        raise ManifestError("a NUL character", BY_HAND, line=_line_at(text, text.index("\0")))
    _check_limits(text)
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise _not_toml(text, error) from None


def check_size(text: str) -> None:
    """Raise ManifestError if the text cannot be encoded or is too large."""
    try:
        check_encodable(text)
    except Unreadable as error:
        raise ManifestError(str(error), BY_HAND) from None
    if len(text) > MAX_BYTES or len(text.encode()) > MAX_BYTES:
        raise ManifestError(f"larger than {MAX_BYTES // 1024 // 1024} MiB")


def _check_limits(text: str) -> None:
    tables = 0
    for number, token in enumerate(_TOKEN.finditer(text)):
        kind = token.lastgroup
        tables += kind == "sign"
        if kind == "many":
            message = f"a key of more than {MAX_DOTTED_PARTS} dotted parts"
        elif tables > MAX_TABLES:
            message = f"more than {MAX_TABLES} tables and lists"
        elif number > MAX_TOKENS:
            message = f"more than {MAX_TOKENS} keys and values"
        else:
            continue
        raise ManifestError(message, line=_line_at(text, token.start()))


def _not_toml(text: str, error: Exception) -> ManifestError:
    marker = re.search(_MARKER, text)
    if marker:
        return ManifestError(
            "git left conflict markers here",
            "`pinesync repair` merges the two sides, script by script",
            line=_line_at(text, marker.start()),
        )
    if isinstance(error, RecursionError):
        return ManifestError("nested too deeply")
    place = re.search(_TOML_LINE, str(error))
    message = str(error)[: place.start()] if place else str(error)
    line = int(place[1]) if place and place[1] else None
    if place and line is None:
        line = text.rstrip("\n").count("\n") + 1
    return ManifestError(f"not TOML: {message[:1].lower()}{message[1:]}", BY_HAND, line=line)


# Lines, for messages: looked for only once something is wrong


def _line_at(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def line_of(text: str, keys: Keys) -> int | None:
    """The line of a key or else of its table; None if not found."""
    best, best_line = 0, None
    table: Keys = ()
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip().startswith("["):
            table = place = _chain(line) or ("", line)
        elif keys[: len(table)] == table and len(keys) > len(table) and "=" in line:
            place = table + _key_chain(line)
        else:
            continue
        pairs = zip(keys, place, strict=False)
        score = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        if score > best:
            best, best_line = score, number
    return best_line


def _key_chain(line: str) -> Keys:
    bare = re.match(_BARE_KEY, line)
    return _chain(line) or ((bare[1],) if bare else ())


def _chain(line: str) -> Keys:
    """The keys in a line of TOML: `a.b = 1` and `[a.b]` give a, b."""
    try:
        value: object = tomllib.loads(line)
    except (ValueError, RecursionError):
        return ()
    keys = []
    while isinstance(value, dict) and len(value) == 1:
        key, value = next(iter(value.items()))
        keys.append(key)
        value = value[0] if isinstance(value, list) and value else value
    return tuple(keys)


# Editing


def plain(table: Mapping[str, Any]) -> str:
    """Serialise a table, without empty tables at the top level."""
    import tomli_w

    return tomli_w.dumps({key: value for key, value in table.items() if value != {}})


def edit(text: str, before: dict[str, Any], after: dict[str, Any]) -> str:
    """Edit `text`, which contains `before`, so that it contains `after`. Line endings are LF.

    Text from the serialiser is serialised again. Text that a person wrote keeps its comments and
    order, unless tomlkit cannot edit its layout (tables of dotted keys) or it is too long: then it
    is serialised from scratch.
    """
    if plain(before) == text:
        return plain(after)
    edited = _edit_in_place(text, before, after) if len(text) <= MAX_EDITED else None
    return edited or plain(after)


def _edit_in_place(text: str, before: dict[str, Any], after: dict[str, Any]) -> str | None:
    import tomlkit

    try:
        prepared = _prepare(text if text.endswith("\n") else text + "\n", before, after)
        document = tomlkit.parse(prepared)
        _set_keys(document, tomllib.loads(prepared), after)
        edited = tomlkit.dumps(document)
        return edited if _without_empty(tomllib.loads(edited)) == _without_empty(after) else None
    except Exception:  # noqa: BLE001
        # tomlkit raises IndexError and the like for some layouts that TOML allows. Losing a
        # person's # layout is better than losing the change.
        return None


def _set_keys(table: Any, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Touch only what differs: reading a value through tomlkit costs as much as setting it."""
    for key in before.keys() - after.keys():
        del table[key]
    for key, value in after.items():
        old = before.get(key)
        if isinstance(old, dict) and isinstance(value, dict):
            _set_keys(table[key], old, value)
        elif old != value:
            table[key] = value


def _without_empty(table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in table.items() if value != {}}


def _prepare(text: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Remove deleted tables, and write new keys into the tables that stay.

    For tomlkit, the comment above a header belongs to the previous table. It would be removed with
    that table, and new keys would come after it.
    """
    changed = dict(_changed_tables(before, after))
    kept: list[str] = []
    for keys, block in _blocks(text):
        end = 1 + max((i for i, line in enumerate(block) if not _is_blank(line)), default=-1)
        if keys not in changed:
            kept += block
            continue
        new = changed[keys]
        below = block[end:]
        if new is None:
            below = list(dropwhile(str.strip, below))
            kept += dropwhile(lambda line: not line.strip(), below)
        else:
            kept += [*block[:end], plain(new), *below]
    return "".join(kept)


def _changed_tables(
    before: Mapping[str, Any], after: Mapping[str, Any], *above: str
) -> Iterator[tuple[Keys, dict[str, Any] | None]]:
    """Yield deleted tables with None, and tables that get new keys with those keys."""
    new = {key: value for key, value in after.items() if key not in before}
    new = {key: value for key, value in new.items() if not isinstance(value, dict)}
    if new and above:
        yield above, new
    for key, old in before.items():
        if not isinstance(old, dict) or old == after.get(key):
            continue
        if key in after:
            yield from _changed_tables(old, after[key], *above, key)
        else:
            yield (*above, key), None


def _blocks(text: str) -> Iterator[tuple[Keys, list[str]]]:
    """The keys of each header, with the lines up to the next header."""
    keys: Keys = ()
    block: list[str] = []
    for line in lines(text):
        if line.lstrip().startswith("["):
            yield keys, block
            keys, block = _chain(line), []
        block.append(line)
    yield keys, block


def _is_blank(line: str) -> bool:
    return line.strip()[:1] in ("", "#")
