"""One rename on TradingView, from its record on disk to the name in pine.toml. It is never repeated
because no answer came: the list tells what the script is called."""

from __future__ import annotations

from dataclasses import replace

from pinesync.errors import (
    EXIT_LATER,
    BadAnswer,
    FacadeError,
    NameTaken,
    NoAccess,
    NotAccessible,
    PinesyncError,
)
from pinesync.model import Entry, PineId, SavedText, ScriptInfo
from pinesync.naming import shown, typed
from pinesync.sync import recovery
from pinesync.sync.engine import saving
from pinesync.sync.engine.snapshot import ask_session
from pinesync.sync.intents import Record, age
from pinesync.sync.outcome import Outcome, failed
from pinesync.sync.ports import Ports


def give_name(ports: Ports, entry: Entry, before: SavedText, name: str) -> Outcome:
    """The script gets the name, if no other has it. `before` is its newest version, which a rename
    leaves as it is."""
    assert entry.pine_id
    record = saving.begin(
        ports,
        Record(
            key="",
            op="rename",
            state="prepared",
            path=entry.path,
            name=name,
            digest=before.digest,
            pine_id=entry.pine_id,
            parent=before.version,
        ),
    )
    answer: PinesyncError | None = None
    try:
        ports.remote.rename_script(entry.pine_id, name)
    except PinesyncError as error:
        answer = error
    return _after(ports, record, before, answer)


def _after(
    ports: Ports, record: Record, before: SavedText, answer: PinesyncError | None
) -> Outcome:
    sent = recovery.outcome(answer) if answer else None
    if answer and sent is recovery.Sent.NOT_SENT:
        ports.workspace.drop_records([record])
        return failed(record.path, answer, record.pine_id)
    refused = sent is recovery.Sent.REFUSED
    try:
        info = _listed(ports, record, patiently=not refused and not isinstance(answer, NoAccess))
    except NoAccess as error:
        return _unknown(record, error)
    except PinesyncError as error:
        return _unknown(record, answer or error)
    if info and shown(info.name) == record.name:
        return _landed(ports, record, info)
    if answer is None and info and shown(info.name) != shown(before.name):
        # It was renamed, and somebody gave it yet another name; or the service changed the name.
        return _landed(ports, record, info)
    if answer and refused:
        ports.workspace.drop_records([record])
        if isinstance(answer, NotAccessible):
            ask_session(ports.remote, record.pine_id)
        return failed(record.path, _named(answer, record), record.pine_id)
    return _unknown(record, answer)


def settle(ports: Ports, record: Record) -> Outcome:
    """What became of a rename whose answer was lost in an earlier run."""
    waited = age(record, ports.tools.now())
    info = _listed(ports, record, patiently=waited < ports.tools.settle_seconds)
    if info and shown(info.name) == record.name:
        done = _landed(ports, record, info)
        why = f"an earlier rename is done: it is called {record.name!r} there"
        return replace(done, done="recovered", message="; ".join(filter(None, (why, done.message))))
    if waited < ports.tools.settle_seconds:
        return _unknown(record, None)
    ports.workspace.drop_records([record])
    return Outcome(
        record.path,
        "recovered",
        message=f"an earlier rename to {record.name!r} never arrived and is given up",
        pine_id=record.pine_id,
    )


def _listed(ports: Ports, record: Record, *, patiently: bool) -> ScriptInfo | None:
    """The script as it is listed, looked for several times until it has the name; None where the
    list lacks it. BadAnswer for a list without any script."""
    info = None
    for pause in (*saving.PAUSES, None) if patiently else (None,):
        listed = ports.remote.list_scripts()
        if not listed:
            ask_session(ports.remote, None)
            raise BadAnswer("TradingView's list is empty", "run the same command again later")
        info = next((i for i in listed if i.pine_id == record.pine_id), None)
        if pause is None or (info and shown(info.name) == record.name):
            return info
        ports.tools.sleep(pause)
    return info


def _landed(ports: Ports, record: Record, info: ScriptInfo) -> Outcome:
    """The name as it is listed is written down, then the record is closed. A rename makes no
    version: where there is another one now, that is said."""
    assert record.pine_id
    entry = saving.entry_of(ports, record, record.pine_id)
    name = shown(info.name)
    message = "" if name == record.name else f"it is called {name!r} on TradingView now"
    message = "; ".join(filter(None, (message, _new_version(ports, record, record.pine_id))))
    if entry and entry.name != name:
        ports.workspace.commit({entry.path: replace(entry, name=name)})
    ports.workspace.drop_records([record])
    path = entry.path if entry else record.path
    return Outcome(
        path,
        "renamed",
        message=message or f"it is called {name!r} on TradingView",
        hint=f"the file keeps its name; `pinesync mv --follow {typed(path)}` gives it this one",
        pine_id=record.pine_id,
    )


def _new_version(ports: Ports, record: Record, pine_id: PineId) -> str:
    """A word where the newest version is not the one from before."""
    try:
        newest = ports.remote.get(pine_id)
    except FacadeError as error:
        return f"its newest version cannot be read: {error.message}"
    if (newest.version, newest.digest) == (record.parent, record.digest):
        return ""
    text = "the same text" if newest.digest == record.digest else "another text"
    return f"{newest.version} was saved there meanwhile, with {text}"


def _named(error: PinesyncError, record: Record) -> PinesyncError:
    if isinstance(error, NameTaken):
        return NameTaken(
            f"another script is called {record.name!r} on TradingView",
            "choose another name; nothing was renamed",
        )
    return error


def _unknown(record: Record, answer: PinesyncError | None) -> Outcome:
    why = f": {answer.message}" if answer else ""
    return Outcome(
        record.path,
        "pending",
        message=f"the rename was sent and its outcome is unknown{why}",
        hint="run the same command again: it looks at the name before it sends anything",
        exit_code=answer.exit_code if isinstance(answer, NoAccess) else EXIT_LATER,
        pine_id=record.pine_id,
    )
