"""The life cycle of an intent. It is on disk before anything is sent or any file changes, and it
closes once its effect is recorded."""

from __future__ import annotations

from dataclasses import replace

from pinesync.errors import FileError, ManifestError, NotRecorded, StateError
from pinesync.model import Base, Entry, PineId, SaveAnswer, Version
from pinesync.sync import recovery
from pinesync.sync.intents import AnyIntent, Create, Intent, Save, with_state
from pinesync.sync.ports import IntentLog, Ports
from pinesync.sync.recovery import Found


def new_intent(ports: Ports, intent: AnyIntent) -> AnyIntent:
    """The intent with a new key, the account, and the time."""
    now, account = ports.tools.now(), ports.manifest.scope().account
    return replace(
        intent,
        key=ports.tools.new_key(),
        account=account.name if account else "",
        wall=now.wall,
        mono=now.mono,
        boot_id=now.boot_id,
    )


def begin(ports: Ports, intent: AnyIntent) -> AnyIntent:
    """Write the intent, first as prepared, then as sent. Only then may the caller send the request.
    Raises FileError if pine.toml could not record the outcome."""
    try:
        ports.manifest.refuse_unwritable()
    except FileError as error:
        hint = "nothing was sent: make pine.toml and its folder writable first"
        raise FileError(error.message, hint) from error
    intent = new_intent(ports, intent)
    ports.log.write(intent)
    sent = with_state(intent, "sent")
    ports.log.write(sent)
    return sent


def record_answer(ports: Ports, intent: Save, answer: SaveAnswer) -> None:
    """Record the version that the response named, for a save that cannot be read back now."""
    if answer.accepted and answer.version and answer.pine_id in (intent.pine_id, None):
        ports.log.write(replace(intent, landed=answer.version))


def record_landed(ports: Ports, intent: Save, landed: Found) -> None:
    """Record the save: base and flag in one write of pine.toml, then the intent. NotRecorded if
    that fails."""
    try:
        _record_landed(ports, intent, landed)
    except (FileError, StateError, ManifestError) as error:
        raise NotRecorded(landed.version, error) from error


def _record_landed(ports: Ports, intent: Save, found: Found) -> None:
    entry = entry_of(ports, intent, found.pine_id)
    if entry is not None:
        sent = intent.digest if intent.digest != found.digest else None
        ours = {found.version, *own_versions(ports.log, found.pine_id)}
        base = Base(found.version, found.digest, sent)
        if entry.base:
            base = entry.base.moved(found.version, found.digest, ours, sent)
        # The base never moves back: a pull may already have set a later version.
        is_new = entry.base is None or entry.pine_id != found.pine_id
        advances = is_new or (entry.base is not None and entry.base.version < found.version)
        entry = replace(
            entry,
            pine_id=found.pine_id,
            base=base if advances else entry.base,
            shadowed=found.shadowed or entry.shadowed,
        )
        ports.manifest.commit({entry.path: entry})
    landed = with_state(intent, "landed", landed=found.version, pine_id=found.pine_id)
    ports.log.write(landed)


def abandon(ports: Ports, intent: Save, flag: Version | None = None) -> None:
    """Give up a save that was not found. Keep a tombstone, as the save can still appear."""
    entry = entry_of(ports, intent, intent.pine_id)
    if flag and entry:
        ports.manifest.commit({entry.path: replace(entry, shadowed=flag)})
    ports.log.write(with_state(intent, "abandoned"))


def entry_of(ports: Ports, intent: Intent, pine_id: PineId | None) -> Entry | None:
    """The script's current entry in pine.toml. Its path can differ from the intent's."""
    entries = ports.manifest.entries()
    if pine_id:
        for entry in entries.values():
            if entry.pine_id == pine_id:
                return entry
    return entries.get(intent.path) if isinstance(intent, Create) else None


def uploads_of(log: IntentLog, pine_id: PineId) -> list[Save]:
    """The uploads of one script, oldest first."""
    return [
        intent for intent in log.intents() if isinstance(intent, Save) and intent.pine_id == pine_id
    ]


def own_versions(log: IntentLog, pine_id: PineId) -> frozenset[Version]:
    """The versions saved from this machine, as far as its push log goes back."""
    return recovery.own_versions_of(uploads_of(log, pine_id))
