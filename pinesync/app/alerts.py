"""`alerts`: list the alerts, and the version of the script that each one runs. Read-only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pinesync.app.project import Project, Setup, open_alerts, open_project
from pinesync.errors import EXIT_DIFFERENT, EXIT_DONE, PinesyncError
from pinesync.git.blame import with_trailers
from pinesync.model import Alert, PineId, RelPath, ScriptInfo, Version
from pinesync.sync.engine.account import read_account
from pinesync.sync.outcome import Run
from pinesync.sync.selection import is_named
from pinesync.text.filenames import unescape_name
from pinesync.text.plural import pluralize


@dataclass(frozen=True, slots=True)
class AlertRow:
    """The alerts that run one version of a script on one symbol. `newest` is the script's newest
    version, `commit` the git commit that `version` was saved from, if known."""

    name: str
    path: RelPath | None
    pine_id: PineId
    version: Version
    newest: Version
    stale: bool
    active: int
    stopped: int
    symbol: str
    resolution: str
    webhook: bool
    commit: str | None = None


@dataclass(frozen=True, slots=True)
class AlertReport:
    """The requested rows. `passed_over` counts alerts of other scripts and unreadable ones.
    TradingView may list only some of the alerts, so the absence of stale rows proves nothing."""

    rows: tuple[AlertRow, ...]
    passed_over: int = 0
    exit_code: int = EXIT_DONE


def alerts(
    setup: Setup, paths: Sequence[str] = (), *, stale: bool = False, exit_code: bool = False
) -> AlertReport:
    """The alerts of all scripts of the account, or of those that the paths name. With `stale` only
    those on older versions; with `exit_code` these end the command with 6."""
    project = open_project(setup)
    entries = project.workspace.manifest.entries().values()
    tracked = {e.pine_id: e.path for e in entries if e.pine_id}
    patterns = project.patterns(paths)
    listed = read_account(project.remote(), list(tracked), project.settings.owner).scripts
    client = open_alerts(project)
    try:
        every = client.list_alerts()
    finally:
        client.close()
    known = [alert for alert in every.found if alert.pine_id in listed]
    rows = [
        replace(row, commit=_commit(project, row))
        for row in _rows(known, listed, tracked)
        if _is_meant(row, patterns) and (row.stale or not stale)
    ]
    passed_over = every.passed_over + len(every.found) - len(known)
    differs = exit_code and any(row.stale for row in rows)
    return AlertReport(tuple(rows), passed_over, EXIT_DIFFERENT if differs else EXIT_DONE)


def with_alerts(project: Project, run: Run) -> Run:
    """The run of a push, where each saved script says how many active alerts run older versions.
    Never fails: what was saved is saved."""
    saved = {o.pine_id: o.version for o in run.outcomes if o.done == "saved" and o.version}
    if not saved:
        return run
    try:
        client = open_alerts(project)
        try:
            every = client.list_alerts().found
        finally:
            client.close()
    except PinesyncError as error:
        words = dict.fromkeys(saved, f"the alerts could not be listed: {error.message}")
    else:
        older = Counter(
            row.pine_id
            for row in every
            if row.active and (newest := saved.get(row.pine_id)) and row.version < newest
        )
        words = {i: f"{pluralize(n, 'active alert')} on older versions" for i, n in older.items()}
    outcomes = [
        replace(o, message="; ".join(filter(None, (o.message, words.get(o.pine_id)))))
        if o.done == "saved"
        else o
        for o in run.outcomes
    ]
    return replace(run, outcomes=tuple(outcomes))


def _rows(
    alerts: Sequence[Alert],
    listed: Mapping[PineId, ScriptInfo],
    tracked: Mapping[PineId, RelPath],
) -> list[AlertRow]:
    counts = Counter(alerts)
    rows: dict[Alert, AlertRow] = {}
    for one, number in counts.items():
        info = listed[one.pine_id]
        key = replace(one, active=True)
        row = rows.get(key) or AlertRow(
            unescape_name(info.name),
            tracked.get(one.pine_id),
            one.pine_id,
            one.version,
            info.version,
            one.version < info.version,
            0,
            0,
            one.symbol,
            one.resolution,
            one.webhook,
        )
        if one.active:
            rows[key] = replace(row, active=row.active + number)
        else:
            rows[key] = replace(row, stopped=row.stopped + number)
    return sorted(rows.values(), key=lambda r: (r.name.casefold(), r.pine_id, r.version, r.symbol))


def _is_meant(row: AlertRow, patterns: Sequence[str]) -> bool:
    path = row.path
    return not patterns or (
        path is not None and any(is_named(path, pattern) for pattern in patterns)
    )


def _commit(project: Project, row: AlertRow) -> str | None:
    """The commit that the version was saved from: as stored on this machine, else from the trailers
    of a commit."""
    noted = project.workspace.texts.commit_of(row.pine_id, row.version)
    if noted or not project.workspace.manifest.has_history():
        return noted
    return next(with_trailers(project.workspace.root, row.pine_id, row.version), None)
