"""Compare two texts: unified diff, side by side, and number of changed lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, zip_longest

from pinesync.model import RelPath
from pinesync.text.canonical import lines
from pinesync.text.contract import Change
from pinesync.text.line_diff import changes, same_lines

_AROUND = 3
"""The number of context lines before and after a change."""


@dataclass(frozen=True, slots=True)
class Half:
    """One line of one side: its number from 1, and its text with its line ending."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Two lines shown next to each other. A side is None if only the opposite side has a line."""

    left: Half | None
    right: Half | None

    @property
    def same(self) -> bool:
        return bool(self.left and self.right and self.left.text == self.right.text)


@dataclass(frozen=True, slots=True)
class SideBySide:
    """The hunks in order, and the numbers of added and removed lines. `left_out` counts the pairs
    omitted from `pieces`."""

    pieces: tuple[tuple[Pair, ...], ...]
    added: int
    removed: int
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class FileDiff:
    """The diff of one file. `lines` is a unified diff without line endings. It is empty if there is
    nothing to show; `note` then says why. `shifts` are what charts and alerts may read
    differently, if that was asked for instead."""

    path: RelPath
    old: str
    new: str
    added: int
    removed: int
    lines: tuple[str, ...]
    note: str = ""
    shifts: tuple[Change, ...] = ()


def unified(path: RelPath, old_label: str, new_label: str, old: str, new: str) -> FileDiff:
    """A unified diff of two canonical texts, as git shows it."""
    before, after = lines(old), lines(new)
    found = _changes(before, after)
    body: list[str] = []
    for line in _hunks(before, after, found):
        body.append(line.removesuffix("\n"))
        if not line.endswith("\n"):
            body.append("\\ No newline at end of file")
    return FileDiff(
        path,
        f"a/{path} ({old_label})",
        f"b/{path} ({new_label})",
        *_counted(found),
        tuple(body),
    )


def side_by_side(old: str, new: str, limit: int) -> SideBySide:
    """Compare two canonical texts; show at most `limit` pairs of lines."""
    before, after = lines(old), lines(new)
    found = _changes(before, after)
    pieces: list[tuple[Pair, ...]] = []
    left_out = 0
    for piece in _pieces(found, len(before)):
        shown = tuple(islice(_pairs(piece, before, after), limit))
        pieces += [shown] * bool(shown)
        limit -= len(shown)
        # Equal lines have the same count on both sides; a change is as long as its longer side.
        longer = sum(max(0, (d - c) - (b - a)) for a, b, c, d in piece)
        left_out += piece[-1][1] - piece[0][0] + longer - len(shown)
    return SideBySide(tuple(pieces), *_counted(found), left_out)


def changed_lines(old: str, new: str) -> tuple[int, int]:
    """The numbers of added and removed lines."""
    return _counted(_changes(lines(old), lines(new)))


_Change = tuple[int, int, int, int]
"""Start and end in the old lines, then start and end in the new lines."""


def _changes(old: list[str], new: list[str]) -> list[_Change]:
    return list(changes(same_lines(old, new), len(old), len(new)))


def _counted(found: list[_Change]) -> tuple[int, int]:
    return sum(d - c for _, _, c, d in found), sum(b - a for a, b, _, _ in found)


def _pieces(found: list[_Change], length: int) -> Iterator[list[_Change]]:
    """Group changes whose context lines touch. `length` is the number of old lines. Each group
    begins and ends with an empty change, which marks the range of lines to show."""
    groups: list[list[_Change]] = []
    for change in found:
        if groups and change[0] - groups[-1][-1][1] <= 2 * _AROUND:
            groups[-1].append(change)
        else:
            groups.append([change])
    for group in groups:
        (a, _, c, _), (_, b, _, d) = group[0], group[-1]
        before, after = min(_AROUND, a), min(_AROUND, length - b)
        head = (a - before, a - before, c - before, c - before)
        yield [head, *group, (b + after, b + after, d + after, d + after)]


def _hunks(old: list[str], new: list[str], found: list[_Change]) -> Iterator[str]:
    for piece in _pieces(found, len(old)):
        (at, _, start, _), (end, _, stop, _) = piece[0], piece[-1]
        yield f"@@ -{_span(at, end)} +{_span(start, stop)} @@\n"
        for a, b, c, d in piece:
            yield from (f" {line}" for line in old[at:a])
            yield from (f"-{line}" for line in old[a:b])
            yield from (f"+{line}" for line in new[c:d])
            at = b


def _span(start: int, stop: int) -> str:
    """A line range as in a unified diff header: an empty range names the line before it."""
    length = stop - start
    return f"{start + 1}" if length == 1 else f"{start + (length > 0)},{length}"


def _pairs(piece: list[_Change], old: list[str], new: list[str]) -> Iterator[Pair]:
    at, _, start, _ = piece[0]
    for a, b, c, d in piece:
        for left, right in ((range(at, a), range(start, c)), (range(a, b), range(c, d))):
            for i, j in zip_longest(left, right):
                yield Pair(
                    None if i is None else Half(i + 1, old[i]),
                    None if j is None else Half(j + 1, new[j]),
                )
        at, start = b, d
