"""What differs between two texts, line by line."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from pinesync.model import RelPath
from pinesync.text import lines


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
    body: list[str] = []
    for line in difflib.unified_diff(lines(old), lines(new), n=3, lineterm="\n"):
        body.append(line.removesuffix("\n"))
        if not line.endswith("\n"):
            body.append("\\ No newline at end of file")
    body = body[2:]
    return FileDiff(
        path,
        f"a/{path} ({old_label})",
        f"b/{path} ({new_label})",
        sum(line.startswith("+") for line in body),
        sum(line.startswith("-") for line in body),
        tuple(body),
    )


def changed_lines(old: str, new: str) -> tuple[int, int]:
    """How many lines came and went."""
    before, after = lines(old), lines(new)
    # What is the same at both ends is nearly all, and looking for the rest costs the square.
    start = 0
    for one, other in zip(before, after, strict=False):
        if one != other:
            break
        start += 1
    end = 0
    most = min(len(before), len(after)) - start
    while end < most and before[-1 - end] == after[-1 - end]:
        end += 1
    before, after = before[start : len(before) - end], after[start : len(after) - end]
    if not before or not after:
        return len(after), len(before)
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    same = sum(block.size for block in matcher.get_matching_blocks())
    return len(after) - same, len(before) - same
