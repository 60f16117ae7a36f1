"""`pull`: bring changes from TradingView into the files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from pinesync.app.commits.remote_tracking import follow_quietly
from pinesync.app.project import Project, Setup, open_project
from pinesync.sync.engine import download
from pinesync.sync.engine import pull as engine_pull
from pinesync.sync.engine.snapshot import take_snapshot
from pinesync.sync.engine.transaction import Transaction
from pinesync.sync.messages import planned_run
from pinesync.sync.outcome import Outcome, Run
from pinesync.sync.policy import Act
from pinesync.sync.selection import select

Choice = Literal["ours", "theirs"]
_ACTS = {"ours": Act.TAKE_OURS, "theirs": Act.TAKE_THEIRS}


def pull(
    setup: Setup,
    paths: Sequence[str] = (),
    *,
    choice: Choice | None = None,
    merge: bool = True,
    dry_run: bool = False,
    project: Project | None = None,
) -> Run:
    """Update files whose scripts changed on TradingView. Diverged files are merged, or resolved by
    `choice`; with `merge` False they are left alone. `project` is the workspace if already open."""
    project = project or open_project(setup)
    patterns = project.patterns(paths)
    act = _ACTS[choice] if choice else None
    if dry_run:
        view = take_snapshot(project.ports)
        return planned_run(download.steps_of(select(view.states, patterns), act, merge))
    with project.transaction("pull", online=True) as tx:
        return tx.run(_pull(project, tx, patterns, act, merge))


def _pull(
    project: Project, tx: Transaction, patterns: list[str], choice: Act | None, merge: bool
) -> Iterator[Outcome]:
    view = yield from engine_pull.pull(tx, patterns, choice=choice, merge=merge)
    yield from follow_quietly(project, view.listed or {})
