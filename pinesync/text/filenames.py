"""Turn a saved name into a file name, and check the paths in pine.toml.

Neither can be trusted: names come from the service, paths from a repository. A `RelPath` is created
only here, so code that receives one need not check it again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from itertools import count

from pinesync.model import PineId, RelPath

SUFFIX = ".pine"
MAX_PATH_BYTES = 1000
MAX_PART_BYTES = 200
MAX_PARTS = 32
MAX_STEM_BYTES = 120
MAX_SAVED_NAME = 128
"""The most characters that the service accepts in a saved name."""

_FORBIDDEN = frozenset('\\:*?"<>|')
_UNPRINTED = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))
# An HTML entity may be the service's escaping or part of the name; U+FFFD replaces a lost
# character.
_UNSURE = r"&(?:#\d+|#x[0-9a-f]+|[a-z][a-z0-9]*);|[\x00-\x1f\x7f\ufffd]"
_DEVICE = r"(?:con|prn|aux|nul|clock\$|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])"
# Unicode's Default_Ignorable_Code_Point: invisible, and ignored by some file systems.
_INVISIBLE = (
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_DOTTED_I = "i\u0307+"
_PLAIN = r"[A-Za-z0-9_()+,=@ ./-]+"
"""The characters of nearly every path. Such a path skips the checks of single characters."""
# Nearly every path: one match checks all rules.
_USUAL = re.compile(
    r"(?:(?!(?:con|prn|aux|nul|(?:com|lpt)[0-9])[ ]*(?:[./]|\Z))"
    r"[A-Za-z0-9_](?:[A-Za-z0-9_ .-]*[A-Za-z0-9_-])?(?:/|\Z)){1,8}",
    re.I,
)


class BadPath(ValueError):
    """The path breaks a rule. The message says which."""


def check_path(raw: str) -> RelPath:
    """Return the path if it may name a script's file in the workspace. BadPath otherwise."""
    if not raw.endswith(SUFFIX):
        raise BadPath(f"does not end in {SUFFIX}")
    if len(raw) > MAX_PART_BYTES or not raw.isascii() or not _USUAL.fullmatch(raw):
        _check_parts(raw)
    return RelPath(raw)


def check_folder(raw: str) -> str:
    """Return the path if the folder may hold scripts; `.` is the workspace itself. BadPath
    otherwise."""
    if raw != ".":
        _check_parts(raw)
        if any(part.lower().endswith(SUFFIX) for part in raw.split("/")):
            raise BadPath(f"a folder must not end in {SUFFIX}")
    return raw


def file_name(name: str, pine_id: PineId | None) -> str:
    """The file name for a saved name. It has at most 126 bytes and always passes `check_path`.

    Letters and digits of every writing system are kept. Characters that are risky in a shell or on
    some system become `_`. If no letter or digit is left, the id's first eight digits name the
    file. Equal arguments give equal names. Names are not unique: see `place`.
    """
    stem = _stem(name)
    if not any(char.isalnum() for char in stem):
        stem = "script-" + pine_id.hex[:8] if pine_id else "script"
    return stem + SUFFIX


def collision_key(path: str) -> str:
    """Two paths with the same key may be the same file on some system.

    The key ignores letter case, composition, compatibility forms, invisible characters, and dots or
    spaces at the end of a part.
    """
    if not path.isascii():
        path = unicodedata.normalize("NFKD", path).casefold()
        path = re.sub(_INVISIBLE, "", unicodedata.normalize("NFKD", path).casefold())
        path = unicodedata.normalize("NFKD", path)
        # Both İ and the dotless ı can match a plain i on some system.
        path = re.sub(_DOTTED_I, "i", path.replace("\u0131", "i"))
    path = path.lower()
    if path.endswith((".", " ")) or "./" in path or " /" in path:
        return re.sub(r"[. ]+(?=/|\Z)", "", path)
    return path


