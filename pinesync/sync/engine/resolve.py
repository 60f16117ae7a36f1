"""Resolve a conflict with ours, theirs, or the file as it is. The side that was not taken stays
readable."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Literal

from pinesync.errors import ActionRequired, Misuse
from pinesync.model import Base, Entry, PineId, RelPath, Version
from pinesync.sync.engine.lifecycle import own_versions, uploads_of
from pinesync.sync.engine.restore import base_text, record_choice, restore
from pinesync.sync.engine.version_texts import read_text
from pinesync.sync.outcome import Outcome
from pinesync.sync.ports import IntentLog, Ports
from pinesync.text.canonical import Unreadable, decode, digest, has_conflict_markers

Side = Literal["ours", "theirs", "merged"]


def resolve(ports: Ports, path: RelPath, side: Side, our_text: Callable[[RelPath], str]) -> Outcome:
    """Resolve conflict markers, a flag, or a manual merge. `our_text` returns the file's text from
    before the merge wrote markers; it raises ActionRequired if that text is unknown."""
    entry = ports.manifest.entries().get(path)
    if entry is None:
        raise Misuse(f"{path}: not listed in pine.toml", "`pinesync status` lists scripts")
    marked = _is_marked(ports, path)
    if side == "merged" and marked:
        raise ActionRequired(
            f"{path}: the file contains conflict markers",
            "edit the file and remove them, then try again",
        )
    # One of our saves hides a version by somebody else; the file may have markers as well.
    if entry.shadowed:
        return _clear_flag(ports, entry, side, our_text if marked else None)
    if side == "merged" and entry.base:
        # No markers, no flag: for example a manual merge that drops lines somebody else saved.
        data = ports.tree.read(path)
        with suppress(Unreadable):
            if data is not None and record_choice(ports, path, decode(data)):
                return Outcome(path, "resolved", entry.base.version)
    if not marked:
        return Outcome(
            path,
            "told",
            message="nothing to resolve",
            hint="run `pinesync status` to see what is left",
        )
    text = our_text(path) if side == "ours" else base_text(ports, entry)
    return restore(ports, entry, text, "resolved")


def _clear_flag(
    ports: Ports, entry: Entry, side: Side, our_text: Callable[[RelPath], str] | None
) -> Outcome:
    """Clear the flag and move the base up to the hidden save at least, as the user has decided on
    it. `our_text` is None unless the file has conflict markers."""
    assert entry.shadowed
    assert entry.pine_id
    path = entry.path
    shadowed = read_text(ports, (entry.pine_id, entry.shadowed))
    outcome = Outcome(path, "resolved", entry.shadowed, pine_id=entry.pine_id)
    if side == "theirs":
        outcome = restore(ports, entry, shadowed, "resolved")
        if outcome.exit_code:
            return outcome
    elif side == "ours" and our_text:
        outcome = restore(ports, entry, our_text(path), "resolved")
    base = entry.base
    if base is None or base.version < entry.shadowed:
        ours = own_versions(ports.log, entry.pine_id)
        at = (entry.shadowed, digest(shadowed))
        base = base.moved(*at, ours) if base else Base(*at)
    _note_resolved(ports.log, entry.pine_id, entry.shadowed)
    ports.manifest.commit({path: replace(entry, base=base, shadowed=None)})
    with suppress(Unreadable):
        record_choice(ports, path, decode(ports.tree.read(path) or b""))
    return outcome


def _note_resolved(log: IntentLog, pine_id: PineId, shadowed: Version) -> None:
    """Mark our saves that hide this version as settled, even if git restores an old pine.toml."""
    for upload in uploads_of(log, pine_id):
        if upload.state == "landed" and upload.landed and upload.landed > shadowed:
            log.write(replace(upload, seen=upload.landed))


def in_conflict(ports: Ports, entry: Entry) -> bool:
    """Whether the script waits for `resolve`: a flag in pine.toml, or markers in the file."""
    return entry.shadowed is not None or _is_marked(ports, entry.path)


def _is_marked(ports: Ports, path: RelPath) -> bool:
    try:
        return has_conflict_markers(decode(ports.tree.read(path) or b""))
    except Unreadable:
        return False
