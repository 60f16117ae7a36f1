"""Resolve a save that was sent: the table "after the POST", step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pinesync.errors import (
    EXIT_COMPILE,
    EXIT_LATER,
    EXIT_LEFT,
    FileError,
    NameTaken,
    NoAccess,
    NotAccessible,
    NotRecorded,
    PinesyncError,
    StateError,
)
from pinesync.model import Diagnostic, PineId, RelPath, SaveAnswer, SavedText, Version
from pinesync.sync import recovery
from pinesync.sync.engine.lifecycle import abandon, record_answer, record_landed, uploads_of
from pinesync.sync.engine.snapshot import ask_session
from pinesync.sync.engine.uploads.find_upload import find, find_unknown, read_log
from pinesync.sync.engine.uploads.prepare_upload import Draft
from pinesync.sync.intents import Create, Save
from pinesync.sync.outcome import Outcome, failed
from pinesync.sync.planner import MAX_VERSIONS
from pinesync.sync.ports import Ports
from pinesync.sync.recovery import Found
from pinesync.text.filenames import shell_quote, unescape_name
from pinesync.text.plural import shorten_list


@dataclass(frozen=True, slots=True)
class SentUpload:
    """A save that was sent, with its response or the error in its place. `read_back` waits for
    the saved text if the read has already started."""

    draft: Draft
    intent: Save
    answer: SaveAnswer | PinesyncError
    read_back: Callable[[], SavedText] | None = None

    @property
    def place(self) -> tuple[PineId, Version] | None:
        """The script and version to read back, or None if the save was not accepted."""
        if isinstance(self.answer, PinesyncError) or not self.answer.accepted:
            return None
        return place_of(self.intent, self.answer)


def settle_upload(ports: Ports, sent: SentUpload) -> Outcome:
    """Apply the table "after the POST" to the response, or to its absence. Raises NotRecorded if an
    accepted save cannot be recorded on this disk."""
    answer = sent.answer
    try:
        done = _settle(ports, sent)
        lines = sent.draft.state.comparison.replaced
        if done.done == "saved" and lines:
            return replace(done, message="; ".join(filter(None, (done.message, _replaces(lines)))))
        return done
    except (FileError, StateError) as error:
        # This disk failed. After an accepted save, the person must hear that it was stored.
        if not isinstance(answer, SaveAnswer) or not answer.accepted:
            raise
        raise NotRecorded(answer.version, error) from error


def _settle(ports: Ports, upload: SentUpload) -> Outcome:
    draft, intent, answer = upload.draft, upload.intent, upload.answer
    if isinstance(answer, PinesyncError):
        sent = recovery.outcome(answer)
        # No byte left, so nothing can land late and the intent is closed.
        if sent is recovery.Landing.NOT_SENT:
            ports.log.drop([intent])
            return failed(intent.path, answer, intent.pine_id)
        # The session is in doubt, but the request left: the save may have landed.
        if isinstance(answer, NoAccess):
            raise Stopped(_after_page(ports, draft, intent, answer), answer)
        landed = _look(ports, intent, patiently=sent is recovery.Landing.UNKNOWN)
        # The service refused the request, and no version on the service has the text.
        if landed is None and sent is recovery.Landing.REFUSED:
            abandon(ports, intent)
            if isinstance(answer, NotAccessible):
                ask_session(ports.remote, intent.pine_id)
            return failed(intent.path, _named(answer, intent), intent.pine_id)
    else:
        landed = _settled(ports, intent, answer, upload.read_back)
        try:
            landed = landed or _look(ports, intent, patiently=True, accepted=answer.accepted)
        except NoAccess as error:
            raise Stopped(_unknown(intent, error), error) from error
        # The compiler rejected the text, and no version has exactly that text.
        if landed is None and not answer.accepted:
            return _not_found(ports, draft, intent, answer)
    # The save was not denied and may still land, so the intent stays open.
    if landed is None:
        return _unknown(intent, answer)
    record_landed(ports, intent, landed)
    return _landed(draft, intent, landed, answer)


class Stopped(Exception):
    """The session ended or a web page came: nothing more is sent. `outcome` is this script's."""

    def __init__(self, outcome: Outcome, error: NoAccess) -> None:
        super().__init__()
        self.outcome = outcome
        self.error = error


def _after_page(ports: Ports, draft: Draft, intent: Save, answer: NoAccess) -> Outcome:
    """Look for the save once. If that fails as well, the next run looks for it."""
    try:
        landed = find(ports, intent, patiently=False)
    except PinesyncError:
        landed = None
    if landed is None:
        return _unknown(intent, answer)
    record_landed(ports, intent, landed)
    return _landed(draft, intent, landed, answer)


def _not_found(ports: Ports, draft: Draft, intent: Save, answer: SaveAnswer) -> Outcome:
    """The service refused the text and does not have it. An unknown text there may still be our
    text, rewritten by the service."""
    unknown = find_unknown(ports, intent)
    abandon(ports, intent, unknown)
    if unknown:
        return unknown_outcome(intent, unknown)
    return _not_stored(draft, answer)


def _settled(
    ports: Ports, intent: Save, answer: SaveAnswer, read_back: Callable[[], SavedText] | None
) -> Found | None:
    try:
        return settled_by(ports, intent, answer, read_back)
    except PinesyncError:
        record_answer(ports, intent, answer)
        return None  # the next look reads again and reports the error


