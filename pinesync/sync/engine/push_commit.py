"""Push a commit for `git push`: save all of its changed scripts, or none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pinesync.errors import EXIT_LEFT, PinesyncError
from pinesync.sync.engine.snapshot import Survey
from pinesync.sync.engine.transaction import Transaction
from pinesync.sync.engine.uploads import upload
from pinesync.sync.engine.uploads.prepare_upload import Draft, contract_policy, prepare_draft
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
    skipped = [outcome for step in steps if (outcome := _skipped(step, view))]
    yield from skipped
    if dry_run or any(outcome.exit_code for outcome in skipped):
        return

    contract = contract_policy(ports)

    def prepare(step: Step) -> Draft | Outcome:
        try:
            return prepare_draft(ports, step.state, allow_broken=False, contract=contract)
        except PinesyncError as error:
            return failed(step.state.path, error)

    changes = [step for step in steps if step.act in upload.CHANGES]
    prepared = ports.tools.parallel(
        prepare, [step for step in changes if step.act is not Act.ADOPT]
    )
    failures = [item for item in prepared if isinstance(item, Outcome)]
    if failures:
        yield from failures
        return
    drafts = {item.entry.path: item for item in prepared if isinstance(item, Draft)}
    yield from upload.push(ports, changes, view.listed or {}, drafts=drafts)


def _skipped(step: Step, view: Survey) -> Outcome | None:
    """The outcome of a script that is not saved: in order, or refused. None if a push saves it, or
    has nothing to save."""
    state = step.state
    if state.word is Status.UNTRACKED:
        return replace(not_listed(state, {}), done="told", exit_code=0)
    # The commit goes back to an older version. Accepting it would leave the branch different from
    # TradingView, and `git pull` could not fix that: the newer version is already an ancestor.
    if step.act is Act.LEAVE and state.info:
        newest, path = state.info.version, shell_quote(state.path)
        return refused(
            state.path,
            f"the commit has an older version than TradingView's newest, {newest}",
            f"`pinesync pull {path}` restores {newest}; "
            f"`pinesync push --over {newest} {path}` saves the older text on top",
            exit_code=EXIT_LEFT,
        )
    if step.act in upload.CHANGES:
        return None
    return unchanged_outcome(step, view.troubles, {})
