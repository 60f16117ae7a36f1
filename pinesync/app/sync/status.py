"""`status`: one word for every script, from one request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pinesync.app.project import Project, Setup, open_project
from pinesync.errors import EXIT_DIFFERENT, EXIT_DONE
from pinesync.model import PineId, RelPath, Version
from pinesync.sync.engine.snapshot import Survey, take_snapshot
from pinesync.sync.moved_files import moved
from pinesync.sync.next_step import NextStep, next_step
from pinesync.sync.planner import ScriptState
from pinesync.sync.selection import select
from pinesync.sync.words import Status
from pinesync.text.filenames import unescape_name

if TYPE_CHECKING:
    from pinesync.sync.intents import Intent


@dataclass(frozen=True, slots=True)
class Line:
    """One script: its status word, its base version, the newest version if different, and details.
    `renamed_to` is its name on TradingView if pine.toml has another. `moved_to` is the likely new
    path of a missing file, `moved_from` the old path of such a file. `role` says who has to act,
    `next_step` what this script waits for."""

    path: RelPath
    word: Status
    name: str
    version: Version | None
    newest: Version | None
    pine_id: PineId | None
    note: str = ""
    renamed_to: str | None = None
    moved_to: RelPath | None = None
    moved_from: RelPath | None = None
    role: str = "nobody"
    next_step: NextStep | None = None


@dataclass(frozen=True)
class StatusReport:
    """All scripts of the workspace, sorted by path. `next_step` is None if nothing waits, and with
    `advice = false` in pine.toml."""

    remote: str
    account: str | None
    offline: bool
    lines: tuple[Line, ...]
    exit_code: int = EXIT_DONE
    next_step: NextStep | None = None


def status(
    setup: Setup,
    paths: Sequence[str] = (),
    *,
    offline: bool = False,
    exit_code: bool = False,
    project: Project | None = None,
) -> StatusReport:
    """Look up each script in the policy table. Offline, use the last known state of the service.
    With `exit_code`, the exit code is 6 if any word is not "clean". `project` is the workspace if
    already open."""
    return status_with_survey(
        project or open_project(setup), paths, offline=offline, exit_code=exit_code
    )[0]


def status_with_survey(
    project: Project, paths: Sequence[str] = (), *, offline: bool = False, exit_code: bool = False
) -> tuple[StatusReport, Survey]:
    """The same, with the survey it is based on."""
    view = take_snapshot(project.ports, offline=offline)
    unsettled = {r.path: r for r in project.workspace.log.intents() if r.is_open}
    states = select(view.states, project.patterns(paths))
    moves = moved(view.states)
    moves_to = {old: new for new, old in moves.items()}
    troubles = view.troubles or {}
    lines = tuple(
        replace(
            _line(s, unsettled.get(s.path), troubles, moves.get(s.path), moves_to.get(s.path)),
            role=s.word.role.name.lower(),
            next_step=next_step([s], moves),
        )
        for s in states
    )
    settings = project.settings
    different = exit_code and any(line.word is not Status.CLEAN or line.note for line in lines)
    code = EXIT_DIFFERENT if different else EXIT_DONE
    advice = next_step(states, moves) if settings.advice else None
    report = StatusReport(settings.remote, settings.account, offline, lines, code, advice)
    return report, view


def _line(
    state: ScriptState,
    unsettled: Intent | None,
    troubles: Mapping[PineId, str],
    moved_from: RelPath | None,
    moved_to: RelPath | None,
) -> Line:
    entry, info = state.entry, state.info
    pine_id = (entry.pine_id if entry else None) or (info.pine_id if info else None)
    version = entry.base.version if entry and entry.base else None
    newest = info.version if info and info.version != version else None
    note = state.problem or (troubles.get(pine_id, "") if pine_id else "")
    if state.comparison.unknown:
        note = f"not compared with others' saves: {state.comparison.unknown}"
    if entry and entry.shadowed:
        note = f"your save hides {entry.shadowed}, which somebody else saved"
    if unsettled:
        note = "an interrupted write is pending; the next pull or push finishes it"
    name = entry.name if entry else unescape_name(info.name) if info else ""
    if state.renamed_to:
        note = note or f"called {state.renamed_to!r} on TradingView"
    if moved_from or moved_to:
        note = note or (f"moved from {moved_from}" if moved_from else f"moved to {moved_to}")
    return Line(
        state.path,
        state.word,
        name,
        version,
        newest,
        pine_id,
        note,
        state.renamed_to,
        moved_to,
        moved_from,
    )
