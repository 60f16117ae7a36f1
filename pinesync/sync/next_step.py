"""Suggest the next command after a status. Pure."""

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
    """A suggested command without the `pinesync` prefix, the scripts it would act on, and a
    one-line hint."""

    command: str
    paths: tuple[RelPath, ...]
    hint: str


def next_step(states: Sequence[ScriptState], moves: Mapping[RelPath, RelPath]) -> NextStep | None:
    """The most urgent step: resolve, then pull, then push, then whatever a person must decide. None
    if there is nothing to do. `moves` maps the new path of each file that was moved by hand to its
    old path."""
    paths_by_command: dict[str, list[RelPath]] = {command: [] for command in _HINTS}
    for state in states:
        command = _command_for(state, moves)
        if command:
            paths_by_command[command].append(state.path)
    for command, paths in paths_by_command.items():
        if paths:
            return NextStep(command, tuple(paths), hint_for(command, paths))
    return None


def _command_for(state: ScriptState, moves: Mapping[RelPath, RelPath]) -> str | None:
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
    "resolve": "run `pinesync resolve {path}` with --ours or --theirs to resolve {conflicts}",
    "pull": "run `pinesync pull` to update {scripts}",
    "push": "run `pinesync push` to save {scripts}",
    "add --moved": "run `pinesync add --moved {path}` to follow the move",
    "restore": "run `pinesync restore {path}` to restore {it}, "
    "or `pinesync rm {path}` to stop tracking {it}",
    "push --recreate": "run `pinesync push --recreate {path}` to save {it} again",
    "add --id": "run `pinesync add --id` to link {files} to the saved script, or rename {files}",
    "mv --follow": "run `pinesync mv --follow` to rename {files} to match TradingView",
    "add": "run `pinesync add {path}` to add {files} to pine.toml",
}
"""By command, the most urgent first."""


def hint_for(command: str, paths: Collection[RelPath]) -> str:
    """The hint for a command about these scripts."""
    single = len(paths) == 1
    return _HINTS[command].format(
        path=shell_quote(next(iter(paths))) if single else "PATHS",
        it="it" if single else "them",
        conflicts="the conflict" if single else f"{len(paths)} conflicts",
        files="the file" if single else f"{len(paths)} files",
        scripts=pluralize(len(paths), "script"),
    )
