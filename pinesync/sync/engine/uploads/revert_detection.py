"""Comparing edited files with the saves of others inside their bases: see `sync.reverts`."""

from __future__ import annotations

from collections.abc import Iterator

from pinesync.errors import FacadeError, FileError, PinesyncError, TryLater
from pinesync.model import Base, Entry, PineId, RelPath, Version
from pinesync.sync.engine.version_texts import read_text, stored_text
from pinesync.sync.planner import COMPARABLE, ScriptState, VersionKey
from pinesync.sync.policy import LocalSide
from pinesync.sync.ports import Ports
from pinesync.sync.reverts import Comparison, compare
from pinesync.text.canonical import Unreadable, decode, digest

MAX_LINES = 100_000
"""No script of as many lines compiles on TradingView (it takes 100,256 tokens), and comparing more
takes git minutes where most lines are equal."""


def compare_edited(
    states: tuple[ScriptState, ...], ports: Ports, *, offline: bool
) -> dict[RelPath, Comparison]:
    """Compare each edited file whose base contains saves of others. Texts that are not stored
    are read once each; offline they count as unknown. Raises NoAccess."""
    edited = [(s, s.entry, s.entry.base) for s in states if s.entry and s.entry.base]
    edited = [(s, e, b) for s, e, b in edited if _is_compared(s, b)]
    if not edited:
        return {}
    texts = _Texts(ports, offline=offline)
    texts.fetch([pair for _, entry, base in edited for pair in _needed(entry, base)])
    return {s.path: _compare(s, entry, base, texts, ports) for s, entry, base in edited}


def _is_compared(state: ScriptState, base: Base) -> bool:
    edited = state.local is LocalSide.EDITED and state.remote in COMPARABLE
    return edited and bool(base.theirs) and state.digest != base.chosen


def _needed(entry: Entry, base: Base) -> Iterator[VersionKey]:
    assert entry.pine_id
    for version in (base.version, *base.theirs):
        yield entry.pine_id, version
    for version in base.theirs:
        if version.major > 1:
            yield entry.pine_id, Version(version.major - 1)


class _Texts:
    """Saved texts, each read once."""

    def __init__(self, ports: Ports, *, offline: bool) -> None:
        self._ports = ports
        self._offline = offline
        self._known: dict[VersionKey, str | PinesyncError] = {}

    def fetch(self, pairs: list[VersionKey]) -> None:
        new = [pair for pair in dict.fromkeys(pairs) if pair not in self._known]
        self._known |= zip(new, self._ports.tools.parallel(self._read, new), strict=True)

    def of(self, pine_id: PineId, version: Version) -> str:
        pair = (pine_id, version)
        if pair not in self._known:
            self._known[pair] = self._read(pair)
        comparison = self._known[pair]
        if isinstance(comparison, PinesyncError):
            raise comparison
        return comparison

    def _read(self, pair: VersionKey) -> str | PinesyncError:
        if self._offline:
            text = stored_text(self._ports.texts, pair)
            return FileError(f"the text of {pair[1]} is not stored here") if text is None else text
        try:
            return read_text(self._ports, pair)
        except (FacadeError, TryLater) as error:
            return error


def _compare(
    state: ScriptState, entry: Entry, base: Base, texts: _Texts, ports: Ports
) -> Comparison:
    def text_of(version: Version) -> str:
        assert entry.pine_id
        text = texts.of(entry.pine_id, version)
        if version == base.version and digest(text) != base.digest:
            raise FileError(f"{version} on TradingView is not the text that pine.toml recorded")
        return _comparable(text, f"{version} has")

    def merge(base: str, ours: str, theirs: str) -> str | None:
        merged = ports.tools.merge(base, ours, theirs)
        return None if merged.conflicted else merged.text

    try:
        file_text = _comparable(decode(ports.tree.read(state.path) or b""), "the file has")
        if digest(file_text) != state.digest:
            return Comparison(unknown="the file has just changed")
        comparison = compare(base, file_text, text_of, merge)
        chosen = ports.texts.text_of(base.chosen) if base.chosen else None
        if comparison.reverted and chosen is not None:
            meant = compare(base, chosen, text_of, merge).reverted
            if set(comparison.reverted) <= set(meant):
                return Comparison()  # the person chose a text that lacks these saves
        return comparison
    except (PinesyncError, Unreadable) as error:
        return Comparison(unknown=str(error))


def _comparable(text: str, who: str) -> str:
    if text.count("\n") > MAX_LINES:
        raise FileError(f"{who} more than {MAX_LINES} lines")
    return text
