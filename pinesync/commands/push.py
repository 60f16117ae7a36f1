"""`push`: what was edited here becomes the newest version on TradingView."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pinesync.commands.project import Project, Setup, open_project
from pinesync.commands.running import Run, chosen, finished, left_alone, planned, viewed
from pinesync.sync.execute import push as pushing
from pinesync.sync.execute.look import look
from pinesync.sync.execute.pull import Step
from pinesync.sync.execute.settle import blocked, settle
from pinesync.sync.plan import Act
from pinesync.sync.ports import Ports
from pinesync.sync.report import Outcome


def push(
    setup: Setup,
    paths: Sequence[str] = (),
    *,
    dry_run: bool = False,
    allow_broken: bool = False,
    recreate: bool = False,
) -> Run:
    """Save what changed, each as one version that was read back. What moved on there is refused."""
    project = open_project(setup)
    patterns = project.patterns(paths)
    if dry_run:
        ports = project.ports()
        view = look(ports.remote, ports.workspace, ports.tools, project.scope())
        return planned(_named(pushing.steps_of(chosen(view, patterns), recreate=recreate), paths))
    with project.writing():
        ports = project.ports()
        settled = settle(ports)
        steps = _push(project, ports, patterns, settled, allow_broken, recreate)
        return finished(steps, settled)


def _push(
    project: Project,
    ports: Ports,
    patterns: list[str],
    settled: tuple[Outcome, ...],
    allow_broken: bool,
    recreate: bool,
) -> Iterator[Outcome]:
    view = viewed(project, ports)
    situations = chosen(view, patterns, blocked(settled))
    steps = _named(pushing.steps_of(situations, recreate=recreate), patterns)
    for step in steps:
        if step.act not in pushing.CHANGES and (told := left_alone(step, view.troubles)):
            yield told
    changes = [step for step in steps if step.act in pushing.CHANGES]
    yield from pushing.push(ports, changes, view.listed or {}, allow_broken=allow_broken)
    behind = [step for step in steps if step.act is Act.LEAVE]
    for step in behind:
        yield Outcome(
            step.situation.path,
            "skipped",
            message="saved on TradingView since you pulled, and not edited here",
            hint="run `pinesync pull`",
        )


def _named(steps: list[Step], patterns: Sequence[str]) -> list[Step]:
    """A script that was named and is behind is refused; among all it is only told."""
    return [
        replace(step, act=Act.REFUSE)
        if step.act is Act.LEAVE and step.situation.path in patterns
        else step
        for step in steps
    ]
