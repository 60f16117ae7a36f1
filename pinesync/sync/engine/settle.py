"""Settling what an earlier run left open, at the start of every command that writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from pinesync.errors import EXIT_LATER, EXIT_LEFT, FacadeError, FileError, NotAccessible
from pinesync.model import Base, Entry, PineId, RelPath, SaveAnswer, Version
from pinesync.naming import typed
from pinesync.sync.engine import delete, move, rename, saving
from pinesync.sync.engine.snapshot import ask_session
from pinesync.sync.engine.tab_overwrite import dropped_lines
from pinesync.sync.intents import Record, age
from pinesync.sync.outcome import Outcome
from pinesync.sync.ports import Merged, Ports, Workspace
from pinesync.text import Unreadable, decode, digest
from pinesync.unseen import unseen

TOMBSTONE_SECONDS = 30 * 24 * 3600.0
PUSH_LOG = 50
"""Saves of one script that are remembered."""


def settle(ports: Ports) -> tuple[Outcome, ...]:
    """Settle every begun save, rename and deletion. One that cannot be found yet stays open, and
    its outcome is `pending`: that script is left alone in this run."""
    outcomes = []
    for record in ports.workspace.records():
        if record.state == "prepared" and record.op not in ("pull", "move"):
            ports.workspace.drop_records([record])
        elif record.state == "sent" and record.op in ("rename", "delete"):
            outcomes.append(_settle_other(ports, record))
        elif record.state == "sent":
            outcomes.append(_settle_save(ports, record))
    _forget_old(ports)
    return tuple(outcomes)


Merge = Callable[[str, str, str], Merged]


def settle_files(workspace: Workspace, merge: Merge) -> tuple[Outcome, ...]:
    """Finish or undo every file that an earlier run was exchanging or moving, and clear its
    leftovers. Needs nobody but the disk, and `merge` for (base, ours, theirs). A file is wholly
    new or wholly old; the base follows what it is."""
    outcomes = []
    for record in workspace.records():
        if record.op == "pull":
            if not workspace.take_back(record):
                continue
            if record.landed and not _is_discarded(workspace, record, merge):
                _finish_pull(workspace, record, record.landed)
                outcomes.append(_finished_outcome(workspace, record))
            workspace.drop_records([record])
        elif record.op == "move" and (done := move.finish(workspace, record)):
            why = f"an interrupted move from {record.origin} is finished"
            outcomes.append(replace(done, done="recovered", message=done.message or why))
    workspace.clear_leftovers()
    return tuple(outcomes)


def _finished_outcome(workspace: Workspace, record: Record) -> Outcome:
    """What the interrupted run did not come to say."""
    text = workspace.text_of(record.digest)
    before = workspace.text_of(record.object) if record.object else None
    warning = dropped_lines(workspace, record.pine_id, before, text) if text is not None else ""
    why = "; ".join(filter(None, ("an interrupted pull is finished", warning)))
    found = unseen(text or "")
    source = text if text and found else ""
    return Outcome(
        record.path, "recovered", record.landed, message=why, diagnostics=found, source=source
    )


def _is_discarded(workspace: Workspace, record: Record, merge: Merge) -> bool:
    """Whether the file lacks again what the pull had brought into it: git put it back since, and
    the base stays behind it. Where that cannot be told, it counts as discarded: a base that is
    too old only costs a merge."""
    try:
        data = workspace.read(record.path)
        here = None if data is None else decode(data)
    except (Unreadable, FileError):
        return True
    if record.object is None or here is None or digest(here) == record.brings:
        return False
    brought = workspace.text_of(record.brings) if record.brings else None
    before = workspace.text_of(record.object)
    if brought is None or before is None:
        return True
    try:
        merged = merge(brought, here, before)
    except FileError:
        return True
    return not merged.conflicted and merged.text == here


def _finish_pull(workspace: Workspace, record: Record, version: Version) -> None:
    by_id = {entry.pine_id: entry for entry in workspace.entries().values() if entry.pine_id}
    entry = by_id.get(record.pine_id) if record.pine_id else None
    entry = entry or Entry(record.path, record.name, record.pine_id)
    if entry.base is None or entry.base.version < version:
        ours = saving.own_versions(workspace, record.pine_id) if record.pine_id else frozenset()
        base = Base(version, record.digest)
        if entry.base:
            base = entry.base.moved(version, record.digest, ours)
        elif record.object:
            base = Base.linked(version, record.digest, ours)
        workspace.commit({entry.path: replace(entry, base=base)})


def _forget_old(ports: Ports) -> None:
    """Tombstones go after 30 days, and of the push log the last saves of each script stay."""
    now = ports.tools.now()
    records = ports.workspace.records()
    kept: Counter[PineId | None] = Counter()
    for record in reversed(records):
        if record.state == "abandoned" and age(record, now) > TOMBSTONE_SECONDS:
            ports.workspace.drop_records([record])
        elif record.state == "landed":
            kept[record.pine_id] += 1
            if kept[record.pine_id] > PUSH_LOG:
                ports.workspace.drop_records([record])


def blocked(outcomes: tuple[Outcome, ...]) -> frozenset[RelPath | PineId]:
    """What this run must leave alone: ids, wherever their files are now, and for scripts to be
    created the paths."""
    pending = [outcome for outcome in outcomes if outcome.done == "pending"]
    return frozenset(outcome.pine_id or outcome.path for outcome in pending)


def _settle_save(ports: Ports, record: Record) -> Outcome:
    waited = age(record, ports.tools.now())
    try:
        found = _answered(ports, record) or saving.find(ports, record)
    except FacadeError as error:
        if isinstance(error, NotAccessible) and waited >= ports.tools.settle_seconds:
            return _given_up_unseen(ports, record, error)
        return _pending(record, f"cannot look for an earlier save: {error.message}")
    if found:
        saving.land(ports, record, found)
        return landed_outcome(record, found)
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
        return stranger_outcome(record, stranger)
    return Outcome(
        record.path,
        "recovered",
        message="an earlier save never arrived and is given up",
        pine_id=record.pine_id,
    )


def _settle_other(ports: Ports, record: Record) -> Outcome:
    try:
        if record.op == "rename":
            return rename.settle(ports, record)
        return delete.settle(ports, record)
    except FacadeError as error:
        what = "rename" if record.op == "rename" else "deletion"
        return _pending(record, f"cannot look for an earlier {what}: {error.message}")


def _given_up_unseen(ports: Ports, record: Record, error: NotAccessible) -> Outcome:
    """The service refuses the script to a session that is alive: it is gone, and waiting for its
    save would block it for ever. The record stays, should the script come back."""
    ask_session(ports.remote, None)
    saving.give_up(ports, record)
    return Outcome(
        record.path,
        "recovered",
        message=f"an earlier save cannot be looked for and is given up: {error.message}",
        pine_id=record.pine_id,
    )


def _answered(ports: Ports, record: Record) -> saving.Found | None:
    """The save where its answer said it is, if there was one that could not be read back."""
    if record.landed is None or record.pine_id is None:
        return None
    return saving.settled_by(ports, record, SaveAnswer(True, record.pine_id, record.landed))


def stranger_outcome(record: Record, stranger: Version) -> Outcome:
    """A save was not confirmed, and a text is there that may be what became of it."""
    return Outcome(
        record.path,
        "conflict",
        stranger,
        message=f"a save was not confirmed, and {stranger} has a text that nobody knows here",
        hint=f"look at it, then run `pinesync resolve {typed(record.path)} --ours` or --theirs",
        exit_code=EXIT_LEFT,
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
        hint=f"`pinesync resolve {typed(path)}` with --ours, --theirs or --merged settles it",
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
