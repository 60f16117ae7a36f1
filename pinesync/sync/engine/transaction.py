"""The transaction: every command that writes follows this order.

    lock → finish files → settle intents → survey → late saves → steps → operation log

A run first finishes what an earlier run left open. Its own changes reach the operation log even if
it fails.
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
    """Hold the workspace lock for the block. First finish the files that an earlier run was
    writing, unless `finish` is False (for example if pine.toml is unreadable); with `online`, also
    settle its requests. Log the changes of the block as one operation under `verb`. Raises Locked
    if another process holds the lock."""
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
    """One run in a locked workspace. `recovered` are the outcomes of what earlier runs left."""

    def __init__(self, ports: Ports, recovered: tuple[Outcome, ...]) -> None:
        self.ports = ports
        self.recovered = recovered

    def settle(self) -> None:
        """Settle the uploads, renames and deletions of earlier runs whose outcome is unknown."""
        self.recovered += settle(self.ports)
        self.log(RECOVERY)

    @property
    def blocked(self) -> frozenset[RelPath | PineId]:
        """The scripts that this run must leave alone, because a request is pending: by id, or by
        path if the script has no id yet."""
        pending = (outcome for outcome in self.recovered if outcome.done == "pending")
        return frozenset(outcome.pine_id or outcome.path for outcome in pending)

    def survey(self, only: frozenset[RelPath] | None = None) -> Generator[Outcome, None, Survey]:
        """Take a snapshot of the three sides, limited to `only`, and yield the late saves found.
        Restores the flags that git removed, drops choices that no longer match a file, and pins the
        account to the workspace once a script is seen."""
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
        """Raise OutcomeUnknown if a request for one of the entries has an unknown outcome: the
        entry must stay until the request is settled."""
        listed = list(entries)
        paths = {entry.path for entry in listed}
        ids = {entry.pine_id for entry in listed if entry.pine_id}
        for intent in self.ports.log.intents():
            # Only a script that is being created has no id; its path identifies it.
            is_meant = intent.pine_id in ids if intent.pine_id else intent.path in paths
            if intent.is_open and is_meant and not isinstance(intent, Download | Move):
                what = {Rename: "rename", Delete: "deletion"}.get(type(intent), "save")
                raise OutcomeUnknown(
                    f"{intent.path}: a {what} of it is not settled yet", "run `pinesync pull` first"
                )

    def run(self, steps: Iterable[Outcome]) -> Run:
        """Run the steps until the end or the first error. Returns the recovered outcomes, then
        those of the steps that ran."""
        done = list(self.recovered)
        try:
            for outcome in steps:
                done.append(outcome)  # noqa: PERF402 - what came before an error counts
        except PinesyncError as error:
            return Run(tuple(done), stopped=error)
        return Run(tuple(done))

    def log(self, verb: str) -> None:
        """Log the changes so far as one operation. A failure to log only costs the undo, so it does
        not fail the run."""
        with suppress(PinesyncError):
            self.ports.log.log_operation(verb, self.ports.tools.now().wall)


def _forgotten_choices(view: Survey) -> dict[RelPath, Entry]:
    """Entries of clean files without their `chosen` mark: the file no longer has that text."""
    clean = (s.entry for s in view.states if s.local is LocalSide.SAME and s.entry)
    chosen = ((entry, entry.base) for entry in clean if entry.base and entry.base.chosen)
    return {e.path: replace(e, base=replace(base, chosen=None)) for e, base in chosen}