def _look(ports: Ports, intent: Save, *, patiently: bool, accepted: bool = False) -> Found | None:
    try:
        return find(ports, intent, patiently=patiently)
    except NoAccess:
        raise
    except PinesyncError as error:
        if accepted and isinstance(error, FileError | StateError):
            raise  # the save is stored; this disk failed
        if isinstance(error, NotAccessible):
            ask_session(ports.remote, intent.pine_id)
        return None  # nothing was read, so the outcome is unknown and the intent stays open


def _named(error: PinesyncError, intent: Save) -> PinesyncError:
    if isinstance(error, NameTaken):
        return NameTaken(
            f"a script called {intent.name!r} is on TradingView already",
            f"`pinesync add --id USER;… {shell_quote(intent.path)}` links it, or change its `name`",
        )
    return error


def _unknown(intent: Save, answer: SaveAnswer | PinesyncError) -> Outcome:
    why = answer.message if isinstance(answer, PinesyncError) else "reading it back failed"
    return Outcome(
        intent.path,
        "pending",
        message=f"the save was sent and its outcome is unknown: {why}",
        hint="run `pinesync push` again: it looks for the save before it sends anything",
        exit_code=EXIT_LATER,
        pine_id=intent.pine_id,
    )


def place_of(intent: Save, answer: SaveAnswer) -> tuple[PineId, Version] | None:
    """The script and version that the response names, or None if they cannot be this save's."""
    pine_id, version, parent = intent.pine_id or answer.pine_id, answer.version, intent.parent
    if not (answer.pine_id == pine_id and pine_id and version):
        return None
    if isinstance(intent, Create) and pine_id in intent.known_ids:
        return None  # that script existed before the create
    before = parent.major if parent else 0
    return (pine_id, version) if before < version.major <= before + MAX_VERSIONS else None


def settled_by(
    ports: Ports,
    intent: Save,
    answer: SaveAnswer,
    read_back: Callable[[], SavedText] | None = None,
) -> Found | None:
    """Find the save where the response puts it, or None if the response names no possible place.
    Reads that version's text from the service by its number, or waits for `read_back`.

    The number identifies the save even if the text differs: the service rewrote it."""
    place = place_of(intent, answer)
    if place is None:
        return None
    pine_id, version = place
    parent = intent.parent
    saved = read_back() if read_back else ports.remote.get(pine_id, version)
    ports.texts.remember(saved)
    log = read_log(ports, pine_id, parent, version)
    ours = recovery.own_versions_of(uploads_of(ports.log, pine_id), intent)
    shadowed = recovery.shadowed_version(parent, version, log, ours)
    return Found(pine_id, version, log[version], shadowed, unescape_name(saved.name))


def unknown_outcome(intent: Save, unknown: Version) -> Outcome:
    """A save was not confirmed, and the text at `unknown` may be that save, rewritten."""
    return Outcome(
        intent.path,
        "conflict",
        unknown,
        message=(
            f"a save was not confirmed, and {unknown} has a text that is unknown on this machine"
        ),
        hint=(
            f"look at it, then run `pinesync resolve {shell_quote(intent.path)} --ours` or --theirs"
        ),
        exit_code=EXIT_LEFT,
        pine_id=intent.pine_id,
    )


def shadowed_outcome(path: RelPath, landed: Found) -> Outcome:
    """Our save landed on top of a foreign one. The service has both, and ours shadows theirs."""
    return Outcome(
        path,
        "conflict",
        landed.version,
        message=f"saved as {landed.version}, on top of {landed.shadowed}, "
        "which somebody else saved at the same moment",
        hint=f"run `pinesync resolve {shell_quote(path)}` with --ours, --theirs or --merged",
        exit_code=EXIT_LEFT,
        pine_id=landed.pine_id,
    )


_MAX_NAMED = 3
"""The most lines of other people that a push quotes."""


def _replaces(lines: Sequence[tuple[Version, str]]) -> str:
    """Name the lines of other people that the edit replaced."""
    shown = shorten_list([f"`{line}` ({version})" for version, line in lines], _MAX_NAMED)
    return f"replaces what somebody else saved: {shown}"


_MEND = "charts get this version: fix the errors, run `pinesync check --full PATH`, then push again"


def _not_stored(draft: Draft, answer: SaveAnswer) -> Outcome:
    return Outcome(
        draft.entry.path,
        "refused",
        message=f"TradingView refused it and stored nothing: {answer.reason}",
        hint="fix the errors, then push again",
        exit_code=EXIT_COMPILE,
        pine_id=draft.entry.pine_id,
        diagnostics=answer.verdict.errors or draft.broken,
        source=draft.text,
    )


def _landed(
    draft: Draft, intent: Save, landed: Found, answer: SaveAnswer | PinesyncError
) -> Outcome:
    path = intent.path
    # Both texts are on the service and no merge has seen theirs: a person decides.
    if landed.shadowed:
        return shadowed_outcome(path, landed)
    refused_text = isinstance(answer, SaveAnswer) and not answer.accepted
    diagnostics: tuple[Diagnostic, ...] = draft.warnings
    message, exit_code = "", 0
    if isinstance(answer, SaveAnswer) and refused_text:
        diagnostics = answer.verdict.errors or draft.broken
        message = f"stored as {landed.version}, but it does not compile: {answer.reason}"
        exit_code = EXIT_COMPILE
    elif landed.digest != intent.digest:
        message = "TradingView stored a slightly different text; both are recorded"
    elif landed.name and landed.name != intent.name:
        message = f"it is called {landed.name!r} on TradingView now, and was {intent.name!r}"
    return Outcome(
        path,
        "created" if isinstance(intent, Create) else "saved",
        landed.version,
        intent.parent,
        message,
        _MEND if refused_text else "",
        exit_code,
        landed.pine_id,
        diagnostics,
        draft.text,
    )
