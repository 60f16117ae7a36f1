"""One save, from its record on disk to its base in pine.toml.

A save is never repeated because no answer came: what the service has is read, by number, and the
record tells what to look for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pinesync.errors import (
    BadAnswer,
    FileError,
    ManifestError,
    NotNoted,
    PinesyncError,
    StateError,
)
from pinesync.model import Base, Digest, Entry, PineId, SaveAnswer, Version
from pinesync.naming import shown
from pinesync.sync import recovery
from pinesync.sync.intents import Record
from pinesync.sync.planner import MOST_VERSIONS
from pinesync.sync.ports import Ports, Workspace

PAUSES = (0.5, 1.0, 2.0)
"""Seconds between the looks for a save whose answer was lost."""


@dataclass(frozen=True, slots=True)
class Found:
    """A save of ours on the service: which script and version, what it hides, and the digest of
    the text there, which is another than the record's where the service changed it. `name` is
    the saved name that was read with it, empty where none was."""

    pine_id: PineId
    version: Version
    digest: Digest
    hidden: Version | None = None
    name: str = ""


def begin(ports: Ports, record: Record) -> Record:
    """The record is on disk, prepared and then sent; only now may the request go out. FileError
    where what comes of it could not be written down."""
    try:
        ports.workspace.refuse_unwritable()
    except FileError as error:
        hint = "nothing was sent: make pine.toml and its folder writable first"
        raise FileError(error.message, hint) from error
    now = ports.tools.now()
    record = replace(
        record,
        key=ports.tools.new_key(),
        account=ports.tools.account,
        wall=now.wall,
        mono=now.mono,
        boot_id=now.boot_id,
    )
    ports.workspace.write_record(record)
    sent = replace(record, state="sent")
    ports.workspace.write_record(sent)
    return sent


def send(ports: Ports, record: Record, name: str | None, text: str) -> SaveAnswer | PinesyncError:
    """The answer to the one request of this record, or the error that came instead of one."""
    try:
        if record.op == "create":
            return ports.remote.save_new(record.name, text)
        assert record.pine_id is not None
        return ports.remote.save_next(record.pine_id, name, text)
    except PinesyncError as error:
        return error


def settled_by(ports: Ports, record: Record, answer: SaveAnswer) -> Found | None:
    """Where a complete answer says that the save is, once its text was read there by number.

    It settles the place even where the text differs from ours: the service changed it."""
    pine_id = record.pine_id or answer.pine_id
    version = answer.version
    if not (answer.pine_id == pine_id and pine_id and version):
        return None
    if pine_id in record.known_ids:
        return None  # a script that was there before is not the one that was created
    parent = record.parent
    before = parent.major if parent else 0
    if not before < version.major <= before + MOST_VERSIONS:
        return None
    saved = ports.remote.get(pine_id, version)
    ports.workspace.remember(saved)
    log = read_log(ports, pine_id, parent, version)
    ours = recovery.ours_of(saves_of(ports.workspace, pine_id), record)
    hidden = recovery.hidden(parent, version, log, ours)
    return Found(pine_id, version, log[version], hidden, shown(saved.name))


def note_answer(ports: Ports, record: Record, answer: SaveAnswer) -> None:
    """Where the answer said that the save is goes on record, since it cannot be read now."""
    if answer.accepted and answer.version and answer.pine_id in (record.pine_id, None):
        ports.workspace.write_record(replace(record, landed=answer.version))


def find(ports: Ports, record: Record, *, patiently: bool = True) -> Found | None:
    """The save among the versions that the service has, looked for several times."""
    for pause in (*PAUSES, None) if patiently else (None,):
        found = _find_created(ports, record) if record.op == "create" else _find(ports, record)
        if found or pause is None:
            return found
        ports.tools.sleep(pause)
    return None


def _find(ports: Ports, record: Record) -> Found | None:
    assert record.pine_id is not None
    newest = ports.remote.get(record.pine_id)
    log = read_log(ports, record.pine_id, record.parent, newest.version)
    ours = recovery.ours_of(saves_of(ports.workspace, record.pine_id), record)
    landed = recovery.find(record, log, ours)
    if landed is None:
        return None
    return Found(record.pine_id, landed.version, record.digest, landed.hidden)


def _find_created(ports: Ports, record: Record) -> Found | None:
    """A script that was not known before, has the name, and began with our text."""
    for info in ports.remote.list_scripts():
        if info.pine_id not in record.known_ids and shown(info.name) == shown(record.name):
            first = ports.remote.get(info.pine_id, Version(1))
            ports.workspace.remember(first)
            if first.digest == record.digest:
                return Found(info.pine_id, Version(1), first.digest)
    return None


def strangers(ports: Ports, record: Record) -> Version | None:
    """The one version after the parent that nobody here knows, which a rewritten save of ours
    would look like."""
    if record.op == "create" or record.pine_id is None:
        return None
    newest = ports.remote.get(record.pine_id)
    log = read_log(ports, record.pine_id, record.parent, newest.version)
    return recovery.only_stranger(record, log, {record.digest})


def land(ports: Ports, record: Record, found: Found) -> None:
    """The save is written down: base and flag in one write of pine.toml, then the record. NotNoted
    where that cannot be."""
    try:
        _land(ports, record, found)
    except (FileError, StateError, ManifestError) as error:
        raise NotNoted(found.version, error) from error


def _land(ports: Ports, record: Record, found: Found) -> None:
    entry = entry_of(ports, record, found.pine_id)
    if entry is not None:
        sent = record.digest if record.digest != found.digest else None
        ours = {found.version, *own_versions(ports.workspace, found.pine_id)}
        base = Base(found.version, found.digest, sent)
        if entry.base:
            base = entry.base.moved(found.version, found.digest, ours, sent)
        older = entry.base is None or entry.pine_id != found.pine_id
        moves = older or (entry.base is not None and entry.base.version < found.version)
        entry = replace(
            entry,
            pine_id=found.pine_id,
            base=base if moves else entry.base,
            hidden=found.hidden or entry.hidden,
        )
        ports.workspace.commit({entry.path: entry})
    ports.workspace.write_record(
        replace(record, state="landed", landed=found.version, pine_id=found.pine_id)
    )


def give_up(ports: Ports, record: Record, flag: Version | None = None) -> None:
    """The save is not there. The record stays as a tombstone: it may still turn up."""
    entry = entry_of(ports, record, record.pine_id)
    if flag and entry:
        ports.workspace.commit({entry.path: replace(entry, hidden=flag)})
    ports.workspace.write_record(replace(record, state="abandoned"))


def entry_of(ports: Ports, record: Record, pine_id: PineId | None) -> Entry | None:
    """The script's entry as pine.toml has it now: the person may have moved it meanwhile."""
    entries = ports.workspace.entries()
    if pine_id:
        for entry in entries.values():
            if entry.pine_id == pine_id:
                return entry
    waiting = entries.get(record.path)
    creating = record.op == "create" and waiting is not None
    return waiting if creating else None


def read_log(
    ports: Ports, pine_id: PineId, parent: Version | None, last: Version
) -> dict[Version, Digest]:
    """The digests of the versions from the parent on, each read by its number. BadAnswer where
    they are more than anybody saved."""
    first = parent or Version(1)
    if last.major - first.major > MOST_VERSIONS:
        raise BadAnswer(
            f"{pine_id}: the newest version is said to be {last}, more than {MOST_VERSIONS} after "
            f"{first}",
            "nothing was changed because of it; look at the script in the browser",
        )
    log: dict[Version, Digest] = {}
    for version in [first, *first.until(last)]:
        held = ports.workspace.recall(pine_id, version)
        if held is None:
            saved = ports.remote.get(pine_id, version)
            ports.workspace.remember(saved)
            held = saved.digest
        log[version] = held
    return log


def saves_of(workspace: Workspace, pine_id: PineId) -> list[Record]:
    """The records of one script."""
    return [record for record in workspace.records() if record.pine_id == pine_id]


def own_versions(workspace: Workspace, pine_id: PineId) -> frozenset[Version]:
    """The versions that were saved from here, as far as this machine remembers them."""
    return recovery.ours_of(saves_of(workspace, pine_id))
