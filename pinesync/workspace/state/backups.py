"""Backups of the texts that pinesync replaced in files."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

from pinesync.model import Digest, RelPath
from pinesync.workspace.state.codec import Replaced, load, read_replaced
from pinesync.workspace.state.store import MAX_RECORD, Store, read_body


class Backups:
    """The notes of replaced texts; the texts themselves are in the text store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def note(self, replaced: Replaced) -> None:
        """Record that a text, already in the store, was replaced in the workspace."""
        fields = {key: value for key, value in asdict(replaced).items() if value is not None}
        body = json.dumps(fields).encode()
        self._store.write(self._store.folder / "replaced" / f"{replaced.key}.json", body)

    def of(self, path: RelPath) -> list[Replaced]:
        """The backups of this path, newest first."""
        backups = [read_replaced(file, raw) for file, raw in self._store.json_files("replaced")]
        return sorted((r for r in backups if r.path == path), key=lambda r: (r.when, r.key))[::-1]

    def move(self, old: RelPath, new: RelPath) -> None:
        """Reassign the backups of the old path to the new one."""
        for replaced in self.of(old):
            self.note(replace(replaced, path=new))

    def has(self, key: str, path: RelPath, text: Digest | None) -> bool:
        """Whether the note `key` records this text at this path."""
        file = self._store.folder / "replaced" / f"{key}.json"
        body = read_body(file, MAX_RECORD)
        if body is None:
            return False
        note = read_replaced(file, load(file, body))
        return (note.path, note.digest) == (path, text)
