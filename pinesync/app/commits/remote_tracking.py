"""`tradingview/saved`, the remote-tracking branch: it shows git what the service has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace

from pinesync.app.project import Project
from pinesync.errors import FileError, PinesyncError
from pinesync.git.filters import filters_of, filters_with_program
from pinesync.git.location import may_name_side_ref
from pinesync.git.refs.remote_branch import remote_named
from pinesync.git.refs.saved_branch import NAME, SETTING, Fork, Saved, find_fork, track
from pinesync.git.repo import SAVED, Repository, find_repository
from pinesync.model import Base, Entry, PineId, RelPath, ScriptInfo
from pinesync.sync.commit_plan import assign_paths
from pinesync.sync.engine.lifecycle import own_versions
from pinesync.sync.outcome import Outcome
from pinesync.text.canonical import Unreadable, decode, digest, encode_like
from pinesync.workspace.workspace import Workspace

_NOTE = "raw-branch"
_RAW = (
    "has the files exactly as TradingView has them, without the repository's filters; "
    "`git diff` also shows what a filter would change"
)


def update_tracking(project: Project, listed: Mapping[PineId, ScriptInfo]) -> str | None:
    """Move the remote-tracking branch to what the service has, as far as texts are cached. Returns
    its commit; None outside git or if tracking is off. Leaves the user's branch, index and files
    untouched. Where the service is a git remote, its branch moves instead, and the versions that
    are not cached are read; else no request is sent."""
    workspace = project.workspace
    repository = _repository(workspace)
    if repository is None:
        return None
    if refs := remote_named(repository, project.settings.remote):
        from pinesync.app.git_remote.follow import follow_remote

        return follow_remote(project, repository, refs, listed)
    entries, settings = workspace.manifest.entries(), project.settings
    fork = find_fork(repository, list(entries))
    if fork is None:
        fork = Fork(None, workspace.manifest.parsed()[0].decode("utf-8"))
    tracked = {entry.pine_id: entry for entry in entries.values() if entry.pine_id}
    every = settings.track == "all"
    infos = [info for pine_id, info in listed.items() if every or pine_id in tracked]
    where = assign_paths(infos, entries, settings.folders, fork.entries)
    known = (_saved(workspace, info, tracked.get(info.pine_id), where) for info in infos)
    saved = [save for save in known if save is not None]
    account = settings.account or ""
    return track(repository, fork, saved, account, lambda save: _file(workspace, fork, save))


def unfiltered_note(project: Project) -> str:
    """A one-time note that the branch's files are unfiltered; empty if no filter applies."""
    workspace = project.workspace
    repository = None if workspace.log.was_reported(_NOTE) else _repository(workspace)
    run = filters_with_program(repository) if repository else frozenset()
    if not run or not run.intersection(
        filters_of(workspace.root, workspace.manifest.entries()).values()
    ):
        return ""
    workspace.log.note_reported(_NOTE)
    return _RAW


def follow_quietly(project: Project, listed: Mapping[PineId, ScriptInfo]) -> Iterator[Outcome]:
    """Like `follow`, but report an error as an outcome instead of raising it."""
    try:
        update_tracking(project, listed)
        if note := unfiltered_note(project):
            yield Outcome(RelPath(NAME), "told", message=note)
    except PinesyncError as error:
        yield Outcome(RelPath(NAME), "told", message=f"not moved: {error.message}")


def follow_pushed(project: Project, listed: Mapping[PineId, ScriptInfo]) -> Iterator[Outcome]:
    """After a push: move the branch of the git remote, if there is one. The remote-tracking branch
    of other repositories waits for the user's commit."""
    if may_name_side_ref(project.workspace.root):
        repository = _repository(project.workspace)
        if repository and remote_named(repository, project.settings.remote):
            yield from follow_quietly(project, listed)


def catch_up(project: Project) -> None:
    """After pinesync commits: move the branch to HEAD if their trees are equal."""
    repository = _repository(project.workspace)
    if repository is None:
        return
    refs = remote_named(repository, project.settings.remote)
    head, tree = repository.commit_of("HEAD"), repository.tree_of(refs.branch if refs else SAVED)
    if head and tree and tree == repository.tree_of("HEAD"):
        for ref in (refs.branch, refs.tracking) if refs else (SAVED,):
            repository.move(ref, head, "pinesync: committed")


def _repository(workspace: Workspace) -> Repository | None:
    """The repository to update; None outside git or if tracking is off."""
    repository = find_repository(workspace.root) if workspace.manifest.has_history() else None
    return repository if repository and repository.setting(SETTING) is not False else None


def _saved(
    workspace: Workspace,
    info: ScriptInfo,
    entry: Entry | None,
    where: Mapping[PineId, Entry],
) -> Saved | None:
    """The script as a pull would record it; None if its newest version is not cached."""
    entry = entry or where[info.pine_id]
    if entry.base and entry.base.version == info.version:
        return Saved(entry, info.modified)
    text = workspace.texts.recall(info.pine_id, info.version)
    if text is None:
        return None
    ours = own_versions(workspace.log, info.pine_id)
    base = Base.linked(info.version, text, ours)
    if entry.base:
        base = entry.base.moved(info.version, text, ours)
    return Saved(replace(entry, base=base), info.modified)


def _file(workspace: Workspace, fork: Fork, saved: Saved) -> bytes | None:
    """The text, encoded like the workspace's file or else like the fork's file."""
    path, base = saved.entry.path, saved.entry.base
    assert base
    data = _bytes_here(workspace, path)
    text = workspace.texts.text_of(base.expected)
    if text is None and data is not None:
        with suppress(Unreadable):
            text = decode(data)
        if text is None or digest(text) != base.expected:
            return None
    blob = fork.blobs.get(path)
    return None if text is None else encode_like(text, data or (blob.data if blob else None))


def _bytes_here(workspace: Workspace, path: RelPath) -> bytes | None:
    try:
        return workspace.tree.read(path)
    except FileError:
        return None
