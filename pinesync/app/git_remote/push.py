"""`git push`: save what a commit changed. Afterwards the remote's branch is exactly that commit."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pinesync.app.git_remote.fetch import collect_outcomes, has_fetchable, news
from pinesync.app.git_remote.remote import GitRemote
from pinesync.app.probe.proofs import broken_promises
from pinesync.clock import now
from pinesync.errors import PinesyncError
from pinesync.git.refs.remote_branch import (
    BRANCH,
    Tip,
    moved_entries,
    moves_between,
    read_tip,
    write_record,
)
from pinesync.sync.commit_plan import one_line
from pinesync.sync.engine.push_commit import push_commit
from pinesync.sync.outcome import Outcome, Run

_SAVED = ("saved", "created")
FETCH_FIRST = "fetch first"
"""A reason that git recognises and explains to the user."""
_OTHER_WORKSPACE = (
    "its pine.toml is that of another workspace; commit the [workspace] of the remote's branch"
)


@dataclass(frozen=True, slots=True)
class Pushed:
    """The run, and the reason for rejecting the push; empty if it is accepted."""

    run: Run
    rejected: str = ""


def push(remote: GitRemote, spec: str, *, dry_run: bool = False) -> Pushed:
    """Push one refspec of git: `[+]SRC:DST`. Saves everything that the commit changed, or rejects
    the push; versions saved before the rejection are reported, and the next fetch adds them."""
    source, _, target = spec.removeprefix("+").partition(":")
    if why := _refusal(spec, source, target):
        return Pushed(Run(), why)
    commit = remote.repository.commit_of(source)
    tip = remote.tip()
    if tip is None or commit is None:
        return Pushed(Run(), FETCH_FIRST)
    if not remote.repository.is_ancestor(tip.commit, commit):
        return Pushed(Run(), FETCH_FIRST)
    if broken := broken_promises(remote.setup, remote.remote, tip.settings.owner):
        return Pushed(Run(), one_line(f"{broken}; `pinesync push --anyway` saves regardless"))
    pushed_tip = read_tip(remote.repository, commit, remote.refs)
    if (pushed_tip.settings.remote, pushed_tip.settings.id) != (
        tip.settings.remote,
        tip.settings.id,
    ):
        return Pushed(Run(), _OTHER_WORKSPACE)
    pushed_tip = _record_moves(remote, tip, pushed_tip)
    with remote.transaction(pushed_tip.settings, pushed_tip, commit, "push") as tx:
        outcomes: list[Outcome] = []
        view = collect_outcomes(outcomes, tx.survey())
        # A save of ours that hides somebody else's was found: it is a commit on the branch now.
        tip_news = news(tip, view)
        if remote.tip() != tip or (tip_news and has_fetchable(tx.ports, tip, tip_news)):
            return Pushed(Run((*tx.recovered, *outcomes)), FETCH_FIRST)
        if any(outcome.exit_code for outcome in (*tx.recovered, *outcomes)):
            return Pushed(Run((*tx.recovered, *outcomes)), "an earlier save is not settled yet")
        run = tx.run(push_commit(tx, view, dry_run=dry_run))
        run = replace(run, outcomes=(*outcomes, *run.outcomes))
        if run.exit_code or dry_run:
            return Pushed(run, _reason(run) if run.exit_code else "")
        pushed_tip = replace(
            pushed_tip, entries=tx.ports.manifest.entries(), settings=pushed_tip.settings
        )
        if remote.tip() != tip:
            return Pushed(run, FETCH_FIRST)
        try:
            write_record(remote.repository, remote.refs, pushed_tip, int(now().wall))
            remote.move(commit, remote.repository.commit_of(remote.refs.branch))
        except PinesyncError as error:
            return Pushed(run, f"saved, but not noted here: {error.message}")
    return Pushed(run)


def _refusal(spec: str, source: str, target: str) -> str:
    if target != BRANCH:
        return "only main can be pushed"
    if not source:
        return "main cannot be deleted: it is what TradingView has"
    if spec.startswith("+"):
        return "saves on TradingView cannot be taken away; pull, then push without --force"
    return ""


def _record_moves(remote: GitRemote, tip: Tip, pushed_tip: Tip) -> Tip:
    """The pushed commit's tip, in which a script keeps its id if git moved its file."""
    moves = moves_between(remote.repository, tip.commit, pushed_tip.commit, pushed_tip.entries)
    return replace(pushed_tip, entries=moved_entries(pushed_tip.entries, moves))


def _reason(run: Run) -> str:
    """Why the push is rejected, in the one line that git shows next to the branch."""
    saved = [
        f"{outcome.path} {outcome.version}" for outcome in run.outcomes if outcome.done in _SAVED
    ]
    pending = [outcome.path for outcome in run.outcomes if outcome.done == "pending"]
    if saved:
        return one_line(f"saved {', '.join(saved)}, not the rest; pull, then push again")
    if pending:
        return one_line(
            f"sent {', '.join(pending)}, with an unknown outcome; pull, then push again"
        )
    return "nothing was saved"
