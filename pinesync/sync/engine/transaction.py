"""The transaction: the one order in which anything is written.

    lock → finish files → settle intents → look → late saves → steps → operation log

Whatever an earlier run left is finished before anything new begins, and what a run did is in the
operation log, however it ends.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from pinesync.errors import OutcomeUnknown, PinesyncError
from pinesync.model import Entry, PineId, RelPath
from pinesync.sync.engine.late_saves import find_late
from pinesync.sync.engine.settle import settle, settle_files
from pinesync.sync.engine.snapshot import Survey, take_snapshot
from pinesync.sync.intents import Delete, Download, Move, Rename
from pinesync.sync.operations import RECOVERY
from pinesync.sync.outcome import Outcome, Run
from pinesync.sync.policy import LocalSide
from pinesync.sync.ports import Ports


@contextmanager
def transaction(
    ports: Ports, verb: str, *, online: bool = False, finish: bool = True
) -> Iterator[Transaction]:
    """Be the only process that writes in the workspace. Files that an earlier run was writing are
    finished first, unless `finish` is False, as where pine.toml cannot be read; with `online` its
    requests are settled. What is done in here is in the operation log afterwards, under the verb.
    Locked where another process writes."""
    with ports.log.exclusive():
        tx = Transaction(ports, settle_files(ports) if finish else ())
        tx.log(RECOVERY)
        try:
            if online:
                tx.settle()
            yield tx
        finally:
            tx.log(verb)


class Transaction:
    """One run in a locked workspace. `recovered` is what became of what earlier runs left."""

    def __init__(self, ports: Ports, recovered: tuple[Outcome, ...]) -> None:
        self.ports = ports
        self.recovered = recovered

    def settle(self) -> None:
        """Settle the uploads, renames and deletions of earlier runs whose outcome is unknown."""
        self.recovered += settle(self.ports)
        self.log(RECOVERY)

    @property
    def blocked(self) -> frozenset[RelPath | PineId]:
        """What this run must leave alone, since a request for it is still pending: ids, wherever
        their files are now, and for scripts to be created the paths."""
        pending = (outcome for outcome in self.recovered if outcome.done == "pending")
        return frozenset(outcome.pine_id or outcome.path for outcome in pending)

    def look(self, only: frozenset[RelPath] | None = None) -> Generator[Outcome, None, Survey]:
        """The three sides, of `only` these scripts, once late saves are accounted for. Flags that
        git took away are set again, choices that no file has any more are dropped, and the account
        is pinned to the workspace with the first script that is seen."""
        view = take_snapshot(self.ports, only)
        late = find_late(self.ports, view.listed or {})
        if late:
            view = take_snapshot(self.ports, only)
        if changes := {**view.flagged, **_forgotten_choices(view)}:
            self.ports.manifest.commit(changes)
        if view.account and self.ports.manifest.scope().account is None:
            self.ports.manifest.pin(view.account)
        yield from late
        return view

    def refuse_pending(self, entries: Iterable[Entry]) -> None:
        """OutcomeUnknown where a request for one of them was sent, and its outcome is unknown:
        its entry must stay until that is settled."""
        listed = list(entries)
        paths = {entry.path for entry in listed}
        ids = {entry.pine_id for entry in listed if entry.pine_id}
        for intent in self.ports.log.intents():
            is_meant = intent.pine_id in ids if intent.pine_id else intent.path in paths
            if intent.is_open and is_meant and not isinstance(intent, Download | Move):
                what = {Rename: "rename", Delete: "deletion"}.get(type(intent), "save")
                raise OutcomeUnknown(
                    f"{intent.path}: a {what} of it is not settled yet", "run `pinesync pull` first"
                )

    def run(self, steps: Iterable[Outcome]) -> Run:
        """Run the steps to the end, or to the error that stops them: what was done is told either
        way, after what was recovered."""
        done = list(self.recovered)
        try:
            for outcome in steps:
                done.append(outcome)  # noqa: PERF402 - what came before an error counts
        except PinesyncError as error:
            return Run(tuple(done), stopped=error)
        return Run(tuple(done))

    def log(self, verb: str) -> None:
        """What was done until now goes into the operation log. Without it there is no undo; what
        was done is done and told all the same."""
        with suppress(PinesyncError):
            self.ports.log.log_operation(verb, self.ports.tools.now().wall)


def _forgotten_choices(view: Survey) -> dict[RelPath, Entry]:
    """The entries without a text that was chosen by name, where the file no longer has it."""
    clean = (s.entry for s in view.situations if s.local is LocalSide.SAME and s.entry)
    chosen = ((entry, entry.base) for entry in clean if entry.base and entry.base.chosen)
    return {e.path: replace(e, base=replace(base, chosen=None)) for e, base in chosen}
