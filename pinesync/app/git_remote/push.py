"""`git push`: save what a commit changed. The branch there is then exactly that commit."""

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
"""The reason that git knows, and explains to the user."""
_OTHER_WORKSPACE = (
    "its pine.toml is that of another workspace; commit the [workspace] of the remote's branch"
)


@dataclass(frozen=True, slots=True)
class Pushed:
    """What was done, and why the push is rejected; empty if it is not."""

    run: Run
    rejected: str = ""


def push(remote: GitRemote, spec: str, *, dry_run: bool = False) -> Pushed:
    """Push a refspec of git's: `[+]SRC:DST`. Everything that the commit changed is saved, or the
    push is rejected; the versions already saved are reported, and the next fetch brings them."""
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
    at = read_tip(remote.repository, commit, remote.refs)
    if (at.settings.remote, at.settings.id) != (tip.settings.remote, tip.settings.id):
        return Pushed(Run(), _OTHER_WORKSPACE)
    at = _record_moves(remote, tip, at)
    with remote.transaction(at.settings, at, commit, "push") as tx:
        outcomes: list[Outcome] = []
        view = collect_outcomes(outcomes, tx.survey())
        # A save of ours that hides somebody else's was found: it is a commit on the branch now.
        found = news(tip, view)
        if remote.tip() != tip or (found and has_fetchable(tx.ports, tip, found)):
            return Pushed(Run((*tx.recovered, *outcomes)), FETCH_FIRST)
        if any(outcome.exit_code for outcome in (*tx.recovered, *outcomes)):
            return Pushed(Run((*tx.recovered, *outcomes)), "an earlier save is not settled yet")
        run = tx.run(push_commit(tx, view, dry_run=dry_run))
        run = replace(run, outcomes=(*outcomes, *run.outcomes))
        if run.exit_code or dry_run:
            return Pushed(run, _reason(run) if run.exit_code else "")
        at = replace(at, entries=tx.ports.manifest.entries(), settings=at.settings)
        if remote.tip() != tip:
            return Pushed(run, FETCH_FIRST)
        try:
            write_record(remote.repository, remote.refs, at, int(now().wall))
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


def _record_moves(remote: GitRemote, tip: Tip, at: Tip) -> Tip:
    """The pushed commit, in which a script keeps its id if git moved its file."""
    moves = moves_between(remote.repository, tip.commit, at.commit, at.entries)
    return replace(at, entries=moved_entries(at.entries, moves))


def _reason(run: Run) -> str:
    """Why the push is rejected, in one line, which git shows next to the branch."""
    saved = [f"{one.path} {one.version}" for one in run.outcomes if one.done in _SAVED]
    pending = [one.path for one in run.outcomes if one.done == "pending"]
    if saved:
        return one_line(f"saved {', '.join(saved)}, not the rest; pull, then push again")
    if pending:
        return one_line(
            f"sent {', '.join(pending)}, with an unknown outcome; pull, then push again"
        )
    return "nothing was saved"
