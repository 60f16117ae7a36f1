"""`oplog`: list what pinesync did in this workspace on this machine."""

from __future__ import annotations

from dataclasses import dataclass

from pinesync.app.project import Setup, open_project
from pinesync.model import RelPath
from pinesync.sync.operations import Operation, short_ids, undone

MAX_OPERATIONS = 500
"""The number of operations to search."""


@dataclass(frozen=True, slots=True)
class Logged:
    """One operation: `when` in epoch seconds, the files written, the versions saved on TradingView,
    whether it was undone, and the shortest id that names it now."""

    key: str
    verb: str
    when: float
    paths: tuple[RelPath, ...]
    files: int
    saves: tuple[str, ...]
    undoes: str | None
    undone: bool
    short: str


@dataclass(frozen=True, slots=True)
class OperationLog:
    """The operations of the workspace, newest first."""

    operations: tuple[Logged, ...]
    exit_code: int = 0


def oplog(setup: Setup, limit: int = 20) -> OperationLog:
    """The newest `limit` operations of this workspace on this machine."""
    project = open_project(setup)
    operations = project.workspace.log.operations(MAX_OPERATIONS)
    gone = undone(operations)
    short = short_ids(operations)
    rows = [logged(o, short[o.key], undone=o.key in gone) for o in reversed(operations)]
    return OperationLog(tuple(rows[:limit]))


def logged(operation: Operation, short: str, *, undone: bool = False) -> Logged:
    """Convert an operation of the state to a line of the log."""
    saves = tuple(f"{save.path}@{save.version}" for save in operation.saves)
    return Logged(
        operation.key,
        operation.verb,
        operation.when,
        operation.paths,
        len(operation.files),
        saves,
        operation.undoes,
        undone,
        short,
    )
