"""The intents and the operation log of a workspace, and its lock."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from pinesync.errors import StateError
from pinesync.workspace.lock import is_held, watching, writing
from pinesync.workspace.state.codec import load
from pinesync.workspace.state.store import MAX_RECORD, Store, file_error, read_body

if TYPE_CHECKING:
    from pinesync.sync.intents import Intent
    from pinesync.sync.operations import Journal, Operation

# The intent codec is imported only when an intent is read or written: most workspaces have none
# open.


class IntentLog:
    """Implements `sync.ports.IntentLog`. Intents are read once and cached; taking the lock drops
    the cache."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held: dict[str, Intent] | None = None

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        with writing(self._store.folder):
            # Another process may have changed the intents before this one got the lock.
            self._held = None
            yield

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Hold the watch lock; others may write. Raises Locked if another process watches."""
        with watching(self._store.folder):
            yield

    def is_locked(self) -> bool:
        """Whether another process is writing to the workspace."""
        return is_held(self._store.folder)

    def was_reported(self, note: str) -> bool:
        """Whether the one-time note has been shown in this workspace."""
        return note in self._store.keys("told")

    def note_reported(self, note: str) -> None:
        self._store.write_json("told", note, {})

    @cached_property
    def journal(self) -> Journal:
        """The changes since the last operation was logged."""
        from pinesync.sync.operations import Journal

        return Journal()

    def intents(self) -> Sequence[Intent]:
        return sorted(self._all().values(), key=lambda intent: intent.key)

    def _all(self) -> dict[str, Intent]:
        if self._held is None:
            intents: dict[str, Intent] = {}
            for path, raw in self._store.json_files("records"):
                from pinesync.workspace.state.intent_codec import from_json

                intents[path.stem] = from_json(path, raw)
            self._held = intents
        return self._held

    def write(self, intent: Intent) -> None:
        from pinesync.workspace.state.intent_codec import as_json, from_json

        before = self._all().get(intent.key)
        path = self._store.folder / "records" / f"{intent.key}.json"
        self._store.write(path, json.dumps(as_json(intent), indent=1).encode())
        if from_json(path, load(path, read_body(path, MAX_RECORD))) != intent:
            raise StateError(f"{path}: the record cannot be read back correctly")
        self._all()[intent.key] = intent
        if before is None or before.state != "landed":
            self.journal.record_intent(intent)

    def drop(self, intents: Iterable[Intent]) -> None:
        for intent in intents:
            path = self._store.folder / "records" / f"{intent.key}.json"
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise file_error(path, error) from error
            self._all().pop(intent.key, None)

    def operations(self, limit: int) -> Sequence[Operation]:
        from pinesync.workspace.state.operations import read_operations

        return read_operations(self._store, limit)

    def log_operation(self, verb: str, when: float) -> None:
        journal: Journal | None = vars(self).pop("journal", None)
        if journal and not journal.is_empty:
            from pinesync.workspace.state.operations import newest_time, write_operation
            from pinesync.workspace.state.store import new_key

            # A clock may go back: of two, the later one is a millisecond later at least.
            later = max(when, newest_time(self._store) + 0.0015)
            write_operation(self._store, journal.operation(new_key(later), verb, when))
