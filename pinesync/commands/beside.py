"""Two texts side by side: the lines that differ, with a few around them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, zip_longest

from pinesync.commands.difference import AROUND, Change, grouped
from pinesync.line_diff import changes, same_lines
from pinesync.text import lines


@dataclass(frozen=True, slots=True)
class Half:
    """One line of a side: its number from 1, and its text with the line end that it has."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Pair:
    """What stands beside each other: None where the other side has a line more."""

    left: Half | None
    right: Half | None

    @property
    def same(self) -> bool:
        return bool(self.left and self.right and self.left.text == self.right.text)


@dataclass(frozen=True, slots=True)
class Beside:
    """The pieces that differ, in order; how many lines came and went. `left_out` counts the pairs
    that are not in `pieces` any more."""

    pieces: tuple[tuple[Pair, ...], ...]
    added: int
    removed: int
    left_out: int = 0


def beside(old: str, new: str, most: int) -> Beside:
    """The two canonical texts, up to `most` pairs of lines."""
    left, right = lines(old), lines(new)
    found = [*changes(same_lines(left, right), len(left), len(right))]
    pieces: list[tuple[Pair, ...]] = []
    left_out = 0
    for group in grouped(found):
        rows = [*_rows(group, len(left))]
        length = sum(max(b - a, d - c) for a, b, c, d in rows)
        shown = tuple(islice(_pairs(left, right, rows), most))
        pieces += [shown] * bool(shown)
        most -= len(shown)
        left_out += length - len(shown)
    return Beside(
        tuple(pieces),
        added=sum(d - c for _, _, c, d in found),
        removed=sum(b - a for a, b, _, _ in found),
        left_out=left_out,
    )


def _rows(group: Sequence[Change], length: int) -> Iterator[Change]:
    """The changes, and the equal lines before, between and after them; the old text has so many."""
    a, _, c, _ = group[0]
    before = min(AROUND, a)
    at, to = a - before, c - before
    for a, b, c, d in group:
        yield at, a, to, c
        yield a, b, c, d
        at, to = b, d
    after = min(AROUND, length - at)
    yield at, at + after, to, to + after


def _pairs(old: list[str], new: list[str], rows: Iterable[Change]) -> Iterator[Pair]:
    for a, b, c, d in rows:
        for one, other in zip_longest(range(a, b), range(c, d)):
            yield Pair(
                None if one is None else Half(one + 1, old[one]),
                None if other is None else Half(other + 1, new[other]),
            )
