"""Push: save local edits as the newest version on TradingView."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace

from pinesync.model import Digest, RelPath, Version
from pinesync.sync.engine.snapshot import Survey
from pinesync.sync.engine.transaction import Transaction
from pinesync.sync.engine.uploads import upload
from pinesync.sync.engine.uploads.prepare_upload import (
    Expected,
    contract_policy,
    differs_from_expected,
    file_changed_outcome,
    prepare_draft,
)
from pinesync.sync.messages import not_listed, unchanged_outcome
from pinesync.sync.moved_files import moved
from pinesync.sync.outcome import Outcome, refused
from pinesync.sync.planner import ScriptState, Step
from pinesync.sync.policy import Act, LocalSide
from pinesync.sync.selection import select
from pinesync.sync.words import Status


def push(
    tx: Transaction,
    patterns: list[str],
    *,
    allow_broken: bool = False,
    allow_shift: bool = False,
    recreate: bool = False,
    over: Version | None = None,
    seen: Mapping[RelPath, Digest] | None = None,
) -> Generator[Outcome, None, Survey]:
    """Save the changed scripts, all or those that match the patterns, and report those left alone.
    Refuse a script with a newer version, unless `over` names it. With `seen`, read only those
    files, and send each only if it still has that text. Returns what was seen before."""
    seen = seen or {}
    view = yield from tx.survey(frozenset(seen) or None)
    steps = plan(
        select(view.states, patterns, tx.blocked),
        patterns,
        recreate=recreate,
        over=over is not None,
    )
    for step in [step for step in steps if _has_other_text(step.state, seen)]:
        steps.remove(step)
        yield file_changed_outcome(step.state.path)
    moves = moved(view.states)
    for step in steps:
        if step.state.word is Status.UNTRACKED and step.state.path in patterns:
            yield not_listed(step.state, moves)
        elif step.act not in upload.CHANGES and (
            outcome := unchanged_outcome(step, view.troubles, moves)
        ):
            yield outcome
    changes = [step for step in steps if step.act in upload.CHANGES]
    listed = view.listed or {}
    yield from upload.push(
        tx.ports,
        changes,
        listed,
        allow_broken=allow_broken,
        allow_shift=allow_shift,
        over=over,
        seen=seen,
    )
    for step in steps:
        if step.act is Act.LEAVE:
            yield Outcome(
                step.state.path,
                "skipped",
                message="saved on TradingView since you pulled, and not edited here",
                hint="run `pinesync pull`",
            )
    return view


def push_expected(
    tx: Transaction, path: RelPath, expected: Expected
) -> Generator[Outcome, None, Survey]:
    """Save this one edited file if it and its base are what was `expected`, or report why not. It
    reads no other file, creates no script, and saves over nobody's version. Returns what was seen
    before."""
    view = yield from tx.survey(frozenset((path,)))
    for step in plan(select(view.states, [path], tx.blocked), [path]):
        entry = step.state.entry
        if (
            entry
            and step.act is Act.NOTHING
            and (differs := differs_from_expected(tx.ports, entry, expected))
        ):
            yield differs
        elif step.act is Act.SAVE:
            yield from _save_expected(tx, view, step, expected)
        elif step.act in upload.CHANGES:
            what = f"its status is {step.state.word}; only an edit of its base is saved here"
            yield refused(path, what, "a person can look at it, and run `pinesync push`")
        elif outcome := unchanged_outcome(step, view.troubles):
            yield outcome
    return view


def _save_expected(
    tx: Transaction, view: Survey, step: Step, expected: Expected
) -> Generator[Outcome, None, None]:
    draft = prepare_draft(
        tx.ports,
        step.state,
        allow_broken=False,
        seen=step.state.digest,  # the text that was compared with the saves of others
        contract=contract_policy(tx.ports),
        expected=expected,
    )
    if isinstance(draft, Outcome):
        yield draft
    else:
        yield from upload.push(
            tx.ports, [step], view.listed or {}, drafts={draft.entry.path: draft}
        )


def plan(
    states: Sequence[ScriptState],
    patterns: Sequence[str],
    *,
    recreate: bool = False,
    over: bool = False,
) -> list[Step]:
    """The steps of a push. A script that is behind is refused if it was named, else only
    reported."""
    return [
        replace(step, act=Act.REFUSE)
        if step.act is Act.LEAVE and step.state.path in patterns
        else step
        for step in upload.steps_of(states, recreate=recreate, over=over)
    ]


def _has_other_text(state: ScriptState, seen: Mapping[RelPath, Digest]) -> bool:
    """Whether the file differs from the text the caller saw, or is gone."""
    text = seen.get(state.path)
    if text is None:
        return False
    if state.local in (LocalSide.MISSING, LocalSide.UNREADABLE):
        return True
    return state.digest not in (None, text)
