"""Push: check the text, look again, write the intent, save, read back.

Long because the pipeline is read together with its steps."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeVar

from pinesync.errors import (
    BadResponse,
    NoAccess,
    NotAccessible,
    PinesyncError,
)
from pinesync.model import (
    Digest,
    Entry,
    PineId,
    RelPath,
    SaveAnswer,
    SavedText,
    ScriptInfo,
    Version,
)
from pinesync.sync.engine.download import adopted_entry, new_base
from pinesync.sync.engine.lifecycle import begin, record_answer
from pinesync.sync.engine.snapshot import ask_session
from pinesync.sync.engine.uploads import resolve_upload
from pinesync.sync.engine.uploads.prepare_upload import (
    Draft,
    contract_policy,
    file_changed_outcome,
    has_changed,
    prepare_draft,
)
from pinesync.sync.engine.uploads.resolve_upload import SentUpload
from pinesync.sync.intents import Create, Save, Upload
from pinesync.sync.outcome import Outcome, failed, refused
from pinesync.sync.planner import ScriptState, Step
from pinesync.sync.policy import Act
from pinesync.sync.ports import Ports, Submit
from pinesync.sync.words import Status
from pinesync.text.canonical import digest
from pinesync.text.filenames import is_sendable_name, shell_quote, unescape_name

R = TypeVar("R")
CHANGES = (Act.SAVE, Act.SAVE_OVER, Act.CREATE, Act.ADOPT)
Prepared = Draft | Outcome | PinesyncError | None
"""A prepared step: its draft, or the reason for none. None means adopt."""
_OVERWRITABLE = (
    *(Status.MODIFIED, Status.BEHIND, Status.DIVERGED),
    *(Status.UNDOES, Status.ROLLED_BACK),
)


def push(
    ports: Ports,
    steps: Sequence[Step],
    listed: Mapping[PineId, ScriptInfo],
    *,
    allow_broken: bool = False,
    allow_shift: bool = False,
    over: Version | None = None,
    seen: Mapping[RelPath, Digest] | None = None,
    texts: Mapping[RelPath, str] | None = None,
    drafts: Mapping[RelPath, Draft] | None = None,
) -> Iterator[Outcome]:
    """Do the steps in order and yield an outcome for each. NoAccess stops the run; the next push
    continues it. A file whose digest differs from the one in `seen` is left alone. A script in
    `texts` gets that text instead of its file's, one in `drafts` is prepared already.

    Saves are sent one at a time, each right after a last look at the service. Meanwhile other
    threads check the next texts and read back the previous save. They do nothing else: this thread
    alone writes."""

    contract = contract_policy(ports, allow_shift=allow_shift)

    def prepare(step: Step) -> Prepared:
        path = step.state.path
        text, expected = (texts or {}).get(path), (seen or {}).get(path)
        if step.act is Act.ADOPT:
            return None
        if drafts and path in drafts:
            return drafts[path]
        try:
            return prepare_draft(ports, step.state, allow_broken, expected, text, contract)
        except PinesyncError as error:
            return error

    is_parallel = len(steps) > 1 and ports.tools.parallel.jobs > 1
    submit: Submit = ports.tools.submit if is_parallel else _run_on_demand
    unread: deque[_Sent] = deque()
    try:
        prepared = ports.tools.parallel.prefetch(prepare, steps)
        for step, ready in zip(steps, prepared, strict=True):
            sent = _send(ports, step, ready, listed, over, submit)
            unread.append(sent)
            # The newest save is under way, so the one before it is recorded while it runs.
            while len(unread) > 1:
                yield from _resolve(ports, unread.popleft())
            # An accepted save lacks only its read-back, which can run alongside the next save.
            if is_parallel and sent.is_accepted:
                sent.begin_read_back(ports)
            else:
                yield from _resolve(ports, unread.popleft())
        while unread:
            yield from _resolve(ports, unread.popleft())
    except NoAccess:
        for sent in unread:
            with suppress(NoAccess):  # the caller gets the first one
                yield from _resolve(ports, sent)
        raise


def _run_on_demand(job: Callable[[], R]) -> Callable[[], R]:
    """Submit `job` so that it runs only when its result is requested: one thing at a time."""
    return job


@dataclass(slots=True)
class _Sent:
    """A step with its save `in_flight`, or already `done`: its outcome, or the error that ended
    it."""

    step: Step
    done: Outcome | PinesyncError | None = None
    in_flight: _InFlight | None = None
    upload: SentUpload | None = None

    def wait(self) -> SentUpload | None:
        """Wait for the response and return the save with it, or None if no save was sent."""
        if self.in_flight and self.upload is None:
            self.upload = self.in_flight.wait()
        return self.upload

    @property
    def is_accepted(self) -> bool:
        """Whether the next script may be sent before this one is read back."""
        upload = self.wait()
        return upload is not None and upload.place is not None

    def begin_read_back(self, ports: Ports) -> None:
        """Start to read the saved version at the place that the response names."""
        upload = self.wait()
        answer = upload.answer if upload else None
        if upload and isinstance(answer, SaveAnswer) and (place := upload.place):
            # If the service rewrote the text, only its version number finds it. So the number is
            # on record before the next script is looked at.
            record_answer(ports, upload.intent, answer)
            read = ports.tools.submit(lambda: ports.remote.get(*place))
            self.upload = replace(upload, read_back=read)


@dataclass(frozen=True, slots=True)
class _InFlight:
    """A save whose intent is on disk. `answer` waits for the response and returns it."""

    draft: Draft
    intent: Save
    answer: Callable[[], SaveAnswer | PinesyncError]

    def wait(self) -> SentUpload:
        return SentUpload(self.draft, self.intent, self.answer())


def _send(
    ports: Ports,
    step: Step,
    ready: Prepared,
    listed: Mapping[PineId, ScriptInfo],
    over: Version | None,
    submit: Submit,
) -> _Sent:
    """Look at the service once more, then start the save."""
    if isinstance(ready, Outcome | PinesyncError):
        return _Sent(step, ready)
    info = step.state.info
    try:
        if ready is None:
            done: Outcome | _InFlight = _adopt(ports, adopted_entry(ports, step.state))
        elif step.act is Act.CREATE:
            done = _create(ports, ready, frozenset(listed), submit)
        elif step.act is Act.SAVE_OVER and info:
            done = _save(ports, ready, listed, submit, over or info.version)
        else:
            done = _save(ports, ready, listed, submit)
    except PinesyncError as error:
        return _Sent(step, error)
    return _Sent(step, done) if isinstance(done, Outcome) else _Sent(step, in_flight=done)


def _resolve(ports: Ports, sent: _Sent) -> Iterator[Outcome]:
    """The outcome of one step. NoAccess ends the run."""
    try:
        if isinstance(sent.done, PinesyncError):
            raise sent.done
        if sent.done:
            yield sent.done
        elif upload := sent.wait():
            yield resolve_upload.settle_upload(ports, upload)
    except resolve_upload.Stopped as stopped:
        yield stopped.outcome
        raise stopped.error from None
    except NoAccess:
        raise
    except PinesyncError as error:
        if isinstance(error, NotAccessible) and sent.step.state.info:
            ask_session(ports.remote, sent.step.state.info.pine_id)
        yield failed(sent.step.state.path, error)


def _adopt(ports: Ports, entry: Entry) -> Outcome:
    ports.manifest.commit({entry.path: entry})
    version = entry.base.version if entry.base else None
    return Outcome(entry.path, "adopted", version, pine_id=entry.pine_id)


def _save(
    ports: Ports,
    draft: Draft,
    listed: Mapping[PineId, ScriptInfo],
    submit: Submit,
    over: Version | None = None,
) -> Outcome | _InFlight:
    """Save on top of the base, or on top of `over` if the person named that version. Either must
    still be the newest."""
    entry = draft.entry
    assert entry.pine_id
    newest = ports.remote.get(entry.pine_id)
    ports.texts.remember(newest)
    # The person named the version to save over, and somebody saved after it.
    if over is not None and over != newest.version:
        return refused(
            entry.path,
            f"the newest version on TradingView is {newest.version}, not {over}",
            "nothing was saved; `pinesync diff --remote` shows what is there",
        )
    base = entry.base
    # Without a version to save over, the newest one must have the base's text to be saved on.
    if over is None and (base is None or base.version != newest.version):
        rebased = _rebase_on_newest(ports, draft, newest)
        if isinstance(rebased, Outcome):
            return rebased
        draft = replace(draft, entry=rebased)
    # A saved version never changes its text, so pine.toml or the answer is wrong.
    elif over is None and base and newest.digest != base.digest:
        raise BadResponse(
            f"version {newest.version} on TradingView is not the text that pine.toml recorded",
            (
                "nothing was saved; `pinesync diff --remote "
                f"{shell_quote(entry.path)}` shows the difference"
            ),
        )
    # The newest version has our text already: nothing to save, only the base moves on.
    if digest(draft.text) == newest.digest:
        base = new_base(ports, draft.state, newest.version, newest.digest)
        return _adopt(ports, replace(entry, base=base))
    name = _name_to_send(ports, entry.pine_id, newest, listed)
    intent = Upload(
        path=entry.path,
        name=unescape_name(newest.name),
        digest=digest(draft.text),
        pine_id=entry.pine_id,
        parent=newest.version,
    )
    return _submit(ports, draft, intent, name, submit)


def _submit(
    ports: Ports, draft: Draft, intent: Save, name: str | None, submit: Submit
) -> Outcome | _InFlight:
    # The requests took time. This is the last look at the file before the intent is written.
    if has_changed(ports, draft):
        return file_changed_outcome(draft.entry.path)
    sent = begin(ports, intent)
    return _InFlight(draft, sent, submit(lambda: _request(ports, sent, name, draft.text)))


def _request(ports: Ports, intent: Save, name: str | None, text: str) -> SaveAnswer | PinesyncError:
    """Send the one request of this intent and return its response, or the error in its place."""
    try:
        if isinstance(intent, Create):
            return ports.remote.save_new(intent.name, text)
        return ports.remote.save_next(intent.pine_id, name, text)
    except PinesyncError as error:
        return error


def _rebase_on_newest(ports: Ports, draft: Draft, newest: SavedText) -> Entry | Outcome:
    """The entry moved on to the newest version if that has the base's text, else a refusal."""
    entry, base = draft.entry, draft.entry.base
    # The newer version repeats the base's text, so a save on top of it shadows nothing.
    repeats = base and newest.version > base.version and newest.digest == base.digest
    if base and repeats and not draft.exact:
        rebased = replace(entry, base=replace(base, version=newest.version))
        ports.manifest.commit({entry.path: rebased})
        return rebased
    before = base.version if base else "linked"
    return refused(
        entry.path,
        f"saved on TradingView since you pulled ({before} → {newest.version})",
        "run `pinesync pull` to merge it, then push again",
    )


