"""Find saves that were given up and then appeared, possibly among saves by others."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from pinesync.model import Base, Entry, PineId, ScriptInfo, Version
from pinesync.sync import recovery
from pinesync.sync.engine.lifecycle import entry_of, uploads_of
from pinesync.sync.engine.uploads.find_upload import read_log
from pinesync.sync.engine.uploads.resolve_upload import shadowed_outcome
from pinesync.sync.intents import Upload
from pinesync.sync.outcome import Outcome
from pinesync.sync.ports import Ports
from pinesync.sync.recovery import Found


def find_late(ports: Ports, listed: Mapping[PineId, ScriptInfo]) -> tuple[Outcome, ...]:
    """Look for each save that was given up among the versions since the last search.

    A save becomes the base if the base has not moved since. It is flagged if it hides another
    text."""
    outcomes = []
    for intent in ports.log.intents():
        info = listed.get(intent.pine_id) if intent.pine_id else None
        if isinstance(intent, Upload) and intent.state == "abandoned" and info:
            outcomes += _find_late_save(ports, intent, info.version)
    return tuple(outcomes)


def _find_late_save(ports: Ports, intent: Upload, newest: Version) -> list[Outcome]:
    """Look for one save. Its tombstone stays even if a match is found: somebody may have returned
    to the same text on purpose, and the late save can still appear."""
    since = intent.landed or intent.parent
    if newest <= (intent.seen or since):
        return []
    log = read_log(ports, intent.pine_id, since, newest)
    ours = recovery.own_versions_of(uploads_of(ports.log, intent.pine_id), intent)
    landed = recovery.find(intent.digest, since, log, ours)
    # No version up to the newest has the text; the next search starts after it.
    if landed is None:
        ports.log.write(replace(intent, seen=newest))
        return []
    save = Found(intent.pine_id, landed.version, intent.digest, landed.shadowed)
    entry = entry_of(ports, intent, intent.pine_id)
    outcome = None
    if entry and entry.base:
        after = _entry_after(entry, entry.base, since, save, ours)
        if after != entry:
            ports.manifest.commit({entry.path: after})
            outcome = _outcome(after, save)
    ports.log.write(replace(intent, landed=save.version, seen=save.version))
    return [outcome] if outcome else []


def _entry_after(
    entry: Entry, base: Base, since: Version, save: Found, ours: Collection[Version]
) -> Entry:
    """The entry after a late save was found. If the base moved meanwhile, the save hides at least
    the base's text."""
    # A pull or push already went past the late save, so only the flag can change.
    if save.version <= base.version:
        return replace(entry, shadowed=save.shadowed or entry.shadowed)
    shadowed = save.shadowed
    # The base was saved after the intent's parent and before the late save.
    if since < base.version and save.digest != base.digest:
        shadowed = shadowed or base.version
    moved = base.moved(save.version, save.digest, {save.version, *ours})
    return replace(entry, base=moved, shadowed=shadowed or entry.shadowed)


def _outcome(entry: Entry, save: Found) -> Outcome:
    if entry.shadowed:
        return shadowed_outcome(entry.path, replace(save, shadowed=entry.shadowed))
    return Outcome(
        entry.path,
        "recovered",
        save.version,
        message=f"a save that was given up has appeared as {save.version}",
        pine_id=save.pine_id,
    )
