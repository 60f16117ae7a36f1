"""Two texts side by side: the lines that differ, with a few around them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from pinesync.line_diff import changes, same_lines
from pinesync.text import lines

AROUND = 3
"""So many equal lines are shown before and after a change."""


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
    pairs = list(_pairs(lines(old), lines(new)))
    near = _near([number for number, pair in enumerate(pairs) if not pair.same], len(pairs))
    pieces: list[list[Pair]] = []
    last = None
    for number in near[:most]:
        if last is None or number != last + 1:
            pieces.append([])
        pieces[-1].append(pairs[number])
        last = number
    differing = [pair for pair in pairs if not pair.same]
    return Beside(
        tuple(map(tuple, pieces)),
        added=sum(pair.right is not None for pair in differing),
        removed=sum(pair.left is not None for pair in differing),
        left_out=len(near[most:]),
    )


def _near(changed: Sequence[int], length: int) -> list[int]:
    """The numbers of the pairs that are shown."""
    near = {n for at in changed for n in range(max(0, at - AROUND), at + AROUND + 1)}
    return sorted(n for n in near if n < length)


def _pairs(old: list[str], new: list[str]) -> Iterator[Pair]:
    """All lines of both, in order."""
    at = 0
    runs = same_lines(old, new)
    for a, b, c, d in changes(runs, len(old), len(new)):
        yield from _zipped(old, new, (at, a), (c - (a - at), c))
        yield from _zipped(old, new, (a, b), (c, d))
        at = b
    yield from _zipped(old, new, (at, len(old)), (len(new) - (len(old) - at), len(new)))


def _zipped(
    old: list[str], new: list[str], left: tuple[int, int], right: tuple[int, int]
) -> Iterator[Pair]:
    for one, other in zip_longest(range(*left), range(*right)):
        yield Pair(
            None if one is None else Half(one + 1, old[one]),
            None if other is None else Half(other + 1, new[other]),
        )
