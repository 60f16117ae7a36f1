"""`pull`: what was saved on TradingView comes into the files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from pinesync.commands.choosing import chosen
from pinesync.commands.project import Project, Setup, open_project
from pinesync.commands.running import Run, finished, left_alone, planned, viewed
from pinesync.commands.tracking import follow_quietly
from pinesync.sync.engine import download
from pinesync.sync.engine.settle import blocked, settle
from pinesync.sync.engine.snapshot import look
from pinesync.sync.moved_files import moved
from pinesync.sync.operations import RECOVERY
from pinesync.sync.outcome import Outcome
from pinesync.sync.policy import Act
from pinesync.sync.ports import Ports

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
    """Bring what moved on. Diverged files are merged, or settled by `choice`; with `merge` False
    they are left. `project` is the workspace where it is open already."""
    project = project or open_project(setup)
    patterns = project.patterns(paths)
    act = _ACTS[choice] if choice else None
    if dry_run:
        ports = project.ports()
        view = look(ports.remote, ports.workspace, ports.tools, project.scope())
        return planned(download.steps_of(chosen(view, patterns), act, merge))
    with project.writing("pull") as recovered:
        ports = project.ports()
        settled = (*recovered, *settle(ports))
        project.note(RECOVERY)
        return finished(_pull(project, ports, patterns, act, merge, settled), settled)


def _pull(
    project: Project,
    ports: Ports,
    patterns: list[str],
    choice: Act | None,
    merge: bool,
    settled: tuple[Outcome, ...],
) -> Iterator[Outcome]:
    view, late = viewed(project, ports)
    yield from late
    steps = download.steps_of(chosen(view, patterns, blocked(settled)), choice, merge)
    changes = (*download.CHANGES, *download.CHOICES)
    moves = moved(view.situations)
    yield from download.pull(ports, [step for step in steps if step.act in changes])
    for step in steps:
        if step.act not in changes and (told := left_alone(step, view.troubles, moves)):
            yield told
    yield from follow_quietly(project, view.listed or {})
