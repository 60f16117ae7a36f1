"""`oplog`: what pinesync did in this workspace, on this machine."""

from __future__ import annotations

from dataclasses import dataclass

from pinesync.app.project import Setup, open_project
from pinesync.model import RelPath
from pinesync.sync.operations import Operation, undone

MOST = 500
"""So many operations are looked through."""


@dataclass(frozen=True, slots=True)
class Logged:
    """One line of the operation log: `when` in epoch seconds; the files that were written, the
    versions that were saved there, and whether it was taken back since."""

    key: str
    verb: str
    when: float
    paths: tuple[RelPath, ...]
    files: int
    saves: tuple[str, ...]
    undoes: str | None
    undone: bool


@dataclass(frozen=True, slots=True)
class OperationLog:
    """What pinesync did here, the newest first."""

    operations: tuple[Logged, ...]
    exit_code: int = 0


def oplog(setup: Setup, most: int = 20) -> OperationLog:
    """The operations of this workspace on this machine, the newest so many."""
    project = open_project(setup)
    operations = project.workspace.log.operations(MOST)
    gone = undone(operations)
    rows = [logged(each, undone=each.key in gone) for each in reversed(operations)]
    return OperationLog(tuple(rows[:most]))


def logged(operation: Operation, *, undone: bool = False) -> Logged:
    """The operation as a line."""
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
    )
