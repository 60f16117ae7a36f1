"""Find files that a person moved by hand: missing at one path, unlisted at another. Pure."""

from __future__ import annotations

from collections import Counter

from pinesync.model import RelPath
from pinesync.sync.planner import ScriptState
from pinesync.sync.policy import LocalSide


def moved(states: tuple[ScriptState, ...]) -> dict[RelPath, RelPath]:
    """Map each moved file's new path to its old one. A file counts as moved if exactly one missing
    script has its text as the base and no other unlisted file has that text."""
    missing = [s.entry for s in states if s.local is LocalSide.MISSING and s.entry]
    loose = [s for s in states if s.local is LocalSide.UNTRACKED and s.digest]
    known = Counter(entry.base.expected for entry in missing if entry.base)
    loose_counts = Counter(s.digest for s in loose)
    old = {entry.base.expected: entry.path for entry in missing if entry.base}
    return {
        s.path: old[s.digest]
        for s in loose
        if s.digest and known[s.digest] == 1 and loose_counts[s.digest] == 1
    }
