"""The intents of a workspace and its operation log, in memory."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from pinesync.errors import Locked, PinesyncError
from pinesync.sync.intents import Intent
from pinesync.sync.operations import Journal, Operation


class FakeIntentLog:
    """Implements `sync.ports.IntentLog`."""

    def __init__(self) -> None:
        self.held: dict[str, Intent] = {}
        self.done: list[Operation] = []
        self.journal = Journal()
        self.is_locked = False
        self.trouble: PinesyncError | None = None
        """What reading the intents raises."""

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        if self.is_locked:
            raise Locked("another one is writing")
        self.is_locked = True
        try:
            yield
        finally:
            self.is_locked = False

    def intents(self) -> Sequence[Intent]:
        if self.trouble:
            raise self.trouble
        return [self.held[key] for key in sorted(self.held)]

    def write(self, intent: Intent) -> None:
        before = self.held.get(intent.key)
        self.held[intent.key] = intent
        if before is None or before.state != "landed":
            self.journal.record_intent(intent)

    def drop(self, intents: Iterable[Intent]) -> None:
        for intent in intents:
            self.held.pop(intent.key, None)

    def forget_journal(self) -> None:
        """The process ended before it logged its operation."""
        self.journal = Journal()

    def operations(self, most: int) -> Sequence[Operation]:
        return self.done[-most:]

    def log_operation(self, verb: str, when: float) -> None:
        journal, self.journal = self.journal, Journal()
        if not journal.is_empty:
            self.done.append(journal.operation(f"{len(self.done):06}", verb, when))
