"""`undo`: take back one command, as far as possible without losing anything.

A file or entry gets its previous content if it still has what the command gave it. To undo a push,
pinesync saves the previous text as another version. A script that the push created stays: only
deleting it would undo that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pinesync.app.project import Project, Setup, open_project
from pinesync.app.versions.oplog import MAX_OPERATIONS, Logged, logged
from pinesync.errors import Misuse
from pinesync.sync.engine.transaction import Transaction
from pinesync.sync.engine.undo import undo_operation
from pinesync.sync.operations import (
    REDO,
    UNDO,
    Operation,
    find_operations,
    short_ids,
    to_redo,
    to_undo,
    undone,
)
from pinesync.sync.outcome import Outcome, Run, refused
from pinesync.text.filenames import shell_quote

_FINAL = {
    "rename": ("was renamed on TradingView", "`pinesync rename {path} {name}` renames it back"),
    "rm --remote": (
        "was deleted on TradingView, which cannot be undone",
        "every version is backed up here: see `pinesync log 'USER;…'` and `show`",
    ),
}
"""Changes made on TradingView alone, and how to revert them by hand, with the earlier path and
name; an older operation can be named."""


def undo(
    setup: Setup,
    key: str | None = None,
    *,
    redo: bool = False,
    allow_broken: bool = False,
    project: Project | None = None,
) -> tuple[Logged, Run]:
    """Take back the newest operation, or the one with this key; with `redo`, the newest undo. What
    cannot be taken back is reported and left. Raises Misuse if there is nothing to take back.
    `project` is the workspace if already open."""
    project = project or open_project(setup)
    with project.transaction(REDO if redo else UNDO) as tx:
        if any(intent.is_open for intent in tx.ports.log.intents()):
            tx.settle()  # an interrupted operation is the newest one
        operations = tx.ports.log.operations(MAX_OPERATIONS)
        short = short_ids(operations)
        operation = _chosen(operations, short, key, redo=redo)
        row = logged(operation, short[operation.key])
        if tx.recovered:
            return row, tx.run(_finish_first(operation))
        run = _undo(tx, operation, allow_broken=allow_broken)
        if not run.stopped and not any(outcome.done in _LEFT for outcome in run.outcomes):
            tx.ports.log.journal.undoes = operation.key
    return row, run


def _finish_first(operation: Operation) -> Iterator[Outcome]:
    """Report the interrupted operation and undo nothing in the same run: the newest operation may
    have changed."""
    for path in operation.paths[:1]:
        yield refused(
            path,
            "an interrupted run came first, and nothing was undone yet",
            "`pinesync oplog` shows what is undone next; then run `pinesync undo` again",
        )


def _undo(tx: Transaction, operation: Operation, *, allow_broken: bool) -> Run:
    if operation.verb in _FINAL:
        what, hint = _FINAL[operation.verb]
        names = {c.path: shell_quote(c.before.name) for c in operation.entries if c.before}
        hints = {
            p: hint.format(path=shell_quote(p), name=names.get(p, "NAME")) for p in operation.paths
        }
        return Run(tuple(refused(path, what, hints[path]) for path in operation.paths))
    return tx.run(undo_operation(tx, operation, allow_broken=allow_broken))


def _chosen(
    operations: Sequence[Operation], short: Mapping[str, str], key: str | None, *, redo: bool
) -> Operation:
    if key is None:
        operation = to_redo(operations) if redo else to_undo(operations)
        if operation is None:
            what = "nothing to redo" if redo else "nothing to undo"
            raise Misuse(what, "`pinesync oplog` lists what pinesync did here, on this machine")
        return operation
    fits = find_operations(operations, key)
    if len(fits) != 1:
        newest = [
            f"{short[candidate.key]} ({candidate.verb})"
            for candidate in fits[: -_MAX_NAMED - 1 : -1]
        ]
        newest += [f"{len(fits) - len(newest)} more"] * (len(fits) > len(newest))
        many = f"{key!r} is ambiguous: {_listed(newest)}" if fits else f"no operation {key!r}"
        raise Misuse(many, "`pinesync oplog` lists them")
    if fits[0].key in undone(operations):
        raise Misuse(
            f"{short[fits[0].key]}: already undone",
            "`pinesync undo --redo` reverts the last undo; `pinesync oplog` lists the others",
        )
    return fits[0]


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"


_LEFT = frozenset(("refused", "pending", "failed"))
_MAX_NAMED = 5
