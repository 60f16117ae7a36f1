"""Pull: what was saved on TradingView comes into the files."""

from __future__ import annotations

from collections.abc import Generator

from pinesync.sync.engine import download
from pinesync.sync.engine.snapshot import Survey
from pinesync.sync.engine.transaction import Transaction
from pinesync.sync.messages import unchanged_outcome
from pinesync.sync.moved_files import moved
from pinesync.sync.outcome import Outcome
from pinesync.sync.policy import Act
from pinesync.sync.selection import select


def pull(
    tx: Transaction, patterns: list[str], *, choice: Act | None = None, merge: bool = True
) -> Generator[Outcome, None, Survey]:
    """Pull the changes of all scripts, or of those that the patterns match, and report those
    left alone. Diverged files are merged, or resolved by `choice` (TAKE_OURS or TAKE_THEIRS);
    with `merge` False they are left. Returns the survey."""
    view = yield from tx.survey()
    steps = download.steps_of(select(view.states, patterns, tx.blocked), choice, merge)
    changes = (*download.CHANGES, *download.CHOICES)
    moves = moved(view.states)
    yield from download.pull(tx.ports, [step for step in steps if step.act in changes])
    for step in steps:
        if step.act not in changes and (outcome := unchanged_outcome(step, view.troubles, moves)):
            yield outcome
    return view
