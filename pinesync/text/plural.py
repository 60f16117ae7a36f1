"""Numbers with their nouns, and the first of many names."""

from __future__ import annotations

from collections.abc import Sequence


def pluralize(number: int, noun: str) -> str:
    """ "1 script", "2 scripts"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def shorten_list(names: Sequence[str], most: int) -> str:
    """The first names, and the number of the rest: "a, b and 3 more"."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
