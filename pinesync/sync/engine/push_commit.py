"""Push a commit for `git push`: save everything that it changed, or send nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pinesync.errors import EXIT_LEFT, PinesyncError
from pinesync.sync.engine.snapshot import Survey
from pinesync.sync.engine.transaction import Transaction
from pinesync.sync.engine.uploads import upload
from pinesync.sync.engine.uploads.prepare_upload import Draft, draft_of, policy_of
from pinesync.sync.messages import not_listed, unchanged_outcome
from pinesync.sync.outcome import Outcome, failed, refused
from pinesync.sync.planner import Step
from pinesync.sync.policy import Act
from pinesync.sync.selection import select
from pinesync.sync.words import Status
from pinesync.text.filenames import shell_quote


def push_commit(tx: Transaction, view: Survey, *, dry_run: bool = False) -> Iterator[Outcome]:
    """Save the changed scripts of a commit. If any of them is refused or does not compile, yield
    why, and send nothing. A dry run compiles nothing either."""
    ports = tx.ports
    steps = upload.steps_of(select(view.states, (), tx.blocked))
    left = [outcome for step in steps if (outcome := _left(step, view))]
    yield from left
    if dry_run or any(outcome.exit_code for outcome in left):
        return

    contract = policy_of(ports)

    def prepare(step: Step) -> Draft | Outcome:
        try:
            return draft_of(ports, step.state, allow_broken=False, contract=contract)
        except PinesyncError as error:
            return failed(step.state.path, error)

    changes = [step for step in steps if step.act in upload.CHANGES]
    ready = ports.tools.parallel(prepare, [step for step in changes if step.act is not Act.ADOPT])
    wrong = [item for item in ready if isinstance(item, Outcome)]
    if wrong:
        yield from wrong
        return
    drafts = {item.entry.path: item for item in ready if isinstance(item, Draft)}
    yield from upload.push(ports, changes, view.listed or {}, drafts=drafts)


def _left(step: Step, view: Survey) -> Outcome | None:
    """Why a script is left alone: as it should be, or refused. None if a push saves it, or has
    nothing to save."""
    state = step.state
    if state.word is Status.UNTRACKED:
        return replace(not_listed(state, {}), done="told", exit_code=0)
    # The commit went back to an older version, so the branch would not be what is there.
    # `git pull` has nothing to bring, since the commit has that version among its ancestors.
    if step.act is Act.LEAVE and state.info:
        newest, path = state.info.version, shell_quote(state.path)
        return refused(
            state.path,
            f"the commit has an older version than {newest}, the newest on TradingView",
            f"`pinesync pull {path}` restores that; "
            f"`pinesync push --over {newest} {path}` overwrites it",
            exit_code=EXIT_LEFT,
        )
    if step.act in upload.CHANGES:
        return None
    return unchanged_outcome(step, view.troubles, {})
