"""Unchanged lines: exact for small texts, and bounded for any input."""

import difflib
import random
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinesync.app.sync.text_diff import SideBySide, count_changed_lines, side_by_side, unified
from pinesync.model import RelPath
from pinesync.sync.reverts import Hunk, _Edit, _is_in_edit
from pinesync.text.canonical import lines
from pinesync.text.line_diff import changes, same_lines

few = st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=30)
texts = few.map("\n".join) | few.map(lambda found: "".join(f"{item}\n" for item in found))
MOST = 250_000
"""Lines of two characters and their end, in a source of 2 MiB as large as one is taken, a third of
it for the tests' sake."""


@given(few, few)
def test_runs_and_changes_together_cover_both_texts(old: list[str], new: list[str]) -> None:
    runs = same_lines(old, new)
    for a, b, size in runs:
        assert size > 0
        assert old[a : a + size] == new[b : b + size]
    made: list[str] = []
    at = 0
    for a, b, c, d in changes(runs, len(old), len(new)):
        made += old[at:a] + new[c:d]
        at = b
    assert made + old[at:] == new


@given(texts, texts)
def test_a_diff_turns_one_text_into_the_other(old: str, new: str) -> None:
    differs(old, new, 1000)


def differs(old: str, new: str, limit: int) -> SideBySide:
    """Both forms of the diff turn the old text into the new one, with the same counts."""
    found = unified(RelPath("x.pine"), "a", "b", old, new)
    assert list(applied(lines(old), found.lines)) == lines(new)
    side = side_by_side(old, new, limit)
    for form in (found, side):
        assert (form.added, form.removed) == count_changed_lines(old, new)
    return side


def applied(old: list[str], hunks: tuple[str, ...]) -> Iterator[str]:
    """Apply hunks by their numbers, as `patch` does."""
    at = 0
    rows = [*hunks, ""]
    for row, following in pairwise(rows):
        if row.startswith("@@"):
            start, _, count = row.split()[1][1:].partition(",")
            begin = int(start) - (count != "0")
            yield from old[at:begin]
            at = begin
        elif row[0] in " -+":
            text = row[1:] + ("" if following.startswith("\\") else "\n")
            if row[0] != "+":
                assert old[at] == text
                at += 1
            if row[0] != "-":
                yield text
    yield from old[at:]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a\n" * 40_000, "a\n" * 39_990),
        ("a\nb\n" * 20_000, "b\na\n" * 20_000),
        ("a\n" * 40_000, "b\n" * 40_000),
        ("".join(f"{n}\n" for n in range(3000)), "".join(f"{n * 7 % 3001}\n" for n in range(3000))),
    ],
    ids=["equal", "in turn", "nothing in common", "permuted"],
)
def test_a_coarse_diff_turns_one_text_into_the_other(old: str, new: str) -> None:
    side = differs(old, new, 100)
    assert sum(map(len, side.hunks)) <= 100


def test_unique_lines_anchor_a_large_diff() -> None:
    """Too large to compare line by line: lines that occur once in both are the anchors."""
    old = [f"line {number}\n" for number in range(80_000)]
    new = [line if number % 7 else f"{line}x\n" for number, line in enumerate(old)]
    assert sum(size for _, _, size in same_lines(old, new)) == sum(n % 7 > 0 for n in range(80_000))


# -- how much is done -----------------------------------------------------------------------------


class Line(str):
    """A line that counts its comparisons."""

    looks = 0

    def __eq__(self, other: object) -> bool:
        Line.looks += 1
        return str.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        Line.looks += 1
        return str.__ne__(self, other)

    def __hash__(self) -> int:
        Line.looks += 1
        return str.__hash__(self)


def drawn(values: int) -> Callable[[random.Random], list[str]]:
    return lambda draw: [str(draw.randrange(values)) for _ in range(MOST)]


HOSTILE: dict[str, Callable[[random.Random], list[str]]] = {
    "two lines": drawn(2),
    "a hundred lines": drawn(100),
    "thousands of lines": drawn(5000),
    "one order or the other": lambda draw: draw.sample([str(n) for n in range(MOST)], MOST),
    "pieces between what is unique": lambda draw: [
        f"only {n}" if n % 500 == 0 else str(draw.randrange(2)) for n in range(MOST)
    ],
    "one line over and over": lambda draw: ["a"] * (MOST - draw.randrange(1000)),
    "two lines in turn": lambda draw: (["a", "b"] * MOST)[draw.randrange(2) :][:MOST],
    "nothing in common": lambda draw: [str(draw.random())] * MOST,
    "80,000 lines of which some differ": lambda draw: [
        str(n) if draw.randrange(7) else f"{n} {draw.random()}" for n in range(80_000)
    ],
    "one long line": lambda draw: ["x" * 3 * MOST + str(draw.random())],
}


@pytest.mark.promise("S11")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_diff_of_large_texts_is_not_quadratic(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs: list[int] = []

    class Counting(difflib.SequenceMatcher):
        def __init__(self, junk: None, old: list[str], new: list[str], *, autojunk: bool) -> None:
            pairs.append(len(old) * len(new))
            super().__init__(junk, old, new, autojunk=autojunk)

    monkeypatch.setattr(difflib, "SequenceMatcher", Counting)
    made = HOSTILE[name]
    old = [Line(line) for line in made(random.Random(1))]
    new = [Line(line) for line in made(random.Random(2))]
    Line.looks = 0
    same_lines(old, new)
    assert sum(pairs) <= 1_000_000
    assert max(pairs, default=0) <= 250_000
    assert Line.looks < 60 * (len(old) + len(new))


@pytest.mark.promise("S11")
def test_conflict_search_is_linear_in_the_number_of_changes() -> None:
    """An edit next to each of thousands of foreign changes, which git treats as conflicts."""

    class Walked(list[Hunk]):
        times = 0

        def __getitem__(self, at: Any) -> Any:
            Walked.times += 1
            return list.__getitem__(self, at)

    ours = [(n, n + 1, (f"{n}\n", "mine\n")) for n in range(0, 20_000, 4)]
    theirs = [(n, n + 1, (f"{n}\n",)) for n in range(0, 20_000, 4)]
    edit = _Edit(Walked(ours))
    assert all(_is_in_edit(hunk, edit) for hunk in theirs)
    assert not _is_in_edit((2, 2, ("theirs\n",)), edit)
    assert _is_in_edit((1, 2, ("5\n",)), edit) is None
    assert Walked.times <= 3 * len(theirs)
