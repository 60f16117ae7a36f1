"""`push`: save local edits as the newest versions on TradingView."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace

from pinesync.app.commits.remote_tracking import follow_pushed
from pinesync.app.probe.proofs import refuse_broken
from pinesync.app.project import Project, Setup, open_project
from pinesync.errors import Misuse
from pinesync.model import Digest, RelPath, Version
from pinesync.sync.engine import push as engine_push
from pinesync.sync.engine.snapshot import Survey, take_snapshot
from pinesync.sync.engine.transaction import Transaction
from pinesync.sync.engine.uploads.prepare_upload import Expected, contract_policy, preview
from pinesync.sync.messages import planned_run
from pinesync.sync.outcome import Outcome, Run
from pinesync.sync.selection import select


def push(
    setup: Setup,
    paths: Sequence[str] = (),
    *,
    dry_run: bool = False,
    allow_broken: bool = False,
    allow_shift: bool = False,
    recreate: bool = False,
    over: str | None = None,
    anyway: bool = False,
    seen: Mapping[RelPath, Digest] | None = None,
    project: Project | None = None,
) -> Run:
    """Save each edited file as one version, and read it back. A script that changed on TradingView
    is refused, unless `over` is its newest version: then the one path is saved on top of it. With
    `seen`, only its files are read, and each is sent only if it still has that text.
    ActionRequired, unless `anyway`, if a probe of the account found a promise broken. `project` is
    the workspace if already open. With `allow_shift`, charts and alerts may read other inputs."""
    version = _parse_over(over, paths)
    project = project or open_project(setup)
    patterns = project.patterns(paths)
    if dry_run:
        states = select(take_snapshot(project.ports).states, patterns)
        steps = engine_push.plan(states, patterns, recreate=recreate, over=version is not None)
        contract = contract_policy(project.ports, allow_shift=allow_shift)
        shifts = project.ports.tools.parallel(lambda s: preview(project.ports, s, contract), steps)
        return planned_run(steps, [row for row in shifts if row])
    if not anyway:
        refuse_broken(setup, project.settings.remote, project.settings.owner)

    def pushing(tx: Transaction) -> Pushing:
        return engine_push.push(
            tx,
            patterns,
            allow_broken=allow_broken,
            allow_shift=allow_shift,
            recreate=recreate,
            over=version,
            seen=seen,
        )

    return _run(project, "push", pushing)


def push_expected(project: Project, path: RelPath, expected: Expected, *, verb: str) -> Run:
    """Save this one file if it and its base are what was expected; `verb` is the operation's. It
    overrides nothing: neither a probe that found a promise broken, nor a refusal."""
    refuse_broken(project.setup, project.settings.remote, project.settings.owner)
    return _run(project, verb, lambda tx: engine_push.push_expected(tx, path, expected))


Pushing = Generator[Outcome, None, Survey]


def _run(project: Project, verb: str, pushing: Callable[[Transaction], Pushing]) -> Run:
    with project.transaction(verb, online=True) as tx:
        run = tx.run(_followed(project, pushing(tx)))
    if project.settings.alerts:
        from pinesync.app.alerts import with_alerts

        return with_alerts(project, run)
    return run


def _followed(project: Project, pushing: Pushing) -> Generator[Outcome, None, None]:
    """Run the push, then move the git remote's branch, if there is one, to the saved versions."""
    view = yield from pushing
    bases = {e.pine_id: e.base for e in project.workspace.manifest.entries().values() if e.base}
    saved = {
        pine_id: replace(info, version=base.version)
        for pine_id, info in (view.listed or {}).items()
        if (base := bases.get(pine_id)) and base.version >= info.version
    }
    if saved:
        yield from follow_pushed(project, saved)


def _parse_over(raw: str | None, paths: Sequence[str]) -> Version | None:
    if raw is None:
        return None
    if len(paths) != 1:
        raise Misuse("--over goes with exactly one path")
    try:
        return Version.parse(raw)
    except ValueError as error:
        raise Misuse(f"--over: {error}", "a version is like 7.0") from None
