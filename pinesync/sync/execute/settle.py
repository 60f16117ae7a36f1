"""Settling what an earlier run left open, at the start of every command that writes."""

from __future__ import annotations

from dataclasses import replace

from pinesync.errors import EXIT_LATER, EXIT_LEFT, FacadeError
from pinesync.model import Base, Entry, RelPath
from pinesync.sync.execute import saving
from pinesync.sync.ports import Ports
from pinesync.sync.records import Record, age
from pinesync.sync.report import Outcome


def settle(ports: Ports) -> tuple[Outcome, ...]:
    """Finish or drop every begun write. A save that cannot be found yet stays open, and its
    outcome is `pending`: that script is left alone in this run."""
    outcomes = []
    for record in ports.workspace.records():
        if record.op == "pull":
            outcomes += _settle_pull(ports, record)
        elif record.state == "prepared":
            ports.workspace.drop_records([record])
        elif record.state == "sent":
            outcomes.append(_settle_save(ports, record))
    return tuple(outcomes)


def blocked(outcomes: tuple[Outcome, ...]) -> frozenset[RelPath]:
    """The paths that this run must leave alone."""
    return frozenset(outcome.path for outcome in outcomes if outcome.done == "pending")


def _settle_pull(ports: Ports, record: Record) -> list[Outcome]:
    """A pull's file is wholly new or wholly old; the base follows what the file is."""
    exchanged = ports.workspace.take_back(record)
    entry = saving.entry_of(ports, record, record.pine_id)
    if exchanged and record.landed:
        entry = entry or Entry(record.path, record.name, record.pine_id)
        if entry.base is None or entry.base.version < record.landed:
            base = Base(record.landed, record.digest)
            ports.workspace.commit({entry.path: replace(entry, base=base)})
    ports.workspace.drop_records([record])
    if not exchanged:
        return []
    return [Outcome(record.path, "recovered", record.landed, message="an interrupted pull")]


def _settle_save(ports: Ports, record: Record) -> Outcome:
    try:
        found = saving.find(ports, record)
    except FacadeError as error:
        return _pending(record, f"cannot look for an earlier save: {error.message}")
    if found:
        saving.land(ports, record, found)
        return landed_outcome(record, found)
    waited = age(record, ports.tools.now())
    if waited < ports.tools.settle_seconds:
        rest = ports.tools.settle_seconds - waited
        return _pending(
            record,
            "an earlier save was sent and is not there yet",
            f"run the same command again; it is given up in {rest:.0f} s",
        )
    stranger = saving.strangers(ports, record)
    saving.give_up(ports, record, stranger)
    if stranger:
        return Outcome(
            record.path,
            "conflict",
            stranger,
            message=f"a save got no answer, and {stranger} is there with a text nobody knows here",
            hint=f"look at it, then run `pinesync resolve {record.path} --ours` or --theirs",
            exit_code=EXIT_LEFT,
            pine_id=record.pine_id,
        )
    return Outcome(
        record.path,
        "recovered",
        message="an earlier save never arrived and is given up",
        pine_id=record.pine_id,
    )


def landed_outcome(record: Record, found: saving.Found) -> Outcome:
    """What is told of a save of an earlier run that was found."""
    if found.hidden:
        return hidden_outcome(record.path, found)
    return Outcome(
        record.path,
        "recovered",
        found.version,
        before=record.parent,
        message=f"an earlier save is there as {found.version}",
        pine_id=found.pine_id,
    )


def hidden_outcome(path: RelPath, found: saving.Found) -> Outcome:
    """A save of ours that came after somebody else's: both texts exist, one hides the other."""
    return Outcome(
        path,
        "conflict",
        found.version,
        message=f"saved as {found.version}, on top of {found.hidden}, "
        "which somebody else saved at the same moment",
        hint=f"both are kept; run `pinesync resolve {path}` with --ours, --theirs or --merged",
        exit_code=EXIT_LEFT,
        pine_id=found.pine_id,
    )


def _pending(record: Record, message: str, hint: str = "") -> Outcome:
    return Outcome(
        record.path,
        "pending",
        message=message,
        hint=hint or "run the same command again later",
        exit_code=EXIT_LATER,
        pine_id=record.pine_id,
    )
