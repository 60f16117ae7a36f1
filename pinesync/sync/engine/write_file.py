"""Replace a file's text: record an intent first; revert or finish it after an interruption."""

from __future__ import annotations

from dataclasses import replace

from pinesync.model import Digest, Entry
from pinesync.sync.engine.lifecycle import new_intent
from pinesync.sync.intents import Download
from pinesync.sync.ports import Ports
from pinesync.text.canonical import digest, has_conflict_markers


def write_file(
    ports: Ports,
    entry: Entry,
    text: str,
    expected: Digest | None,
    intents: list[Download],
    *,
    brings_base: bool = False,
) -> None:
    """Write the text to the entry's file, and back up the old one. The intent is on disk first;
    it is added to `intents`, and stays until the caller has recorded the result. With
    `brings_base`, it has the entry's base, so that recovery can record it."""
    brings = digest(text)
    base = entry.base if brings_base else None
    intent = new_intent(
        ports,
        Download(
            path=entry.path,
            name=entry.name,
            digest=base.digest if base else brings,
            pine_id=entry.pine_id,
            replaces=expected,
            brings=brings,
            landed=base.version if base else None,
        ),
    )
    if base and brings != base.digest:
        ports.texts.keep(text)  # a merge is held nowhere else, and recovery compares with it
    temp = ""

    def begun(name: str) -> None:
        nonlocal temp
        temp = name
        ports.log.write(replace(intent, temp=name))

    try:
        conflict = brings_base and has_conflict_markers(text)
        ports.tree.put(entry.path, text, expected, begun, conflict=conflict)
    except Exception:
        # What is done stays on record, and the next run finishes it; what is not, is cleared.
        if temp:
            ports.tree.finish_write(replace(intent, temp=temp))
        raise
    intents.append(replace(intent, temp=temp))
