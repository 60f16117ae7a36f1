"""pine.toml as a value, replaced as a whole."""

from collections.abc import Mapping
from itertools import pairwise

from pinesync.errors import FileError, PinesyncError
from pinesync.model import Account, Digest, Entry, Kind, PineId, RelPath, Version
from pinesync.sync.ports import IntentLog, Scope

Entries = Mapping[RelPath, Entry]
FOLDERS: Mapping[Kind, str] = {
    "study": "indicators",
    "strategy": "strategies",
    "library": "libraries",
}
"""Where new scripts go."""


class FakeManifest:
    """Implements `sync.ports.Manifest`. Its changes go into the journal of `log`."""

    def __init__(self, log: IntentLog, account: Account | None = None) -> None:
        self._log = log
        self.held: Entries = {}
        self.account = account
        self.trouble: PinesyncError | None = None
        """What reading it raises."""
        self.is_full = False
        self.history: list[Entries] | None = None
        """What git has of it, oldest first; None outside of a repository."""

    def entries(self) -> Entries:
        if self.trouble:
            raise self.trouble
        return self.held

    def scope(self, only: frozenset[RelPath] | None = None) -> Scope:
        self.entries()
        return Scope(self.account, folders=FOLDERS, only=only)

    def commit(self, changes: Mapping[RelPath, Entry | None]) -> None:
        before = self.entries()
        self.refuse_unwritable()
        after = {**before, **changes}
        self.held = {path: entry for path, entry in after.items() if entry}
        for path in changes:
            self._log.journal.changed(path, before.get(path), self.held.get(path))

    def follow(self, old: RelPath, entry: Entry) -> None:
        self.commit({old: None, entry.path: entry})

    def pin(self, account: Account) -> None:
        self.refuse_unwritable()
        known = self.account or account
        self.account = Account(known.name or account.name, known.user_id or account.user_id)

    def refuse_unwritable(self) -> None:
        if self.is_full:
            raise FileError("pine.toml: no space left on device")

    def has_history(self) -> bool:
        return self.history is not None

    def recorded(
        self, texts: Mapping[tuple[PineId, Version], Digest]
    ) -> Mapping[PineId, frozenset[Version]]:
        found: dict[PineId, frozenset[Version]] = {}
        for (pine_id, version), text in texts.items():
            for before, after in pairwise([{}, *(self.history or ())]):
                if _has(before, text) == _has(after, text):
                    continue  # the text neither came nor went
                for entry in (*before.values(), *after.values()):
                    base = entry.base
                    if entry.pine_id == pine_id and base and base.version == version:
                        found[pine_id] = found.get(pine_id, frozenset()) | set(base.theirs)
        return found


def _has(entries: Entries, text: Digest) -> bool:
    return any(entry.base and entry.base.digest == text for entry in entries.values())