def _name_to_send(
    ports: Ports, pine_id: PineId, newest: SavedText, listed: Mapping[PineId, ScriptInfo]
) -> str | None:
    """The saved name that the list has now, or None to leave the name alone. Never the name from
    `get`, which is escaped, nor the one in pine.toml: a push does not rename."""
    info = listed.get(pine_id)
    # The list was read before `get`: if the names differ, somebody renamed the script since.
    if info is None or unescape_name(info.name) != unescape_name(newest.name):
        info = next((i for i in ports.remote.list_scripts() if i.pine_id == pine_id), None)
    if info is None or not is_sendable_name(info.name) or ports.tools.keeps_names():
        return None
    return info.name


def _create(
    ports: Ports, draft: Draft, known: frozenset[PineId], submit: Submit
) -> Outcome | _InFlight:
    intent = Create(
        path=draft.entry.path,
        name=draft.entry.name,
        digest=digest(draft.text),
        known_ids=tuple(sorted(known)),
    )
    return _submit(ports, draft, intent, None, submit)


def steps_of(
    states: Sequence[ScriptState], *, recreate: bool = False, over: bool = False
) -> list[Step]:
    """The steps of a push, with the acts of the policy table. `recreate` creates deleted scripts
    again. `over` saves over the version that the person named where the table refuses."""
    steps = []
    for state in states:
        act = state.row.push
        if over and state.word in _OVERWRITABLE:
            act = Act.SAVE_OVER
        if recreate and state.word is Status.GONE and state.digest:
            act = Act.CREATE
        steps.append(Step(state, act))
    return steps
