"""Pushing: check, look once more, write the intent, save, read back.

Long because the pipeline and the steps in it are read together."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeVar

from pinesync.errors import (
    BadAnswer,
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
from pinesync.sync.engine.download import adopted, based
from pinesync.sync.engine.lifecycle import begin, note_answer
from pinesync.sync.engine.snapshot import ask_session
from pinesync.sync.engine.uploads import resolve_upload
from pinesync.sync.engine.uploads.prepare_upload import Draft, changed, draft_of, overtaken
from pinesync.sync.engine.uploads.resolve_upload import SentUpload
from pinesync.sync.intents import Create, Save, Upload
from pinesync.sync.outcome import Outcome, failed, refused
from pinesync.sync.planner import ScriptState, Step
from pinesync.sync.policy import Act
from pinesync.sync.ports import Ports, Submit
from pinesync.sync.words import Status
from pinesync.text.canonical import digest
from pinesync.text.filenames import may_send, shell_quote, unescape_name

R = TypeVar("R")
CHANGES = (Act.SAVE, Act.SAVE_OVER, Act.CREATE, Act.ADOPT)
Ready = Draft | Outcome | PinesyncError | None
"""What is known of a step before its turn: its draft, or why there is none; None to adopt."""
_MAY_GO_OVER = (
    *(Status.MODIFIED, Status.BEHIND, Status.DIVERGED),
    *(Status.UNDOES, Status.ROLLED_BACK),
)


def push(
    ports: Ports,
    steps: Sequence[Step],
    listed: Mapping[PineId, ScriptInfo],
    *,
    allow_broken: bool = False,
    over: Version | None = None,
    seen: Mapping[RelPath, Digest] | None = None,
    texts: Mapping[RelPath, str] | None = None,
) -> Iterator[Outcome]:
    """Do the steps, an outcome for each, in their order. NoAccess stops the run: the next one goes
    on. A file that `seen` knows is left where it has another text by now; of the scripts in `texts`
    that text is saved, whatever their files have.

    Saves are sent one at a time, each right after its last look. The checks of the next texts run
    beside them, and so does the read-back of the save before, which is written down while the next
    one is under way: nothing but requests and checks runs beside this thread."""

    def prepare(step: Step) -> Ready:
        path = step.situation.path
        text, here = (texts or {}).get(path), (seen or {}).get(path)
        if step.act is Act.ADOPT:
            return None
        try:
            return draft_of(ports, step.situation, allow_broken, here, text)
        except PinesyncError as error:
            return error

    several = len(steps) > 1 and ports.tools.each.jobs > 1
    begun: Submit = ports.tools.meanwhile if several else _when_asked
    unread: deque[_Sent] = deque()
    try:
        prepared = ports.tools.each.ahead(prepare, steps)
        for step, ready in zip(steps, prepared, strict=True):
            sent = _send(ports, step, ready, listed, over, begun)
            unread.append(sent)
            while len(unread) > 1:
                yield from _resolved(ports, unread.popleft())
            if several and sent.is_accepted:
                sent.begin_read_back(ports)
            else:
                yield from _resolved(ports, unread.popleft())
        while unread:
            yield from _resolved(ports, unread.popleft())
    except NoAccess:
        for sent in unread:
            with suppress(NoAccess):  # the first one is told
                yield from _resolved(ports, sent)
        raise


def _when_asked(act: Callable[[], R]) -> Callable[[], R]:
    """Not begun before it is waited for: one thing after another."""
    return act


@dataclass(slots=True)
class _Sent:
    """A step whose save is under way, with its draft and its intent; or `done`, its outcome or the
    error that ended it."""

    step: Step
    done: Outcome | PinesyncError | None = None
    under_way: _UnderWay | None = None
    upload: SentUpload | None = None

    def answered(self) -> SentUpload | None:
        """The save and its answer, which is waited for; None where none was sent."""
        if self.under_way and self.upload is None:
            self.upload = self.under_way.answered()
        return self.upload

    @property
    def is_accepted(self) -> bool:
        """Whether the next script may be sent before this one is read back."""
        upload = self.answered()
        return upload is not None and upload.place is not None

    def begin_read_back(self, ports: Ports) -> None:
        """Begin to read the saved version where the answer says that it is."""
        upload = self.answered()
        answer = upload.answer if upload else None
        if upload and isinstance(answer, SaveAnswer) and (place := upload.place):
            # The place is on record before the next script is looked at: a text that the service
            # changed is found by its number alone.
            note_answer(ports, upload.intent, answer)
            read = ports.tools.meanwhile(lambda: ports.remote.get(*place))
            self.upload = replace(upload, read_back=read)


@dataclass(frozen=True, slots=True)
class _UnderWay:
    """A save whose intent is on disk, and what waits for its answer."""

    draft: Draft
    intent: Save
    answer: Callable[[], SaveAnswer | PinesyncError]

    def answered(self) -> SentUpload:
        return SentUpload(self.draft, self.intent, self.answer())


def _send(
    ports: Ports,
    step: Step,
    ready: Ready,
    listed: Mapping[PineId, ScriptInfo],
    over: Version | None,
    begun: Submit,
) -> _Sent:
    """Look once more, and begin the one save."""
    if isinstance(ready, Outcome | PinesyncError):
        return _Sent(step, ready)
    info = step.situation.info
    try:
        if ready is None:
            done: Outcome | _UnderWay = _adopt(ports, adopted(ports, step.situation))
        elif step.act is Act.CREATE:
            done = _create(ports, ready, frozenset(listed), begun)
        elif step.act is Act.SAVE_OVER and info:
            done = _save(ports, ready, listed, begun, over or info.version)
        else:
            done = _save(ports, ready, listed, begun)
    except PinesyncError as error:
        return _Sent(step, error)
    return _Sent(step, done) if isinstance(done, Outcome) else _Sent(step, under_way=done)


def _resolved(ports: Ports, sent: _Sent) -> Iterator[Outcome]:
    """The outcome of one step. NoAccess ends the run."""
    try:
        if isinstance(sent.done, PinesyncError):
            raise sent.done
        if sent.done:
            yield sent.done
        elif upload := sent.answered():
            yield resolve_upload.settle_upload(ports, upload)
    except resolve_upload.Stopped as stopped:
        yield stopped.outcome
        raise stopped.error from None
    except NoAccess:
        raise
    except PinesyncError as error:
        if isinstance(error, NotAccessible) and sent.step.situation.info:
            ask_session(ports.remote, sent.step.situation.info.pine_id)
        yield failed(sent.step.situation.path, error)


def _adopt(ports: Ports, entry: Entry) -> Outcome:
    ports.manifest.commit({entry.path: entry})
    version = entry.base.version if entry.base else None
    return Outcome(entry.path, "adopted", version, pine_id=entry.pine_id)


def _save(
    ports: Ports,
    draft: Draft,
    listed: Mapping[PineId, ScriptInfo],
    begun: Submit,
    over: Version | None = None,
) -> Outcome | _UnderWay:
    """Save on top of the base, or of the version `over` that was named instead, if that still is
    the newest."""
    entry = draft.entry
    assert entry.pine_id
    newest = ports.remote.get(entry.pine_id)
    ports.texts.remember(newest)
    if over is not None and over != newest.version:
        return refused(
            entry.path,
            f"the newest version on TradingView is {newest.version}, not {over}",
            "nothing was saved; `pinesync diff --remote` shows what is there",
        )
    base = entry.base
    if over is None and (base is None or base.version != newest.version):
        moved = _moved(ports, draft, newest)
        if isinstance(moved, Outcome):
            return moved
        draft = replace(draft, entry=moved)
    elif over is None and base and newest.digest != base.digest:
        raise BadAnswer(
            f"version {newest.version} on TradingView is not the text that pine.toml recorded",
            (
                "nothing was saved; `pinesync diff --remote "
                f"{shell_quote(entry.path)}` shows the difference"
            ),
        )
    if digest(draft.text) == newest.digest:
        base = based(ports, draft.situation, newest.version, newest.digest)
        return _adopt(ports, replace(entry, base=base))
    name = _name_to_send(ports, entry.pine_id, newest, listed)
    if overtaken(ports, draft):
        return changed(entry.path)
    intent = begin(
        ports,
        Upload(
            path=entry.path,
            name=unescape_name(newest.name),
            digest=digest(draft.text),
            pine_id=entry.pine_id,
            parent=newest.version,
        ),
    )
    return _UnderWay(draft, intent, begun(lambda: _request(ports, intent, name, draft.text)))


def _request(ports: Ports, intent: Save, name: str | None, text: str) -> SaveAnswer | PinesyncError:
    """The answer to the one request of this intent, or the error that came instead of one."""
    try:
        if isinstance(intent, Create):
            return ports.remote.save_new(intent.name, text)
        return ports.remote.save_next(intent.pine_id, name, text)
    except PinesyncError as error:
        return error


def _moved(ports: Ports, draft: Draft, newest: SavedText) -> Entry | Outcome:
    """The entry on the newest version where that has the base's text, else the refusal."""
    entry, base = draft.entry, draft.entry.base
    if base and newest.version > base.version and newest.digest == base.digest:
        onward = replace(entry, base=replace(base, version=newest.version))
        ports.manifest.commit({entry.path: onward})
        return onward
    before = base.version if base else "linked"
    return refused(
        entry.path,
        f"saved on TradingView since you pulled ({before} → {newest.version})",
        "run `pinesync pull` to merge it, then push again",
    )


