"""The next step after a status: the first command that a script waits for. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pinesync.model import RelPath
from pinesync.sync.planner import ScriptState
from pinesync.sync.policy import Act
from pinesync.text.filenames import shell_quote
from pinesync.text.plural import pluralize

_PULLS = (Act.FORWARD, Act.ADOPT_FORWARD, Act.MERGE, Act.PUT_BACK, Act.WRITE, Act.LATER)
_PUSHES = (Act.SAVE, Act.SAVE_OVER, Act.CREATE, Act.LATER)


@dataclass(frozen=True, slots=True)
class NextStep:
    """A command without `pinesync`, the scripts that wait for it, and a sentence about it."""

    command: str
    paths: tuple[RelPath, ...]
    hint: str


def next_step(states: Sequence[ScriptState], moves: Mapping[RelPath, RelPath]) -> NextStep | None:
    """The most urgent step: a conflict, then what a pull brings, what a push saves, and what only a
    person can decide. None if nothing waits. `moves` maps the new path of each file that was moved
    by hand to its old path."""
    waiting: dict[str, list[RelPath]] = {command: [] for command in _HINTS}
    for state in states:
        command = _command(state, moves)
        if command:
            waiting[command].append(state.path)
    for command, paths in waiting.items():
        if paths:
            return NextStep(command, tuple(paths), hint(command, paths))
    return None


def _command(state: ScriptState, moves: Mapping[RelPath, RelPath]) -> str | None:
    row = state.row
    if row.pull in _PULLS:
        return "pull"
    if row.push in _PUSHES:
        return "push"
    if state.path in moves:
        return "add --moved"
    if state.path in moves.values():
        return None
    return row.word.command or ("mv --follow" if state.renamed_to else None)


_HINTS = {
    "resolve": "run `pinesync resolve {path}` with --ours or --theirs to end {conflicts}",
    "pull": "run `pinesync pull` to update {scripts}",
    "push": "run `pinesync push` to save {scripts}",
    "add --moved": "run `pinesync add --moved {path}` to follow the move",
    "restore": "run `pinesync restore {path}` to bring {it} back, or `pinesync rm` to forget {it}",
    "push --recreate": "run `pinesync push --recreate {path}` to save {it} again",
    "add --id": "run `pinesync add --id` to link {path} with the saved script, or rename it",
    "mv --follow": "run `pinesync mv --follow` to rename {files} as on TradingView",
    "add": "run `pinesync add {path}` to list {files} for the next push",
}
"""By command, the most urgent first."""


def hint(command: str, paths: Collection[RelPath]) -> str:
    """What the command does about these scripts."""
    single = len(paths) == 1
    return _HINTS[command].format(
        path=shell_quote(next(iter(paths))) if single else "PATHS",
        it="it" if single else "them",
        conflicts="the conflict" if single else f"{len(paths)} conflicts",
        files="the file" if single else f"{len(paths)} files",
        scripts=pluralize(len(paths), "script"),
    )
