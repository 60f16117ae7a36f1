"""Which paths are one file: the rules of file systems, written independently of the code under
test.

Short names of Windows (`INDICA~1`) are not among them: no file gets one that ends in `.pine`, and
a folder would have to be called so in somebody's pine.toml.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

DEVICES = {"CON", "PRN", "AUX", "NUL", *(f"{d}{n}" for d in ("COM", "LPT") for n in range(1, 10))}


def by_bytes(path: str) -> object:
    """Linux: ext4, xfs, btrfs."""
    return path.encode("utf-8", "surrogateescape")


def of_a_mac(path: str) -> str:
    """APFS and HFS+: letter case and composition make no difference, nor, on HFS+, invisible
    characters."""
    folded = unicodedata.normalize("NFD", unicodedata.normalize("NFD", path).casefold())
    return "".join(c for c in folded if unicodedata.category(c) != "Cf")


def of_windows(path: str) -> str:
    """NTFS: each character in upper case if that is one character; trailing dots and spaces of a
    part are dropped, and the name ends at a colon."""
    parts = [part.partition(":")[0].rstrip(". ") for part in path.split("/")]
    return "/".join("".join(c.upper() if len(c.upper()) == 1 else c for c in p) for p in parts)


def in_lower_case(path: str) -> str:
    """Network drives: each character in lower case where that is one character, İ too."""
    lower = {"İ": "i"}
    return "".join(lower.get(c, c.lower() if len(c.lower()) == 1 else c) for c in path)


def by_looks(path: str) -> str:
    """ZFS as some set it up: compatibility forms, and letter case, make no difference."""
    folded = unicodedata.normalize("NFKC", path).casefold()
    return unicodedata.normalize("NFKC", folded)


Rule = Callable[[str], object]
RULES: tuple[Rule, ...] = (by_bytes, of_a_mac, of_windows, in_lower_case, by_looks)
