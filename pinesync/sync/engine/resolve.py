"""Ending a conflict: with your text, with theirs, or as the file is now. The other text stays
readable."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Literal

from pinesync.errors import LeftForYou, Misuse
from pinesync.model import Base, Entry, PineId, RelPath, Version
from pinesync.sync.engine.lifecycle import own_versions, uploads_of
from pinesync.sync.engine.restore import base_text, choose, restore
from pinesync.sync.engine.version_texts import read_text
from pinesync.sync.outcome import Outcome
from pinesync.sync.ports import IntentLog, Ports
from pinesync.text.canonical import Unreadable, decode, digest, has_conflict_markers

Side = Literal["ours", "theirs", "merged"]


def resolve(ports: Ports, path: RelPath, side: Side, our_text: Callable[[RelPath], str]) -> Outcome:
    """Settle conflict markers, a flag, or a merge by hand. `our_text` tells what the file had
    before the merge put markers into it; it raises LeftForYou where that cannot be told."""
    entry = ports.manifest.entries().get(path)
    if entry is None:
        raise Misuse(f"{path}: not listed in pine.toml", "`pinesync status` lists scripts")
    marked = _is_marked(ports, path)
    if side == "merged" and marked:
        raise LeftForYou(
            f"{path}: the file contains conflict markers",
            "edit the file and remove them, then try again",
        )
    if entry.shadowed:
        return _unflag(ports, entry, side, our_text if marked else None)
    if side == "merged" and entry.base:
        # A merge by hand, say, whose text takes back what somebody else saved.
        data = ports.tree.read(path)
        with suppress(Unreadable):
            if data is not None and choose(ports, path, decode(data)):
                return Outcome(path, "resolved", entry.base.version)
    if not marked:
        return Outcome(path, "told", message="nothing to resolve", hint="`pinesync status` tells")
    text = our_text(path) if side == "ours" else base_text(ports, entry)
    return restore(ports, entry, text, "resolved")


def _unflag(
    ports: Ports, entry: Entry, side: Side, our_text: Callable[[RelPath], str] | None
) -> Outcome:
    """End the flag. The base never stays below the hidden save: it was seen and decided on.
    `our_text` is there where the file has conflict markers, too."""
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
        choose(ports, path, decode(ports.tree.read(path) or b""))
    return replace(outcome, hint="push saves the file's text if it differs")


def _note_resolved(log: IntentLog, pine_id: PineId, shadowed: Version) -> None:
    """The saves of ours that hide this version are settled, whatever pine.toml git brings back."""
    for upload in uploads_of(log, pine_id):
        if upload.state == "landed" and upload.landed and upload.landed > shadowed:
            log.write(replace(upload, seen=upload.landed))


def _is_marked(ports: Ports, path: RelPath) -> bool:
    try:
        return has_conflict_markers(decode(ports.tree.read(path) or b""))
    except Unreadable:
        return False
