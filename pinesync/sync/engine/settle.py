"""Settle what an earlier run left open, at the start of every command that writes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from pinesync.errors import EXIT_LATER, FacadeError, FileError, NotAccessible
from pinesync.model import Base, Entry, PineId, SaveAnswer, Version
from pinesync.sync.engine.lifecycle import abandon, own_versions, record_landed
from pinesync.sync.engine.scripts import delete, move, rename
from pinesync.sync.engine.snapshot import ask_session
from pinesync.sync.engine.uploads.find_upload import find, find_unknown
from pinesync.sync.engine.uploads.resolve_upload import (
    settled_by,
    shadowed_outcome,
    unknown_outcome,
)
from pinesync.sync.engine.uploads.tab_overwrite import dropped_lines
from pinesync.sync.intents import Delete, Download, Intent, Move, Rename, Save, age
from pinesync.sync.outcome import Outcome
from pinesync.sync.ports import Ports
from pinesync.sync.recovery import Found
from pinesync.text.canonical import Unreadable, decode, digest
from pinesync.text.unicode import invisible_characters

TOMBSTONE_SECONDS = 30 * 24 * 3600.0
PUSH_LOG = 50
"""How many saves of each script the push log keeps."""


def settle(ports: Ports) -> tuple[Outcome, ...]:
    """Settle every save, rename and deletion that was started. One that cannot be found yet stays
    open with the outcome `pending`, and this run leaves its script alone."""
    outcomes = []
    for intent in ports.log.intents():
        if isinstance(intent, Download | Move):
            continue  # the disk alone settles these
        # Nothing was sent for a prepared intent, so there is nothing to look for.
        if intent.state == "prepared":
            ports.log.drop([intent])
        elif intent.state == "sent" and isinstance(intent, Rename | Delete):
            outcomes.append(_settle_other(ports, intent))
        elif intent.state == "sent" and isinstance(intent, Save):
            outcomes.append(_settle_save(ports, intent))
    _prune_intents(ports)
    return tuple(outcomes)


def settle_files(ports: Ports) -> tuple[Outcome, ...]:
    """Finish or undo every file that an earlier run was exchanging or moving, and clear its
    leftovers. Works offline. Each file ends up wholly new or wholly old, and its base matches."""
    outcomes = []
    for intent in ports.log.intents():
        if isinstance(intent, Download):
            if not ports.tree.finish_write(intent):
                continue  # the old text is in place, and the intent is dropped
            # The file got the new text; only the base may be missing.
            if intent.landed and not _is_discarded(ports, intent):
                _finish_pull(ports, intent, intent.landed)
                outcomes.append(_finished_outcome(ports, intent))
            ports.log.drop([intent])
        elif isinstance(intent, Move) and (done := move.finish(ports, intent)):
            why = f"an interrupted move from {intent.origin} is finished"
            outcomes.append(replace(done, done="recovered", message=done.message or why))
    ports.tree.clear_leftovers()
    return tuple(outcomes)


def _finished_outcome(ports: Ports, intent: Download) -> Outcome:
    """The outcome that the interrupted run could not report."""
    text = ports.texts.text_of(intent.digest)
    before = ports.texts.text_of(intent.replaces) if intent.replaces else None
    warning = dropped_lines(ports, intent.pine_id, before, text) if text is not None else ""
    why = "; ".join(filter(None, ("an interrupted pull is finished", warning)))
    diagnostics = invisible_characters(text or "")
    source = text if text and diagnostics else ""
    return Outcome(
        intent.path, "recovered", intent.landed, message=why, diagnostics=diagnostics, source=source
    )


def _is_discarded(ports: Ports, intent: Download) -> bool:
    """Whether git has since put the file back to before the pull, so the base must stay. If unsure,
    assume so: a base that is too old only costs a merge."""
    try:
        data = ports.tree.read(intent.path)
        text = None if data is None else decode(data)
    except (Unreadable, FileError):
        return True
    if intent.replaces is None or text is None or digest(text) == intent.brings:
        return False
    brought = ports.texts.text_of(intent.brings)
    before = ports.texts.text_of(intent.replaces)
    if brought is None or before is None:
        return True
    # The file has changed since the pull. It is discarded if undoing the pull changes nothing.
    try:
        merged = ports.tools.merge(brought, text, before)
    except FileError:
        return True
    return not merged.conflicted and merged.text == text


def _finish_pull(ports: Ports, intent: Download, version: Version) -> None:
    by_id = {entry.pine_id: entry for entry in ports.manifest.entries().values() if entry.pine_id}
    entry = by_id.get(intent.pine_id) if intent.pine_id else None
    entry = entry or Entry(intent.path, intent.name, intent.pine_id)
    if entry.base is None or entry.base.version < version:
        ours = own_versions(ports.log, intent.pine_id) if intent.pine_id else frozenset()
        base = Base(version, intent.digest)
        if entry.base:
            base = entry.base.moved(version, intent.digest, ours)
        elif intent.replaces:
            base = Base.linked(version, intent.digest, ours)
        ports.manifest.commit({entry.path: replace(entry, base=base)})


def _prune_intents(ports: Ports) -> None:
    """Drop tombstones after 30 days, and all but the last PUSH_LOG saves of each script."""
    now = ports.tools.now()
    intents = ports.log.intents()
    count: Counter[PineId | None] = Counter()
    for intent in reversed(intents):
        if intent.state == "abandoned" and age(intent, now) > TOMBSTONE_SECONDS:
            ports.log.drop([intent])
        elif intent.state == "landed":
            count[intent.pine_id] += 1
            if count[intent.pine_id] > PUSH_LOG:
                ports.log.drop([intent])


def _settle_save(ports: Ports, intent: Save) -> Outcome:
    waited = age(intent, ports.tools.now())
    try:
        landed = _find_answered(ports, intent) or find(ports, intent)
    except FacadeError as error:
        if isinstance(error, NotAccessible) and waited >= ports.tools.settle_seconds:
            return _abandon_unreadable(ports, intent, error)
        return _pending(intent, f"cannot look for an earlier save: {error.message}")
    # Found on the service: the save landed, whatever its response was.
    if landed:
        record_landed(ports, intent, landed)
        return landed_outcome(intent, landed)
    # Not found, but a slow save can still appear.
    if waited < ports.tools.settle_seconds:
        rest = ports.tools.settle_seconds - waited
        return _pending(
            intent,
            "an earlier save was sent but has not appeared yet",
            f"run the same command again; it is given up in {rest:.0f} s",
        )
    unknown = find_unknown(ports, intent)
    abandon(ports, intent, unknown)
    if unknown:
        return unknown_outcome(intent, unknown)
    return Outcome(
        intent.path,
        "recovered",
        message="an earlier save never arrived and is given up",
        pine_id=intent.pine_id,
    )


def _settle_other(ports: Ports, intent: Rename | Delete) -> Outcome:
    try:
        if isinstance(intent, Rename):
            return rename.settle_rename(ports, intent)
        return delete.settle_delete(ports, intent)
    except FacadeError as error:
        what = "rename" if isinstance(intent, Rename) else "deletion"
        return _pending(intent, f"cannot look for an earlier {what}: {error.message}")


def _abandon_unreadable(ports: Ports, intent: Save, error: NotAccessible) -> Outcome:
    """Give up a save whose script the service refuses to a valid session: the script is gone, and
    waiting would block it forever. The intent stays in case the script comes back."""
    ask_session(ports.remote, None)
    abandon(ports, intent)
    return Outcome(
        intent.path,
        "recovered",
        message=f"an earlier save cannot be looked for and is given up: {error.message}",
        pine_id=intent.pine_id,
    )


def _find_answered(ports: Ports, intent: Save) -> Found | None:
    """The save at the version its response named, if that was never read back."""
    if intent.landed is None or intent.pine_id is None:
        return None
    return settled_by(ports, intent, SaveAnswer(True, intent.pine_id, intent.landed))


def landed_outcome(intent: Save, landed: Found) -> Outcome:
    """The outcome for a save of an earlier run that was found."""
    if landed.shadowed:
        return shadowed_outcome(intent.path, landed)
    return Outcome(
        intent.path,
        "recovered",
        landed.version,
        before=intent.parent,
        message=f"an earlier save was stored as {landed.version}",
        pine_id=landed.pine_id,
    )


def _pending(intent: Intent, message: str, hint: str = "") -> Outcome:
    return Outcome(
        intent.path,
        "pending",
        message=message,
        hint=hint or "run the same command again later",
        exit_code=EXIT_LATER,
        pine_id=intent.pine_id,
    )
