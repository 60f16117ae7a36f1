"""What is done after a save was sent: the table "after the POST", step by step."""

from __future__ import annotations

from pinesync.errors import (
    EXIT_COMPILE,
    EXIT_LATER,
    FileError,
    NameTaken,
    NoAccess,
    NotAccessible,
    NotNoted,
    PinesyncError,
    StateError,
)
from pinesync.model import Diagnostic, SaveAnswer
from pinesync.naming import typed
from pinesync.sync import recovery
from pinesync.sync.engine import saving
from pinesync.sync.engine.prepare_upload import Draft
from pinesync.sync.engine.settle import hidden_outcome, stranger_outcome
from pinesync.sync.engine.snapshot import ask_session
from pinesync.sync.intents import Record
from pinesync.sync.outcome import Outcome, failed
from pinesync.sync.ports import Ports


def settle(
    ports: Ports, draft: Draft, record: Record, answer: SaveAnswer | PinesyncError
) -> Outcome:
    """The table "after the POST": what the answer, or its absence, means and what to do. NotNoted
    where a save that was accepted cannot be written down."""
    try:
        return _settle(ports, draft, record, answer)
    except (FileError, StateError) as error:
        if not isinstance(answer, SaveAnswer) or not answer.accepted:
            raise
        raise NotNoted(answer.version, error) from error


def _settle(
    ports: Ports, draft: Draft, record: Record, answer: SaveAnswer | PinesyncError
) -> Outcome:
    if isinstance(answer, PinesyncError):
        sent = recovery.outcome(answer)
        if sent is recovery.Sent.NOT_SENT:
            ports.workspace.drop_records([record])
            return failed(record.path, answer, record.pine_id)
        if isinstance(answer, NoAccess):
            raise Stopped(_after_page(ports, draft, record, answer), answer)
        found = _look(ports, record, patiently=sent is recovery.Sent.UNKNOWN)
        if found is None and sent is recovery.Sent.REFUSED:
            saving.give_up(ports, record)
            if isinstance(answer, NotAccessible):
                ask_session(ports.remote, record.pine_id)
            return failed(record.path, _named(answer, record), record.pine_id)
    else:
        found = _settled(ports, record, answer)
        found = found or _look(ports, record, patiently=True, accepted=answer.accepted)
        if found is None and not answer.accepted:
            return _not_found(ports, draft, record, answer)
    if found is None:
        return _unknown(record, answer)
    saving.land(ports, record, found)
    return _landed(draft, record, found, answer)


class Stopped(Exception):
    """A web page came for an answer: nothing more is sent. `outcome` is this script's."""

    def __init__(self, outcome: Outcome, error: NoAccess) -> None:
        super().__init__()
        self.outcome = outcome
        self.error = error


def _after_page(ports: Ports, draft: Draft, record: Record, answer: NoAccess) -> Outcome:
    """One look for the save; where that meets the page too, the next run looks."""
    try:
        found = saving.find(ports, record, patiently=False)
    except PinesyncError:
        found = None
    if found is None:
        return _unknown(record, answer)
    saving.land(ports, record, found)
    return _landed(draft, record, found, answer)


def _not_found(ports: Ports, draft: Draft, record: Record, answer: SaveAnswer) -> Outcome:
    """The service refused the text, and does not have it; but a text that nobody knows may be
    what it made of ours."""
    stranger = saving.strangers(ports, record)
    saving.give_up(ports, record, stranger)
    if stranger:
        return stranger_outcome(record, stranger)
    return _not_stored(draft, answer)


def _settled(ports: Ports, record: Record, answer: SaveAnswer) -> saving.Found | None:
    try:
        return saving.settled_by(ports, record, answer)
    except PinesyncError:
        saving.note_answer(ports, record, answer)
        return None  # the look that follows tries to read again, and says why it cannot


def _look(
    ports: Ports, record: Record, *, patiently: bool, accepted: bool = False
) -> saving.Found | None:
    try:
        return saving.find(ports, record, patiently=patiently)
    except NoAccess:
        raise
    except PinesyncError as error:
        if accepted and isinstance(error, FileError | StateError):
            raise  # it is there, and this disk is what fails
        if isinstance(error, NotAccessible):
            ask_session(ports.remote, record.pine_id)
        return None  # unread is unknown: the record stays open


def _named(error: PinesyncError, record: Record) -> PinesyncError:
    if isinstance(error, NameTaken):
        return NameTaken(
            f"a script called {record.name!r} is on TradingView already",
            f"`pinesync add --id USER;… {typed(record.path)}` links it, or change its `name`",
        )
    return error


def _unknown(record: Record, answer: SaveAnswer | PinesyncError) -> Outcome:
    why = answer.message if isinstance(answer, PinesyncError) else "it cannot be read back"
    return Outcome(
        record.path,
        "pending",
        message=f"the save was sent and its outcome is unknown: {why}",
        hint="run `pinesync push` again: it looks for the save before it sends anything",
        exit_code=EXIT_LATER,
        pine_id=record.pine_id,
    )


_MEND = "charts get this version: mend it, ask `pinesync check --full PATH`, and push again"


def _not_stored(draft: Draft, answer: SaveAnswer) -> Outcome:
    return Outcome(
        draft.entry.path,
        "refused",
        message=f"TradingView refused it and stored nothing: {answer.reason}",
        hint="mend it and push again",
        exit_code=EXIT_COMPILE,
        pine_id=draft.entry.pine_id,
        diagnostics=answer.verdict.errors or draft.broken,
        source=draft.text,
    )


def _landed(
    draft: Draft, record: Record, found: saving.Found, answer: SaveAnswer | PinesyncError
) -> Outcome:
    path = record.path
    if found.hidden:
        return hidden_outcome(path, found)
    refused_text = isinstance(answer, SaveAnswer) and not answer.accepted
    diagnostics: tuple[Diagnostic, ...] = draft.warnings
    message, exit_code = "", 0
    if isinstance(answer, SaveAnswer) and refused_text:
        diagnostics = answer.verdict.errors or draft.broken
        message = f"stored as {found.version}, and it does not compile: {answer.reason}"
        exit_code = EXIT_COMPILE
    elif found.digest != record.digest:
        message = "TradingView stored a slightly different text; both are recorded"
    elif found.name and found.name != record.name:
        message = f"it is called {found.name!r} on TradingView now, and was {record.name!r}"
    return Outcome(
        path,
        "created" if record.op == "create" else "saved",
        found.version,
        record.parent,
        message,
        _MEND if refused_text else "",
        exit_code,
        found.pine_id,
        diagnostics,
        draft.text,
    )
