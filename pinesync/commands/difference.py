"""What differs between two texts, line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pinesync.line_diff import changes, same_lines
from pinesync.model import RelPath
from pinesync.text import lines

AROUND = 3
"""So many equal lines are shown before and after a change."""
Change = tuple[int, int, int, int]
"""Lines from and to, of the old ones and of the new."""


@dataclass(frozen=True, slots=True)
class FileDiff:
    """One file. `lines` are those of a unified diff, without line ends; empty where there is
    nothing to show and `note` says why."""

    path: RelPath
    old: str
    new: str
    added: int
    removed: int
    lines: tuple[str, ...]
    note: str = ""


def unified(path: RelPath, old_label: str, new_label: str, old: str, new: str) -> FileDiff:
    """A unified diff of two canonical texts, as git shows it."""
    before, after = lines(old), lines(new)
    found = [*changes(same_lines(before, after), len(before), len(after))]
    body: list[str] = []
    for line in _hunks(before, after, found):
        body.append(line.removesuffix("\n"))
        if not line.endswith("\n"):
            body.append("\\ No newline at end of file")
    return FileDiff(
        path,
        f"a/{path} ({old_label})",
        f"b/{path} ({new_label})",
        sum(d - c for _, _, c, d in found),
        sum(b - a for a, b, _, _ in found),
        tuple(body),
    )


def grouped(found: Iterable[Change]) -> list[list[Change]]:
    """Changes of which the lines around them meet, together."""
    groups: list[list[Change]] = []
    for change in found:
        if groups and change[0] - groups[-1][-1][1] <= 2 * AROUND:
            groups[-1].append(change)
        else:
            groups.append([change])
    return groups


def _hunks(old: list[str], new: list[str], found: Iterable[Change]) -> Iterator[str]:
    for group in grouped(found):
        first, last = group[0], group[-1]
        before = min(AROUND, first[0])
        after = min(AROUND, len(old) - last[1])
        left = _span(first[0] - before, last[1] + after)
        right = _span(first[2] - before, last[3] + after)
        yield f"@@ -{left} +{right} @@\n"
        at = first[0] - before
        for a, b, c, d in group:
            yield from (f" {line}" for line in old[at:a])
            yield from (f"-{line}" for line in old[a:b])
            yield from (f"+{line}" for line in new[c:d])
            at = b
        yield from (f" {line}" for line in old[at : at + after])


def _span(start: int, stop: int) -> str:
    """Lines as a unified diff numbers them: an empty span is told by the line before it."""
    length = stop - start
    return f"{start + 1}" if length == 1 else f"{start + (length > 0)},{length}"


def changed_lines(old: str, new: str) -> tuple[int, int]:
    """How many lines came and went."""
    before, after = lines(old), lines(new)
    same = sum(size for _, _, size in same_lines(before, after))
    return len(after) - same, len(before) - same
