"""Compare two texts: unified diff, side by side, and number of changed lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, zip_longest

from pinesync.model import RelPath
from pinesync.text.canonical import lines
from pinesync.text.contract import Change
from pinesync.text.line_diff import changes, same_lines

_CONTEXT_LINES = 3
"""The number of context lines before and after a change."""


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of one side: its number from 1, and its text with its line ending."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class DiffRow:
    """One row of a side-by-side diff. A side is None where only the other side has a line."""

    left: DiffLine | None
    right: DiffLine | None

    @property
    def same(self) -> bool:
        return bool(self.left and self.right and self.left.text == self.right.text)


@dataclass(frozen=True, slots=True)
class SideBySide:
    """The hunks in order, and the numbers of added and removed lines. `omitted` counts the rows
    that `hunks` leaves out."""

    hunks: tuple[tuple[DiffRow, ...], ...]
    added: int
    removed: int
    omitted: int = 0


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
    edits = _edits(before, after)
    body: list[str] = []
    for line in _hunks(before, after, edits):
        body.append(line.removesuffix("\n"))
        if not line.endswith("\n"):
            body.append("\\ No newline at end of file")
    return FileDiff(
        path,
        f"a/{path} ({old_label})",
        f"b/{path} ({new_label})",
        *_count_lines(edits),
        tuple(body),
    )


def side_by_side(old: str, new: str, limit: int) -> SideBySide:
    """Compare two canonical texts; show at most `limit` rows."""
    before, after = lines(old), lines(new)
    edits = _edits(before, after)
    hunks: list[tuple[DiffRow, ...]] = []
    omitted = 0
    for group in _group_hunks(edits, len(before)):
        shown = tuple(islice(_rows(group, before, after), limit))
        if shown:
            hunks.append(shown)
        limit -= len(shown)
        # Equal lines have the same count on both sides; an edit is as long as its longer side.
        longer = sum(
            max(0, (new_end - new_start) - (old_end - old_start))
            for old_start, old_end, new_start, new_end in group
        )
        omitted += group[-1][1] - group[0][0] + longer - len(shown)
    return SideBySide(tuple(hunks), *_count_lines(edits), omitted)


def count_changed_lines(old: str, new: str) -> tuple[int, int]:
    """The numbers of added and removed lines."""
    return _count_lines(_edits(lines(old), lines(new)))


_Edit = tuple[int, int, int, int]
"""Start and end in the old lines, then start and end in the new lines."""


def _edits(old: list[str], new: list[str]) -> list[_Edit]:
    return list(changes(same_lines(old, new), len(old), len(new)))


def _count_lines(edits: list[_Edit]) -> tuple[int, int]:
    added = sum(new_end - new_start for _, _, new_start, new_end in edits)
    return added, sum(old_end - old_start for old_start, old_end, _, _ in edits)


def _group_hunks(edits: list[_Edit], length: int) -> Iterator[list[_Edit]]:
    """Group edits whose context overlaps or touches. `length` is the number of old lines. Each
    group starts and ends with an empty edit that marks the bounds of its context."""
    groups: list[list[_Edit]] = []
    for edit in edits:
        if groups and edit[0] - groups[-1][-1][1] <= 2 * _CONTEXT_LINES:
            groups[-1].append(edit)
        else:
            groups.append([edit])
    for group in groups:
        (old_start, _, new_start, _), (_, old_end, _, new_end) = group[0], group[-1]
        leading, trailing = min(_CONTEXT_LINES, old_start), min(_CONTEXT_LINES, length - old_end)
        old_start, new_start = old_start - leading, new_start - leading
        old_end, new_end = old_end + trailing, new_end + trailing
        yield [
            (old_start, old_start, new_start, new_start),
            *group,
            (old_end, old_end, new_end, new_end),
        ]


def _hunks(old: list[str], new: list[str], edits: list[_Edit]) -> Iterator[str]:
    for group in _group_hunks(edits, len(old)):
        (at, _, new_at, _), (last, _, new_last, _) = group[0], group[-1]
        yield f"@@ -{_span(at, last)} +{_span(new_at, new_last)} @@\n"
        for old_start, old_end, new_start, new_end in group:
            yield from (f" {line}" for line in old[at:old_start])
            yield from (f"-{line}" for line in old[old_start:old_end])
            yield from (f"+{line}" for line in new[new_start:new_end])
            at = old_end


def _span(start: int, stop: int) -> str:
    """A line range for a hunk header. An empty range is given by the line before it."""
    length = stop - start
    return f"{start + 1}" if length == 1 else f"{start + (length > 0)},{length}"


def _rows(group: list[_Edit], old: list[str], new: list[str]) -> Iterator[DiffRow]:
    at, _, new_at, _ = group[0]
    for old_start, old_end, new_start, new_end in group:
        for left, right in (
            (range(at, old_start), range(new_at, new_start)),
            (range(old_start, old_end), range(new_start, new_end)),
        ):
            for i, j in zip_longest(left, right):
                yield DiffRow(
                    None if i is None else DiffLine(i + 1, old[i]),
                    None if j is None else DiffLine(j + 1, new[j]),
                )
        at, new_at = old_end, new_end
