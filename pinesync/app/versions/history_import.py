"""`history import` and `clone --history`: one git commit for each saved version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pinesync.app.project import Project, Setup, open_project
from pinesync.errors import BadResponse, FacadeError
from pinesync.git.refs.history import (
    LOCAL_BRANCH,
    NAME,
    History,
    begin_history,
    local_branch,
    read_history,
    write_history,
)
from pinesync.git.refs.saved_branch import SETTING
from pinesync.git.repo import HISTORY, SAVED, Repository, require_repository
from pinesync.model import Entry, PineId, RelPath, ScriptInfo, VersionInfo
from pinesync.sync.commit_plan import assign_paths, plan_commits
from pinesync.sync.engine.account import read_account
from pinesync.sync.engine.version_histories import read_histories
from pinesync.sync.outcome import Imported, LeftOut
from pinesync.sync.ports import Ports
from pinesync.workspace.manifest import Settings
from pinesync.workspace.workspace import Workspace

_NOTE = "local-history"


def import_history(setup: Setup, *, dry_run: bool = False) -> Imported:
    """Commit the missing versions to the branch, in the repository that contains the workspace.
    Existing commits are not rewritten. Files, index and other branches are not touched."""
    project = open_project(setup)
    repository = require_repository(project.workspace.root)
    before = read_history(repository)
    ports = project.ports
    listed, account = _listed(project, ports)
    settings = project.settings
    if dry_run:
        return _planned(before, listed)
    done = append_versions(
        ports, repository, before, listed, settings, project.workspace.manifest.entries(), account
    )
    return replace(done, note=_note(project, repository))


def _note(project: Project, repository: Repository) -> str:
    """A note about a local branch that git confuses with the log; reported once."""
    log = project.workspace.log
    if log.was_reported(_NOTE) or repository.commit_of(LOCAL_BRANCH) is None:
        return ""
    log.note_reported(_NOTE)
    what, way = "with commits that no import made", f"git branch -m {NAME} NAME` renames it"
    if local_branch(repository):
        what, way = "made by pinesync 0.1", f"git branch -D {NAME}` removes it"
    return (
        f"now {HISTORY}. The local branch {NAME}, {what}, was left as it is, and git resolves the "
        f"short name to it; `{way}"
    )


def _listed(project: Project, ports: Ports) -> tuple[list[ScriptInfo], str]:
    """The scripts of the workspace that exist on TradingView, and the name of their owner."""
    entries, settings = project.workspace.manifest.entries(), project.settings
    tracked = {entry.pine_id for entry in entries.values() if entry.pine_id}
    account_state = read_account(ports.remote, sorted(tracked), settings.owner, named=True)
    every = settings.track == "all"
    wanted = [
        info for pine_id, info in account_state.scripts.items() if every or pine_id in tracked
    ]
    return wanted, account_state.account.name if account_state.account else ""


def _planned(before: History, listed: Sequence[ScriptInfo]) -> Imported:
    fresh = [
        n for info in listed if (n := info.version.major - _last_imported(before, info.pine_id)) > 0
    ]
    return Imported(NAME, sum(fresh), len(fresh), _total(before), before.tip, dry_run=True)


def _last_imported(before: History, pine_id: PineId) -> int:
    return before.done[pine_id].major if pine_id in before.done else 0


def _total(history: History) -> int:
    return sum(version.major for version in history.done.values())


def append_versions(
    ports: Ports,
    repository: Repository,
    before: History,
    listed: Sequence[ScriptInfo],
    settings: Settings,
    entries: Mapping[RelPath, Entry],
    account: str,
) -> Imported:
    """Download the versions not stored locally, and add the missing ones to the branch."""
    where = assign_paths(listed, entries, settings.folders, before.entries)
    behind = [info for info in listed if info.version.major > _last_imported(before, info.pine_id)]
    newest = {info.pine_id: info.version for info in behind}
    troubles: dict[PineId, FacadeError] = {}
    histories = read_histories(ports, newest, troubles)
    for pine_id, infos in list(histories.items()):
        if trouble := unusable_version(ports, infos):
            del histories[pine_id]
            troubles[pine_id] = trouble
    commits = plan_commits(histories, where, before.entries, before.done)
    tip = before.tip
    if tip and not commits:
        begin_history(repository, tip)
    if commits:
        text_of = ports.texts.text_of
        tip = write_history(repository, before, commits, settings, account, text_of)
    left_out = (LeftOut(where[i].path, i, e.message, e.hint or "") for i, e in troubles.items())
    return Imported(
        NAME,
        len(commits),
        len({commit.info.pine_id for commit in commits}),
        _total(before) + len(commits),
        tip,
        tuple(sorted(left_out, key=lambda commit: commit.path)),
    )


def unusable_version(ports: Ports, infos: Sequence[VersionInfo]) -> BadResponse | None:
    """Why a history cannot be written as files: a pull would refuse it for the same reason."""
    for info in infos:
        text = ports.texts.text_of(info.digest)
        if text is None or "\0" in text:
            return BadResponse(
                f"{info.version} has a NUL character in it, and no file can have that"
            )
    return None


def clone_history(
    ports: Ports,
    folder: Workspace,
    repository: Repository,
    listed: Sequence[ScriptInfo],
    account: str,
) -> Imported:
    """Import the history of a fresh clone. Its first branch and `tradingview/saved` start at the
    last commit."""
    settings = folder.manifest.settings()
    done = append_versions(
        ports, repository, History(), listed, settings, folder.manifest.entries(), account
    )
    if done.tip:
        repository.begin(done.tip)
        if repository.setting(SETTING) is not False:
            repository.move(SAVED, done.tip, "pinesync: clone")
    return done
