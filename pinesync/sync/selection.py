"""Which scripts a command is about."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from pinesync.errors import Misuse
from pinesync.model import Entry, PineId, RelPath
from pinesync.sync.planner import Situation, named
from pinesync.text.filenames import shown, typed


def chosen(
    every: Sequence[Situation], patterns: Sequence[str], blocked: Collection[RelPath | PineId] = ()
) -> tuple[Situation, ...]:
    """The situations that were named, or all. Misuse for a name that is none."""
    situations, unmatched = named(tuple(every), list(patterns))
    if unmatched and unmatched[0].endswith("/"):
        raise Misuse(f"{unmatched[0][:-1]}: no scripts in it", "`pinesync status` lists them")
    if unmatched:
        raise Misuse(
            f"{unmatched[0]}: no script here, and no file",
            called((s.entry for s in every if s.entry), unmatched[0])
            or "`pinesync status` lists them; `pinesync add` lists a file for the next push",
        )
    left_out = set(blocked)
    return tuple(s for s in situations if not {s.path, id_of(s)} & left_out)


def id_of(situation: Situation) -> PineId | None:
    if situation.info:
        return situation.info.pine_id
    return situation.entry.pine_id if situation.entry else None


def called(entries: Iterable[Entry], raw: str) -> str | None:
    """The hint for who names a script as TradingView does; None where none is called so."""
    for entry in entries:
        if shown(entry.name) == raw:
            return f"the file of the script called so is {typed(entry.path)}"
    return None
