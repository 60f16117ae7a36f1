"""Build the text of pine.toml entry by entry, without serialising unchanged entries again."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Mapping

from pinesync.model import Entry, RelPath
from pinesync.workspace.manifest import Manifest, Settings, block, dump_new


class ManifestBuilder:
    """Builds the text that `dump_new` would write for the settings and the entries so far."""

    def __init__(self, settings: Settings, entries: Mapping[RelPath, Entry]) -> None:
        self._head = dump_new(Manifest(settings))
        self._blocks = {path: block(entry) for path, entry in entries.items()}
        self._order = sorted(self._blocks)

    def set(self, entry: Entry) -> None:
        if entry.path not in self._blocks:
            insort(self._order, entry.path)
        self._blocks[entry.path] = block(entry)

    def drop(self, path: RelPath) -> None:
        if self._blocks.pop(path, None) is not None:
            del self._order[bisect_left(self._order, path)]

    def text(self) -> str:
        return "\n".join([self._head, *map(self._blocks.__getitem__, self._order)])
