"""Select the scripts that a command is about."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from pinesync.errors import Misuse
from pinesync.model import Entry, PineId, RelPath
from pinesync.sync.planner import ScriptState
from pinesync.text.filenames import shell_quote, unescape_name


def select(
    every: Sequence[ScriptState],
    patterns: Sequence[str],
    blocked: Collection[RelPath | PineId] = (),
) -> tuple[ScriptState, ...]:
    """The named situations, or all without names. Raises Misuse if a name matches nothing."""
    states, unmatched = select_named(tuple(every), list(patterns))
    if unmatched and unmatched[0].endswith("/"):
        raise Misuse(f"{unmatched[0][:-1]}: no scripts in it", "`pinesync status` lists them")
    if unmatched:
        raise Misuse(
            f"{unmatched[0]}: no such script or file",
            path_of_script((s.entry for s in every if s.entry), unmatched[0])
            or "`pinesync status` lists them; `pinesync add` lists a file for the next push",
        )
    left_out = set(blocked)
    return tuple(s for s in states if not {s.path, id_of(s)} & left_out)


def id_of(state: ScriptState) -> PineId | None:
    if state.info:
        return state.info.pine_id
    return state.entry.pine_id if state.entry else None


def path_of_script(entries: Iterable[Entry], raw: str) -> str | None:
    """A hint if the argument is a script's name on TradingView instead of its path; else None."""
    for entry in entries:
        if unescape_name(entry.name) == raw:
            return f"the script of that name is in {shell_quote(entry.path)}"
    return None


def select_named(
    states: tuple[ScriptState, ...], patterns: list[str]
) -> tuple[tuple[ScriptState, ...], list[str]]:
    """The situations that match the patterns (a path, a folder, or "." for all), and the patterns
    without a match."""
    if not patterns:
        return states, []
    chosen: dict[RelPath, ScriptState] = {}
    unmatched = []
    for pattern in patterns:
        hits = [s for s in states if is_named(s.path, pattern)]
        chosen.update({s.path: s for s in hits})
        if not hits:
            unmatched.append(pattern)
    return tuple(s for s in states if s.path in chosen), unmatched


def is_named(path: RelPath, pattern: str) -> bool:
    """Whether the pattern is this path, one of its parent folders, or "."."""
    return pattern in (".", path) or path.startswith(pattern.rstrip("/") + "/")
