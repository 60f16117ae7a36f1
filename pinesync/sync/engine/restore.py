"""Replace a file's text with one that a person requested, and back up the old one."""

from __future__ import annotations

from dataclasses import replace

from pinesync.errors import ActionRequired
from pinesync.model import Entry, RelPath
from pinesync.sync.engine.version_texts import read_text
from pinesync.sync.engine.write_file import write_file
from pinesync.sync.intents import Download
from pinesync.sync.outcome import Done, Outcome, refused
from pinesync.sync.ports import ChangedMeanwhile, Ports
from pinesync.text.canonical import Unreadable, decode, digest


def base_text(ports: Ports, entry: Entry) -> str:
    """The base text of a file, stored on this machine or read from the service. Raises
    ActionRequired if the service has another text under the base's version."""
    assert entry.base
    assert entry.pine_id
    base = entry.base
    text = ports.texts.text_of(base.expected)
    if text is not None:
        return text
    text = read_text(ports, (entry.pine_id, base.version))
    if digest(text) != base.digest:
        raise ActionRequired(
            f"{entry.path}: version {base.version} on TradingView is not what pine.toml recorded",
            "`pinesync pull --theirs` takes the newest text",
        )
    return text


def restore(ports: Ports, entry: Entry, text: str, done: Done = "restored") -> Outcome:
    """Write the text to the file, whatever the file has now."""
    path = entry.path
    data = ports.tree.read(path)
    version = entry.base.version if entry.base else None
    intents: list[Download] = []
    try:
        current = None if data is None else digest(decode(data))
        if current != digest(text):
            write_file(ports, entry, text, current, intents)
    except Unreadable as error:
        return refused(path, str(error), "move the file away, then restore it")
    except ChangedMeanwhile:
        return refused(path, "the file has just changed", "run the command again")
    finally:
        ports.log.drop(intents)
    record_choice(ports, path, text)
    message = "" if data is None or not intents else "its old text is backed up"
    pine_id = entry.pine_id if done == "restored" else None
    return Outcome(path, done, version, message=message, pine_id=pine_id)


def record_choice(ports: Ports, path: RelPath, text: str) -> bool:
    """Note that a person explicitly chose this text, so a push may save it even if it reverts
    others' saves. Returns whether pine.toml changed: a choice was noted, or an older one
    removed."""
    entry = ports.manifest.entries().get(path)
    if entry is None or entry.base is None:
        return False
    meant = bool(entry.base.theirs) and digest(text) != entry.base.expected
    chosen = digest(text) if meant else None
    if chosen == entry.base.chosen:
        return False
    ports.manifest.commit({path: replace(entry, base=replace(entry.base, chosen=chosen))})
    return True