def place(name: str, pine_id: PineId | None, folder: str, taken: Collection[str]) -> RelPath:
    """A free path for a script of this name in `folder` (`.` or empty for the workspace itself).

    `taken` holds the collision keys of all paths in use. If the plain file name is taken, add the
    start of the id, then more of it, then a counter. BadPath if the folder breaks a rule.
    """
    stem = file_name(name, pine_id).removesuffix(SUFFIX)
    prefix = "" if folder in ("", ".") else check_folder(folder) + "/"
    free = (
        path
        for path in (prefix + stem + tail + SUFFIX for tail in _suffixes(pine_id))
        if collision_key(path) not in taken
    )
    return check_path(next(free))


def _suffixes(pine_id: PineId | None) -> Iterator[str]:
    yield ""
    digits = pine_id.hex if pine_id else ""
    if digits:
        yield from (f"-{digits[:size]}" for size in (8, 16, 32))
        digits = "-" + digits
    yield from (f"{digits}-{number}" for number in count(2))


def _check_parts(raw: str) -> None:
    if len(raw) > MAX_PATH_BYTES or len(raw.encode("utf-8", "surrogatepass")) > MAX_PATH_BYTES:
        raise BadPath(f"longer than {MAX_PATH_BYTES} bytes")
    if raw.startswith("/"):
        raise BadPath("not relative to the workspace")
    if not re.fullmatch(_PLAIN, raw):
        _check_characters(raw)
    parts = raw.split("/")
    if len(parts) > MAX_PARTS:
        raise BadPath(f"more than {MAX_PARTS} parts deep")
    for part in parts:
        _check_part(part)


def _check_characters(raw: str) -> None:
    for char in raw:
        if unicodedata.category(char) in _UNPRINTED:
            raise BadPath(f"a control or format character (U+{ord(char):04X})")
        if char in _FORBIDDEN:
            raise BadPath(f"the character {char}")
    if not unicodedata.is_normalized("NFC", raw):
        raise BadPath("not in Unicode's composed form (NFC)")


def _check_part(part: str) -> None:
    if not part:
        raise BadPath("an empty part")
    if part[0] in ".~-":
        raise BadPath(f"a part that begins with {part[0]}")
    if part[-1] in ". ":
        raise BadPath("a part that ends with a dot or a space")
    if len(part.encode()) > MAX_PART_BYTES:
        raise BadPath(f"a part longer than {MAX_PART_BYTES} bytes")
    if _is_device(part):
        raise BadPath("a part that is the name of a device on Windows")


def _is_device(part: str) -> bool:
    # Windows compares the part before the first dot, without trailing spaces.
    return bool(re.fullmatch(_DEVICE, part.partition(".")[0].rstrip(" "), re.I))


def _stem(name: str) -> str:
    stem = "".join(_translate(unicodedata.normalize("NFC", name)))
    # The substitutions may have moved marks next to letters, so compose again.
    tidy = unicodedata.normalize("NFC", re.sub(r"_+", "_", re.sub(r" +", " ", stem)))
    short = tidy.strip(" ._-").encode()[:MAX_STEM_BYTES].decode("utf-8", "ignore").rstrip(" ._-")
    return "_" + short if _is_device(short) else short


def _translate(name: str) -> Iterator[str]:
    """Yield each character that a file name may contain, `_` for any other."""
    after_letter = False
    for char in name:
        category = unicodedata.category(char)
        mark = category in ("Mn", "Mc")
        if category == "Cf" or (mark and re.match(_INVISIBLE, char)):
            continue
        if char.isalnum() or char in "_.()+-" or (mark and after_letter):
            yield char
        else:
            yield " " if category == "Zs" else "_"
        after_letter = char.isalnum() or (mark and after_letter)


def unescape_name(name: str) -> str:
    """A saved name as a person reads it. Some of the service's responses HTML-escape it."""
    if "&" not in name:
        return name
    import html  # slow to load: two thousand entity names

    return html.unescape(name)


def shell_quote(path: str) -> str:
    """The path, quoted for a shell if necessary."""
    import shlex

    return shlex.quote(path)


def is_sendable_name(name: str) -> bool:
    """Whether sending this listed name back surely leaves it unchanged on the service."""
    return 0 < len(name) <= MAX_SAVED_NAME and not re.search(_UNSURE, name, re.I)
