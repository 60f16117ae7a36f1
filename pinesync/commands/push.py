"""`push`: what was edited here becomes the newest version on TradingView."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pinesync.commands.choosing import chosen
from pinesync.commands.project import Project, Setup, open_project
from pinesync.commands.running import left_alone, not_listed, planned
from pinesync.errors import Misuse
from pinesync.model import Digest, RelPath, Version
from pinesync.sync.engine import upload
from pinesync.sync.engine.download import Step
from pinesync.sync.engine.prepare_upload import changed
from pinesync.sync.engine.snapshot import take_snapshot
from pinesync.sync.engine.transaction import Transaction
from pinesync.sync.moved_files import moved
from pinesync.sync.outcome import Outcome, Run
from pinesync.sync.planner import Situation
from pinesync.sync.policy import Act, LocalSide
from pinesync.sync.words import Status


def push(
    setup: Setup,
    paths: Sequence[str] = (),
    *,
    dry_run: bool = False,
    allow_broken: bool = False,
    recreate: bool = False,
    over: str | None = None,
    seen: Mapping[RelPath, Digest] | None = None,
    project: Project | None = None,
) -> Run:
    """Save what changed, each as one version that was read back. What moved on there is refused,
    unless `over` names the newest version there, which the one path is then saved on top of.
    A file that `seen` knows is sent only if it still has that text, and of the others nothing is
    read; `project` is the workspace where it is open already."""
    version = _over(over, paths)
    project = project or open_project(setup)
    patterns = project.patterns(paths)
    if dry_run:
        situations = chosen(take_snapshot(project.ports), patterns)
        steps = upload.steps_of(situations, recreate=recreate, over=version is not None)
        return planned(_named(steps, patterns))
    with project.transaction("push", online=True) as tx:
        wishes = _Wishes(allow_broken, recreate, version, seen or {})
        return tx.run(_push(tx, patterns, wishes))


def _push(tx: Transaction, patterns: list[str], wishes: _Wishes) -> Iterator[Outcome]:
    view = yield from tx.look(frozenset(wishes.seen) or None)
    situations = chosen(view, patterns, tx.blocked)
    over = wishes.over
    steps = upload.steps_of(situations, recreate=wishes.recreate, over=over is not None)
    steps = _named(steps, patterns)
    for step in [step for step in steps if _is_another(step.situation, wishes.seen)]:
        steps.remove(step)
        yield changed(step.situation.path)
    moves = moved(view.situations)
    for step in steps:
        if step.situation.word is Status.UNTRACKED and step.situation.path in patterns:
            yield not_listed(step.situation, moves)
        elif step.act not in upload.CHANGES and (told := left_alone(step, view.troubles, moves)):
            yield told
    changes = [step for step in steps if step.act in upload.CHANGES]
    allow = wishes.allow_broken
    listed = view.listed or {}
    yield from upload.push(
        tx.ports, changes, listed, allow_broken=allow, over=over, seen=wishes.seen
    )
    behind = [step for step in steps if step.act is Act.LEAVE]
    for step in behind:
        yield Outcome(
            step.situation.path,
            "skipped",
            message="saved on TradingView since you pulled, and not edited here",
            hint="run `pinesync pull`",
        )


@dataclass(frozen=True, slots=True)
class _Wishes:
    allow_broken: bool
    recreate: bool
    over: Version | None
    seen: Mapping[RelPath, Digest]


def _over(raw: str | None, paths: Sequence[str]) -> Version | None:
    if raw is None:
        return None
    if len(paths) != 1:
        raise Misuse("--over goes with exactly one path")
    try:
        return Version.parse(raw)
    except ValueError as error:
        raise Misuse(f"--over: {error}", "a version is like 7.0") from None


def _is_another(situation: Situation, seen: Mapping[RelPath, Digest]) -> bool:
    """Whether the file has another text by now, or none: whoever saw it looks again."""
    text = seen.get(situation.path)
    if text is None:
        return False
    if situation.local in (LocalSide.MISSING, LocalSide.UNREADABLE):
        return True
    return situation.digest not in (None, text)


def _named(steps: list[Step], patterns: Sequence[str]) -> list[Step]:
    """A script that was named and is behind is refused; among all it is only told."""
    return [
        replace(step, act=Act.REFUSE)
        if step.act is Act.LEAVE and step.situation.path in patterns
        else step
        for step in steps
    ]
