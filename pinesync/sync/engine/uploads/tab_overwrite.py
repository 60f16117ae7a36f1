"""A browser tab that was opened before our push, and saved over it."""

from __future__ import annotations

from pinesync.model import PineId, Version
from pinesync.sync.engine.version_texts import stored_text
from pinesync.sync.intents import Upload
from pinesync.sync.ports import Ports
from pinesync.text.canonical import lines


def dropped_lines(ports: Ports, pine_id: PineId | None, before: str | None, newest: str) -> str:
    """A remark if the newest text lacks lines that the last push from this machine added, and that
    the text `before` it still had (None: unknown, so all count). Empty if it has them all, or if
    that is unknown."""
    pushed = [i for i in ports.log.intents() if isinstance(i, Upload) and i.pine_id == pine_id]
    last = max((r for r in pushed if r.landed), key=lambda r: r.landed or Version(1), default=None)
    if not (pine_id and last):
        return ""
    ours = ports.texts.text_of(last.digest)
    parent = stored_text(ports.texts, (pine_id, last.parent))
    if ours is None or parent is None:
        return ""
    present, known = set(lines(newest)), set(lines(parent))
    brought = [line for line in lines(ours) if line.strip() and line not in known]
    still = set(lines(before)) if before is not None else set(brought)
    lost = sum(line in still and line not in present for line in brought)
    if not lost:
        return ""
    return (
        f"{lost} of the {len(brought)} lines pushed as {last.landed} are not in it: "
        "an older browser tab may have saved over them"
    )
