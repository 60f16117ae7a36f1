"""Find the saves of others that an edited file reverts. Pure.

Git moves files without their entries: after `git checkout -- FILE` or a stash, pine.toml may name a
base that the file was never derived from, and a push would revert what others saved in between. So
the saves of others are removed from the base's text one by one, newest first. If the file already
contains all of these removals, it lacks those saves, and the remaining text is what the file is
really based on.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pinesync.model import Base, Version
from pinesync.text.canonical import lines
from pinesync.text.line_diff import changes, same_lines

MAX_OLDER = 1000
"""How many versions to try beyond those in the entry."""

Merge = Callable[[str, str, str], str | None]
"""The three-way merge of (base, ours, theirs); None if it conflicts."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """An edited file, compared with the saves of others inside its base. `reverted` are the saves
    that it lacks, newest first; `origin` is then the text that it is really based on. If it lacks
    none, `replaced` are the lines of others that the edit removed, with the version that added
    them. `unknown` says why the comparison was impossible."""

    reverted: tuple[Version, ...] = ()
    origin: str = ""
    replaced: tuple[tuple[Version, str], ...] = ()
    unknown: str = ""


def compare(
    base: Base, file_text: str, text_of: Callable[[Version], str], merge: Merge
) -> Comparison:
    """Compare a file's text with the saves of others inside its base. Errors of `text_of` and
    `merge` propagate."""
    base_text = text_of(base.version)
    removal = _SaveRemoval(base_text, file_text, merge)
    saves: list[tuple[Version, str, str]] = []
    for version in reversed(base.theirs):
        if version.major == 1:
            break  # nothing came before it
        save = (version, text_of(version), text_of(Version(version.major - 1)))
        saves.append(save)
        removal.remove(*save)
    if saves and saves[-1][0] in removal.reverted:
        # The file lacks all saves in the entry, so it may be even older.
        oldest = saves[-1][0].major
        for number in range(oldest - 1, max(1, oldest - MAX_OLDER), -1):
            before = text_of(Version(number - 1))
            if not removal.remove(Version(number), text_of(Version(number)), before):
                break
    known = set(base.theirs)
    reverted = [version for version in removal.reverted if version in known]
    origin = removal.origin if reverted else base_text
    for version, text, before in saves:
        # After a cherry-pick, a file can have the newest save but lack an older one.
        single = _SaveRemoval(base_text, file_text, merge)
        if version in reverted or not single.remove(version, text, before, alone=True):
            continue
        remaining = _remove_save(text, origin, before, merge)
        if remaining is not None:
            reverted.append(version)
            origin = remaining
    if reverted:
        return Comparison(tuple(reverted), origin)
    return Comparison(replaced=tuple(_replaced(saves, base_text, file_text)))


class _SaveRemoval:
    """The base's text, from which saves are removed one by one."""

    def __init__(self, base_text: str, file_text: str, merge: Merge) -> None:
        self._base_text = base_text
        self._file_text = file_text
        self._merge = merge
        self._remaining = base_text
        self._removed: list[Version] = []
        self._added_line_gone = False
        self._used_previous = False
        self._seen: set[Hunk] = set()
        self.reverted: tuple[Version, ...] = ()
        self.origin = ""

    def remove(self, version: Version, text: str, before: str, *, alone: bool = False) -> bool:
        """Remove one save. Returns whether the file lacks it and all that were removed before. With
        `alone`, a save that a later one changed again is not removed."""
        gone, back, traced = _traces(text, before, self._base_text, self._file_text)
        self._added_line_gone = self._added_line_gone or gone
        remaining = _remove_save(text, self._remaining, before, self._merge)
        if remaining is None and alone:
            return False
        if remaining is None:
            # A later save changed the same lines, so use the previous version as it is. Our own
            # edit may return to it if nothing of theirs is left.
            remaining, self._used_previous = before, True
        elif remaining == self._remaining:
            return bool(self.reverted)  # the base's text has nothing left of it
        self._remaining = remaining
        self._removed.append(version)
        # A save that a later one changed again leaves no traces of its own.
        lost = gone or back if traced and not self._used_previous else self._added_line_gone
        if not lost or not self._file_lacks(remaining):
            return False
        self.reverted = tuple(self._removed)
        self.origin = before if self._file_text == before else remaining
        return True

    def _file_lacks(self, remaining: str) -> bool:
        """Whether the file made the changes from the base's text to this one."""
        if remaining == self._base_text:
            return False
        if self._file_text == remaining:
            return True
        merged = self._merge(self._base_text, self._file_text, remaining)
        if merged is not None:
            return merged == self._file_text
        # The file was edited on adjacent lines, which a merge reports as a conflict.
        hunks = _hunks(self._base_text, remaining)
        new = [hunk for hunk in hunks if hunk not in self._seen]
        self._seen |= set(hunks)
        edit = _Edit(_hunks(self._base_text, self._file_text))
        in_edit = {hunk: _is_in_edit(hunk, edit) for hunk in hunks}
        return None not in in_edit.values() and any(in_edit[hunk] for hunk in new)


Hunk = tuple[int, int, tuple[str, ...]]
"""A range of lines in one text (start, end), and the lines that replace it in another."""


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
        self.replaced_lines = {at for start, end, _ in hunks for at in range(start, end)}

    def replacement_lines(self, start: int, end: int) -> Iterator[str]:
        """The lines that replace this range or are adjacent to it."""
        for number in range(bisect_left(self._ends, start), len(self._hunks)):
            first, _, of = self._hunks[number]
            if first > end:
                return
            yield from of


def _is_in_edit(hunk: Hunk, edit: _Edit) -> bool | None:
    """Whether the edit makes the same change: True with the same lines, False with other lines in
    their place, None if a line that the change removes is still there."""
    start, end, wanted = hunk
    if not edit.replaced_lines.issuperset(range(start, end)):
        return None
    replacement_lines = edit.replacement_lines(start, end)
    if not wanted:
        return next(replacement_lines, None) is None
    return all(line in replacement_lines for line in wanted)


def _remove_save(text: str, remaining: str, before: str, merge: Merge) -> str | None:
    """The text `left` without the save of `text` on top of `before`; None if they conflict."""
    if remaining == text:
        return before
    if before in (text, remaining):
        return remaining
    return merge(text, remaining, before)


def _traces(text: str, before: str, base_text: str, file_text: str) -> tuple[bool, bool, bool]:
    """Whether a line that this save added is gone from the file, whether one that it removed is
    back, and whether the base's text shows any trace of the save. A moved line is not gone."""
    agreed_lines, here_lines = _counted(base_text), _counted(file_text)
    new, old = _counted(text), _counted(before)
    gone = any(here_lines[line] < agreed_lines[line] for line in new - old)
    back = any(here_lines[line] > agreed_lines[line] for line in old - new)
    return gone, back, back or any(agreed_lines[line] for line in new - old)


def _counted(text: str) -> Counter[str]:
    """Count each line. Blank lines and trailing blanks are ignored, because editors add and remove
    them."""
    return Counter(line.rstrip() for line in lines(text) if line.strip())


def _replaced(
    saves: list[tuple[Version, str, str]], base_text: str, file_text: str
) -> Iterator[tuple[Version, str]]:
    agreed_lines, here_lines = _counted(base_text), _counted(file_text)
    for version, text, before in saves:
        for line in _counted(text) - _counted(before):
            if here_lines[line] < agreed_lines[line]:
                yield version, line.strip()
