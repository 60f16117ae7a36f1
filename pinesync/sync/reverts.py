"""Which saves of others an edited file takes back. Pure.

Git moves files without their entries: after `git checkout -- FILE` or a stash, pine.toml names a
base that the file was never derived from, and a push would take back what others saved in between.
So the saves of others are taken out of the base's text, one after another, the newest first. A
file that has made all of these changes already lacks those saves, and what is left of the base's
text then is what the file is really based on.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pinesync.model import Base, Version
from pinesync.text.canonical import lines
from pinesync.text.line_diff import changes, same_lines

MOST_OLDER = 1000
"""Versions that are tried beyond those that the entry remembers."""

Merge = Callable[[str, str, str], str | None]
"""The three-way merge of (base, ours, theirs); None where it conflicts."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """An edited file, compared with the saves of others inside its base. `reverted` are the saves
    that it lacks, newest first, and `origin` is the text that it is really based on then. Where it
    lacks none, `replaced` are lines of theirs that the edit took out, with the version that
    brought them. `unknown` says why it could not be compared."""

    reverted: tuple[Version, ...] = ()
    origin: str = ""
    replaced: tuple[tuple[Version, str], ...] = ()
    unknown: str = ""


def compare(base: Base, here: str, text_of: Callable[[Version], str], merge: Merge) -> Comparison:
    """Compare the text of a file with the saves of others inside its base. What `text_of` or
    `merge` raises goes through."""
    agreed = text_of(base.version)
    walk = _Walk(agreed, here, merge)
    saves: list[tuple[Version, str, str]] = []
    for version in reversed(base.theirs):
        if version.major == 1:
            break  # nothing came before it
        save = (version, text_of(version), text_of(Version(version.major - 1)))
        saves.append(save)
        walk.take_out(*save)
    if saves and saves[-1][0] in walk.reverted:
        # All of theirs that the entry remembers: the file may be older still.
        oldest = saves[-1][0].major
        for number in range(oldest - 1, max(1, oldest - MOST_OLDER), -1):
            before = text_of(Version(number - 1))
            if not walk.take_out(Version(number), text_of(Version(number)), before):
                break
    known = set(base.theirs)
    reverted = [version for version in walk.reverted if version in known]
    origin = walk.origin if reverted else agreed
    for version, text, before in saves:
        # A file may have the newest save and lack an older one, as a cherry-pick leaves it.
        alone = _Walk(agreed, here, merge)
        if version in reverted or not alone.take_out(version, text, before, alone=True):
            continue
        left = _without(text, origin, before, merge)
        if left is not None:
            reverted.append(version)
            origin = left
    if reverted:
        return Comparison(tuple(reverted), origin)
    return Comparison(replaced=tuple(_replaced(saves, agreed, here)))


class _Walk:
    """The base's text, with more and more saves taken out of it."""

    def __init__(self, agreed: str, here: str, merge: Merge) -> None:
        self._agreed = agreed
        self._here = here
        self._merge = merge
        self._left = agreed
        self._taken: list[Version] = []
        self._gone = False
        self._stepped = False
        self._seen: set[Hunk] = set()
        self.reverted: tuple[Version, ...] = ()
        self.origin = ""

    def take_out(self, version: Version, text: str, before: str, *, alone: bool = False) -> bool:
        """Take out one save; whether the file lacks it, and all that were taken out before. With
        `alone` a save that a later one changed again is left in."""
        gone, back, shown = _traces(text, before, self._agreed, self._here)
        self._gone = self._gone or gone
        left = _without(text, self._left, before, self._merge)
        if left is None and alone:
            return False
        if left is None:
            # A later save changed the same lines. What was there before is the version itself,
            # which an edit of one's own may go back to where nothing of theirs is left.
            left, self._stepped = before, True
        elif left == self._left:
            return bool(self.reverted)  # nothing of it is left in the base's text
        self._left = left
        self._taken.append(version)
        # Of a save that a later one changed again there is nothing to see by itself.
        lost = gone or back if shown and not self._stepped else self._gone
        if not lost or not self._lacks(left):
            return False
        self.reverted = tuple(self._taken)
        self.origin = before if self._here == before else left
        return True

    def _lacks(self, left: str) -> bool:
        """Whether the file made the changes that lead from the base's text to this one."""
        if left == self._agreed:
            return False
        if self._here == left:
            return True
        merged = self._merge(self._agreed, self._here, left)
        if merged is not None:
            return merged == self._here
        # It was edited right beside them, which a merge takes for a conflict.
        hunks = _hunks(self._agreed, left)
        new = [hunk for hunk in hunks if hunk not in self._seen]
        self._seen |= set(hunks)
        made = _Edit(_hunks(self._agreed, self._here))
        found = {hunk: _made(hunk, made) for hunk in hunks}
        return None not in found.values() and any(found[hunk] for hunk in new)


Hunk = tuple[int, int, tuple[str, ...]]
"""The lines of one text from here to there, and what stands for them in another."""


def _hunks(before: str, after: str) -> list[Hunk]:
    old, new = lines(before), lines(after)
    return [
        (start, end, tuple(new[first:last]))
        for start, end, first, last in changes(same_lines(old, new), len(old), len(new))
    ]


class _Edit:
    """The changes that an edit made, in order."""

    def __init__(self, hunks: list[Hunk]) -> None:
        self._hunks = hunks
        self._ends = [end for _, end, _ in hunks]
        self.gone = {at for start, end, _ in hunks for at in range(start, end)}

    def instead(self, start: int, end: int) -> Iterator[str]:
        """The lines that stand for these, or right beside them."""
        for number in range(bisect_left(self._ends, start), len(self._hunks)):
            first, _, of = self._hunks[number]
            if first > end:
                return
            yield from of


def _made(hunk: Hunk, made: _Edit) -> bool | None:
    """Whether this edit makes that change as well: True with its very lines, False where others
    stand in their place, None where a line that it takes out is still there."""
    start, end, wanted = hunk
    if not made.gone.issuperset(range(start, end)):
        return None
    instead = made.instead(start, end)
    if not wanted:
        return next(instead, None) is None
    return all(line in instead for line in wanted)


def _without(text: str, left: str, before: str, merge: Merge) -> str | None:
    """What is left once the save of `text` on top of `before` is taken out."""
    if left == text:
        return before
    if before in (text, left):
        return left
    return merge(text, left, before)


def _traces(text: str, before: str, agreed: str, here: str) -> tuple[bool, bool, bool]:
    """Whether a line that this save brought is gone from the file, whether one that it took out is
    there again, and whether the base's text shows anything of it. A line that was moved is not
    gone."""
    there, kept = _counted(agreed), _counted(here)
    new, old = _counted(text), _counted(before)
    gone = any(kept[line] < there[line] for line in new - old)
    back = any(kept[line] > there[line] for line in old - new)
    return gone, back, back or any(there[line] for line in new - old)


def _counted(text: str) -> Counter[str]:
    """How often each line is there. Blank lines, and blanks at the end of one, are nobody's work:
    editors add and remove them."""
    return Counter(line.rstrip() for line in lines(text) if line.strip())


def _replaced(
    saves: list[tuple[Version, str, str]], agreed: str, here: str
) -> Iterator[tuple[Version, str]]:
    there, kept = _counted(agreed), _counted(here)
    for version, text, before in saves:
        for line in _counted(text) - _counted(before):
            if kept[line] < there[line]:
                yield version, line.strip()
