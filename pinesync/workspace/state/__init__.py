"""The state of a workspace on this machine: texts, intents, backups, operations."""

from __future__ import annotations

from pathlib import Path

from pinesync.workspace.state.backups import Backups
from pinesync.workspace.state.intent_log import IntentLog
from pinesync.workspace.state.store import Store
from pinesync.workspace.state.text_store import TextStore


class State:
    """The state directory at `folder`."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder)
        self.texts = TextStore(self.store)
        self.log = IntentLog(self.store)
        self.backups = Backups(self.store)

    @property
    def folder(self) -> Path:
        return self.store.folder
