"""Pushing: check, look once more, record, save, read back. One script after another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

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
    SavedText,
    ScriptInfo,
    Version,
)
from pinesync.naming import may_send, shown, typed
from pinesync.sync.execute import after, saving
from pinesync.sync.execute.drafting import Draft, changed, draft_of, overtaken
from pinesync.sync.execute.look import ask_session
from pinesync.sync.execute.pull import Step, adopted, based
from pinesync.sync.plan import Situation
from pinesync.sync.policy import Act
from pinesync.sync.ports import Ports
from pinesync.sync.records import Record
from pinesync.sync.report import Outcome, failed, refused
from pinesync.sync.words import Status
from pinesync.text import digest

CHANGES = (Act.SAVE, Act.SAVE_OVER, Act.CREATE, Act.ADOPT)
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
    """Do the steps, an outcome after each. NoAccess stops the run: the next one goes on. A file
    that `seen` knows is left where it has another text by now; of the scripts in `texts` that
    text is saved, whatever their files have."""
    for step in steps:
        path = step.situation.path
        wanted = _Wanted(allow_broken, over, (seen or {}).get(path), (texts or {}).get(path))
        try:
            yield _step(ports, step, listed, wanted)
        except after.Stopped as stopped:
            yield stopped.outcome
            raise stopped.error from None
        except NoAccess:
            raise
        except PinesyncError as error:
            if isinstance(error, NotAccessible) and step.situation.info:
                ask_session(ports.remote, step.situation.info.pine_id)
            yield failed(step.situation.path, error)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is asked of one step beside its act."""

    allow_broken: bool
    over: Version | None
    seen: Digest | None
    text: str | None


def _step(
    ports: Ports, step: Step, listed: Mapping[PineId, ScriptInfo], wanted: _Wanted
) -> Outcome:
    situation = step.situation
    if step.act is Act.ADOPT:
        return _adopt(ports, adopted(ports.workspace, situation))
    draft = draft_of(ports, situation, wanted.allow_broken, wanted.seen, wanted.text)
    if isinstance(draft, Outcome):
        return draft
    if step.act is Act.CREATE:
        return _create(ports, draft, frozenset(listed))
    if step.act is Act.SAVE_OVER and situation.info:
        return _save(ports, draft, listed, wanted.over or situation.info.version)
    return _save(ports, draft, listed)


def _adopt(ports: Ports, entry: Entry) -> Outcome:
    ports.workspace.commit({entry.path: entry})
    version = entry.base.version if entry.base else None
    return Outcome(entry.path, "adopted", version, pine_id=entry.pine_id)


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
    newest = ports.remote.get(entry.pine_id)
    ports.workspace.remember(newest)
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
            f"nothing was saved; `pinesync diff --remote {typed(entry.path)}` shows the difference",
        )
    if digest(draft.text) == newest.digest:
        base = based(ports.workspace, draft.situation, newest.version, newest.digest)
        return _adopt(ports, replace(entry, base=base))
    name = _name_to_send(ports, entry.pine_id, newest, listed)
    if overtaken(ports, draft):
        return changed(entry.path)
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
    done = after.settle(ports, draft, record, saving.send(ports, record, name, draft.text))
    if done.done == "saved" and (lines := draft.situation.comparison.replaced):
        done = replace(done, message="; ".join(filter(None, (done.message, _replaces(lines)))))
    return done


_MOST_NAMED = 3
"""Lines of others that a push names."""


def _replaces(lines: Sequence[tuple[Version, str]]) -> str:
    """What the edit replaced of what others saved: by its text alone, it may be an older one."""
    shown = ", ".join(f"`{line}` ({version})" for version, line in lines[:_MOST_NAMED])
    more = len(lines) - _MOST_NAMED
    return f"replaces what somebody else saved: {shown}" + (f" and {more} more" if more > 0 else "")


def _moved(ports: Ports, draft: Draft, newest: SavedText) -> Entry | Outcome:
    """The entry on the newest version where that has the base's text, else the refusal."""
    entry, base = draft.entry, draft.entry.base
    if base and newest.version > base.version and newest.digest == base.digest:
        onward = replace(entry, base=replace(base, version=newest.version))
        ports.workspace.commit({entry.path: onward})
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
    if info is None or shown(info.name) != shown(newest.name):
        info = next((i for i in ports.remote.list_scripts() if i.pine_id == pine_id), None)
    return info.name if info and may_send(info.name) else None


def _create(ports: Ports, draft: Draft, known: frozenset[PineId]) -> Outcome:
    entry = draft.entry
    if overtaken(ports, draft):
        return changed(entry.path)
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
    return after.settle(ports, draft, record, saving.send(ports, record, None, draft.text))


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
        if recreate and situation.word is Status.GONE and situation.digest:
            act = Act.CREATE
        steps.append(Step(situation, act))
    return steps
