"""One file gets another text: on record before, taken back or finished after."""

from __future__ import annotations

from dataclasses import replace

from pinesync.model import Digest, Entry
from pinesync.sync.intents import Record
from pinesync.sync.ports import Tools, Workspace
from pinesync.text import digest, has_conflict_markers


def put_text(
    workspace: Workspace,
    tools: Tools,
    entry: Entry,
    text: str,
    expected: Digest | None,
    records: list[Record],
    *,
    brings_base: bool = False,
) -> None:
    """The entry's file gets the text; what it had is kept. A record is on disk before, is added
    to `records`, and stays until the caller has written what follows from it. With `brings_base`
    that is the entry's base, which recovery then finishes."""
    now = tools.now()
    brings = digest(text)
    base = entry.base if brings_base else None
    record = Record(
        key=tools.new_key(),
        op="pull",
        state="prepared",
        path=entry.path,
        name=entry.name,
        digest=base.digest if base else brings,
        pine_id=entry.pine_id,
        account=tools.account,
        object=expected,
        brings=brings,
        landed=base.version if base else None,
        wall=now.wall,
        mono=now.mono,
        boot_id=now.boot_id,
    )

    if base and brings != base.digest:
        workspace.keep(text)  # a merge is held nowhere else, and recovery compares with it
    temp = ""

    def begun(name: str) -> None:
        nonlocal temp
        temp = name
        workspace.write_record(replace(record, temp=name))

    try:
        conflict = brings_base and has_conflict_markers(text)
        workspace.put(entry.path, text, expected, begun, conflict=conflict)
    except Exception:
        # What is done stays on record, and the next run finishes it; what is not, is cleared.
        if temp:
            workspace.take_back(replace(record, temp=temp))
        raise
    records.append(replace(record, temp=temp))
