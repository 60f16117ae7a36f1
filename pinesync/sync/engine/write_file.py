"""One file gets another text: on record before, taken back or finished after."""

from __future__ import annotations

from dataclasses import replace

from pinesync.model import Digest, Entry
from pinesync.sync.engine.lifecycle import stamped
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
    """The entry's file gets the text; what it had is kept. An intent is on disk before, is added
    to `intents`, and stays until the caller has written what follows from it. With `brings_base`
    that is the entry's base, which recovery then finishes."""
    brings = digest(text)
    base = entry.base if brings_base else None
    intent = stamped(
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
            ports.tree.take_back(replace(intent, temp=temp))
        raise
    intents.append(replace(intent, temp=temp))