def _name_to_send(
    ports: Ports, pine_id: PineId, newest: SavedText, listed: Mapping[PineId, ScriptInfo]
) -> str | None:
    """The saved name as the list has it now, or None to leave it alone. Never `get`'s, which is
    escaped, nor pine.toml's: a push does not rename."""
    info = listed.get(pine_id)
    if info is None or unescape_name(info.name) != unescape_name(newest.name):
        info = next((i for i in ports.remote.list_scripts() if i.pine_id == pine_id), None)
    return info.name if info and may_send(info.name) else None


def _create(
    ports: Ports, draft: Draft, known: frozenset[PineId], begun: Submit
) -> Outcome | _UnderWay:
    entry = draft.entry
    if overtaken(ports, draft):
        return changed(entry.path)
    intent = begin(
        ports,
        Create(
            path=entry.path,
            name=entry.name,
            digest=digest(draft.text),
            known_ids=tuple(sorted(known)),
        ),
    )
    return _UnderWay(draft, intent, begun(lambda: _request(ports, intent, None, draft.text)))


def steps_of(
    situations: Sequence[ScriptState], *, recreate: bool = False, over: bool = False
) -> list[Step]:
    """The steps of a push: the table's acts. With `recreate`, gone scripts are created anew; with
    `over`, what the table refuses is saved over the version that the person named."""
    steps = []
    for situation in situations:
        act = situation.row.push
        if over and situation.word in _MAY_GO_OVER:
            act = Act.SAVE_OVER
        if recreate and situation.word is Status.GONE and situation.digest:
            act = Act.CREATE
        steps.append(Step(situation, act))
    return steps
