"""Pushing: check, look once more, record, save, read back. One script after another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pinesync.errors import (
    EXIT_COMPILE,
    EXIT_LATER,
    BadAnswer,
    NameTaken,
    NoAccess,
    PinesyncError,
)
from pinesync.model import (
    Base,
    Diagnostic,
    Entry,
    PineId,
    SaveAnswer,
    SavedText,
    ScriptInfo,
    Version,
)
from pinesync.naming import may_send, shown, typed
from pinesync.sync import recover
from pinesync.sync.execute import saving
from pinesync.sync.execute.pull import Step, adopted
from pinesync.sync.execute.settle import hidden_outcome
from pinesync.sync.plan import Act, Situation
from pinesync.sync.ports import Ports
from pinesync.sync.records import Record
from pinesync.sync.report import Outcome, failed, refused
from pinesync.text import Unreadable, decode, digest, has_conflict_markers


@dataclass(frozen=True, slots=True)
class Draft:
    """A text about to be saved: read once, kept, and checked. `warnings` are the compiler's."""

    situation: Situation
    entry: Entry
    text: str
    broken: tuple[Diagnostic, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()


CHANGES = (Act.SAVE, Act.SAVE_OVER, Act.CREATE, Act.ADOPT)
_MAY_GO_OVER = ("modified", "behind", "diverged", "undoes", "rolled-back")


def push(
    ports: Ports,
    steps: Sequence[Step],
    listed: Mapping[PineId, ScriptInfo],
    *,
    allow_broken: bool = False,
    over: Version | None = None,
) -> Iterator[Outcome]:
    """Do the steps, an outcome after each. NoAccess stops the run: the next one goes on."""
    for step in steps:
        try:
            yield _step(ports, step, listed, allow_broken, over)
        except NoAccess:
            raise
        except PinesyncError as error:
            yield failed(step.situation.path, error)


def _step(
    ports: Ports,
    step: Step,
    listed: Mapping[PineId, ScriptInfo],
    allow_broken: bool,
    over: Version | None,
) -> Outcome:
    situation = step.situation
    if step.act is Act.ADOPT:
        return _adopt(ports, adopted(situation))
    draft = _draft(ports, situation, allow_broken)
    if isinstance(draft, Outcome):
        return draft
    if step.act is Act.CREATE:
        return _create(ports, draft, frozenset(listed))
    if step.act is Act.SAVE_OVER and situation.info:
        return _save(ports, draft, listed, over or situation.info.version)
    return _save(ports, draft, listed)


def _adopt(ports: Ports, entry: Entry) -> Outcome:
    ports.workspace.commit({entry.path: entry})
    version = entry.base.version if entry.base else None
    return Outcome(entry.path, "adopted", version, pine_id=entry.pine_id)


def _draft(ports: Ports, situation: Situation, allow_broken: bool) -> Draft | Outcome:
    """The file's text, read once, kept, and fit to be saved; or why it is not."""
    path, entry = situation.path, situation.entry
    assert entry is not None
    data = ports.workspace.read(path)
    if data is None:
        return refused(path, "the file is gone", f"`pinesync restore {typed(path)}` brings it back")
    try:
        text = decode(data)
    except Unreadable as error:
        return refused(path, str(error), "save the file as UTF-8 text; nothing was sent")
    if has_conflict_markers(text):
        return refused(
            path,
            "conflict markers stand in it",
            f"edit the file, or run `pinesync resolve {typed(path)}` with --ours or --theirs",
        )
    if not text.strip() and not (entry.base and entry.base.digest == digest(text)):
        return refused(path, "the file is empty", "an empty script is never saved over a full one")
    ports.workspace.keep(text)
    errors = tuple(ports.tools.syntax(text))
    warnings: tuple[Diagnostic, ...] = ()
    if not errors:
        verdict = ports.remote.check(text)
        errors, warnings = verdict.errors, verdict.warnings
    if errors and not allow_broken:
        return Outcome(
            path,
            "refused",
            message="does not compile; nothing was saved",
            hint="mend it and push again",
            exit_code=EXIT_COMPILE,
            pine_id=entry.pine_id,
            diagnostics=(*errors, *warnings),
            source=text,
        )
    return Draft(situation, entry, text, errors, warnings)


def _save(
    ports: Ports,
    draft: Draft,
    listed: Mapping[PineId, ScriptInfo],
    over: Version | None = None,
) -> Outcome:
    """Save on top of the base, or of the version `over` that was named instead, if that still is
    the newest."""
    entry = draft.entry
    assert entry.pine_id
    assert entry.base
    newest = ports.remote.get(entry.pine_id)
    ports.workspace.remember(newest)
    if over is not None and over != newest.version:
        return refused(
            entry.path,
            f"the newest version on TradingView is {newest.version}, not {over}",
            "nothing was saved; `pinesync diff --remote` shows what is there",
        )
    if over is None and entry.base.version != newest.version:
        moved = _moved(ports, draft, newest)
        if isinstance(moved, Outcome):
            return moved
        draft = replace(draft, entry=moved)
    elif over is None and newest.digest != entry.base.digest:
        raise BadAnswer(
            f"version {newest.version} on TradingView is not the text that pine.toml recorded",
            f"nothing was saved; `pinesync diff --remote {typed(entry.path)}` shows the difference",
        )
    if digest(draft.text) == newest.digest:
        base = Base(newest.version, newest.digest, pulled=entry.base.pulled)
        return _adopt(ports, replace(entry, base=base))
    name = _name_to_send(ports, entry.pine_id, newest, listed)
    record = saving.begin(
        ports,
        Record(
            key="",
            op="save",
            state="prepared",
            path=entry.path,
            name=shown(newest.name),
            digest=digest(draft.text),
            pine_id=entry.pine_id,
            parent=newest.version,
        ),
    )
    return _after(ports, draft, record, saving.send(ports, record, name, draft.text))


def _moved(ports: Ports, draft: Draft, newest: SavedText) -> Entry | Outcome:
    """The entry on the newest version where that has the base's text, else the refusal."""
    entry = draft.entry
    assert entry.base is not None
    if newest.version > entry.base.version and newest.digest == entry.base.digest:
        onward = replace(entry, base=replace(entry.base, version=newest.version))
        ports.workspace.commit({entry.path: onward})
        return onward
    return refused(
        entry.path,
        f"saved on TradingView since you pulled ({entry.base.version} → {newest.version})",
        "run `pinesync pull` to merge it, then push again",
    )


def _name_to_send(
    ports: Ports, pine_id: PineId, newest: SavedText, listed: Mapping[PineId, ScriptInfo]
) -> str | None:
    """The saved name as the list has it now, or None to leave it alone. Never `get`'s, which is
    escaped, nor pine.toml's: a push does not rename."""
    info = listed.get(pine_id)
    if info is None or shown(info.name) != shown(newest.name):
        info = next((i for i in ports.remote.list_scripts() if i.pine_id == pine_id), None)
    return info.name if info and may_send(info.name) else None


def _create(ports: Ports, draft: Draft, known: frozenset[PineId]) -> Outcome:
    entry = draft.entry
    record = saving.begin(
        ports,
        Record(
            key="",
            op="create",
            state="prepared",
            path=entry.path,
            name=entry.name,
            digest=digest(draft.text),
            known_ids=tuple(sorted(known)),
        ),
    )
    return _after(ports, draft, record, saving.send(ports, record, None, draft.text))


def _after(
    ports: Ports, draft: Draft, record: Record, answer: SaveAnswer | PinesyncError
) -> Outcome:
    """The table "after the POST": what the answer, or its absence, means and what to do."""
    if isinstance(answer, PinesyncError):
        sent = recover.outcome(answer)
        if sent is recover.Sent.NOT_SENT:
            ports.workspace.drop_records([record])
            return failed(record.path, answer, record.pine_id)
        found = _look(ports, record, patiently=sent is recover.Sent.UNKNOWN)
        if found is None and sent is recover.Sent.REFUSED:
            saving.give_up(ports, record)
            return failed(record.path, _named(answer, record), record.pine_id)
    else:
        found = _settled(ports, record, answer) or _look(ports, record, patiently=True)
        if found is None and not answer.accepted:
            saving.give_up(ports, record)
            return _not_stored(draft, answer)
    if found is None:
        return _unknown(record, answer)
    saving.land(ports, record, found)
    return _landed(draft, record, found, answer)


def _settled(ports: Ports, record: Record, answer: SaveAnswer) -> saving.Found | None:
    try:
        return saving.settled_by(ports, record, answer)
    except PinesyncError:
        return None  # the look that follows tries to read again, and says why it cannot


def _look(ports: Ports, record: Record, *, patiently: bool) -> saving.Found | None:
    try:
        return saving.find(ports, record, patiently=patiently)
    except NoAccess:
        raise
    except PinesyncError:
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
    return Outcome(
        path,
        "created" if record.op == "create" else "saved",
        found.version,
        record.parent,
        message,
        "mend it and push again: charts get this version" if refused_text else "",
        exit_code,
        found.pine_id,
        diagnostics,
        draft.text,
    )


def steps_of(
    situations: Sequence[Situation], *, recreate: bool = False, over: bool = False
) -> list[Step]:
    """The steps of a push: the table's acts. With `recreate`, gone scripts are created anew; with
    `over`, what the table refuses is saved over the version that the person named."""
    steps = []
    for situation in situations:
        act = situation.row.push
        if over and situation.word in _MAY_GO_OVER:
            act = Act.SAVE_OVER
        if recreate and situation.word == "gone" and situation.digest:
            act = Act.CREATE
        steps.append(Step(situation, act))
    return steps
