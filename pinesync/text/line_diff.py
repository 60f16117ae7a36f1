"""Find the lines that two texts share, for `diff`, `log`, the HTML page and mixed line endings.

The texts are untrusted, and difflib alone takes quadratic or even cubic time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

# The most pairs of lines that difflib compares in one piece and in all pieces of a text. Its time #
# grows faster than the number of pairs if most lines are equal.
_MAX_IN_A_PIECE = 250_000
_MAX_PAIRS = 1_000_000
_TURNS = 8


def same_lines(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int, int]]:
    """Runs of unchanged lines, in order: index in `old`, index in `new`, number of lines. The time
    is bounded for any input: pieces too large to compare line by line are split at lines that occur
    equally often in both, and whatever is still too large counts as changed."""
    runs: list[tuple[int, int, int]] = []
    left = _MAX_PAIRS
    todo = [(0, len(old), 0, len(new), _TURNS)]
    while todo:
        a, b, c, d, turns = todo.pop()
        # Plain loops: there may be half a million pieces, and a generator for each is slower.
        start, first = a, c
        while a < b and c < d and old[a] == new[c]:
            a, c = a + 1, c + 1
        if a > start:
            runs.append((start, first, a - start))
        end = b
        while a < b and c < d and old[b - 1] == new[d - 1]:
            b, d = b - 1, d - 1
        if b < end:
            runs.append((b, d, end - b))
        pairs = (b - a) * (d - c)
        if 0 < pairs <= min(left, _MAX_IN_A_PIECE):
            left -= pairs
            runs += [(a + i, c + j, size) for i, j, size in _compared(old[a:b], new[c:d])]
        elif pairs and turns:
            anchors = [(a + i, c + j) for i, j in _anchors(old[a:b], new[c:d])]
            # Each piece after the first begins with an anchor, a line that is equal in both.
            ends = [*anchors, (b, d)]
            pieces = zip([(a, c), *anchors], ends, strict=True) if anchors else ()
            todo += [(i, k, j, m, turns - 1) for (i, j), (k, m) in reversed([*pieces])]
    return _joined(runs)


def _compared(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    import difflib

    yield from difflib.SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Lines that both share, in increasing order. Prefer lines that occur equally often in both. Of
    lines that are adjacent in both, only the first is returned."""
    old_lines, new_lines = _by_line(old), _by_line(new)
    common = [(old_lines[line], new_lines[line]) for line in old_lines if line in new_lines]
    equal = [pair for pair in common if len(pair[0]) == len(pair[1])]
    counterparts = [-1] * len(old)
    for ours, theirs in equal or common:
        for i, j in zip(ours, theirs, strict=False):
            counterparts[i] = j
    # The longest increasing subsequence, by patience sorting.
    tops: list[int] = []
    last: list[int] = []
    before = [-1] * len(old)
    for i, j in enumerate(counterparts):
        if j >= 0:
            pile = bisect_left(tops, j)
            before[i] = last[pile - 1] if pile else -1
            tops[pile : pile + 1] = [j]
            last[pile : pile + 1] = [i]
    rising: list[tuple[int, int]] = []
    i = last[-1] if last else -1
    while i >= 0:
        k = before[i]
        if k < 0 or (k + 1, counterparts[k] + 1) != (i, counterparts[i]):
            rising.append((i, counterparts[i]))
        i = k
    return rising[::-1]


def _by_line(lines: Sequence[str]) -> dict[str, list[int]]:
    numbers: dict[str, list[int]] = {}
    for number, line in enumerate(lines):
        numbers.setdefault(line, []).append(number)
    return numbers


def _joined(runs: Iterable[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Sort the runs, join adjacent ones and drop empty ones."""
    joined: list[tuple[int, int, int]] = []
    for a, b, size in sorted(run for run in runs if run[2]):
        if joined and (joined[-1][0] + joined[-1][2], joined[-1][1] + joined[-1][2]) == (a, b):
            joined[-1] = (joined[-1][0], joined[-1][1], joined[-1][2] + size)
        else:
            joined.append((a, b, size))
    return joined


def changes(
    runs: Iterable[tuple[int, int, int]], old: int, new: int
) -> Iterator[tuple[int, int, int, int]]:
    """The changes between the runs: start and end in the old text, start and end in the new. `old`
    and `new` are the texts' line counts."""
    a = b = 0
    for i, j, size in (*runs, (old, new, 0)):
        if i > a or j > b:
            yield a, i, b, j
        a, b = i + size, j + size
