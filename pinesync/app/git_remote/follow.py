"""Move the git remote's branch after a pull or push by a verb."""

from __future__ import annotations

from collections.abc import Mapping

from pinesync.app.git_remote.fetch import append_news, news
from pinesync.app.git_remote.remote import GitRemote
from pinesync.app.project import Project
from pinesync.git.refs.remote_branch import RemoteRefs, Tip, read_tip
from pinesync.git.repo import Repository
from pinesync.model import PineId, ScriptInfo
from pinesync.sync.engine.snapshot import Survey
from pinesync.sync.outcome import Outcome


def follow_remote(
    project: Project,
    repository: Repository,
    refs: RemoteRefs,
    listed: Mapping[PineId, ScriptInfo],
) -> str | None:
    """Move the branch, and git's own `<remote>/main`, to the listed versions: to HEAD if it has
    exactly those, else to new commits on top. Returns the new commit; None if there is no branch to
    continue. Deletions are left to the next fetch, which proves them."""
    remote = GitRemote(
        project.setup, project.settings.remote, refs, repository, project.workspace.root
    )
    tip = remote.tip()
    if tip is None:
        return None
    view = Survey((), listed)
    head = _head(remote, tip, view)
    if head:
        remote.move(head, repository.commit_of(refs.branch))
    outcomes: list[Outcome] = []
    commit = head or append_news(remote, project.ports, tip, view, outcomes)
    repository.move(refs.tracking, commit, "pinesync: what TradingView has")
    return commit


def _head(remote: GitRemote, tip: Tip, view: Survey) -> str | None:
    """HEAD, if it contains the branch and has exactly the service's versions; else None."""
    repository = remote.repository
    head = repository.commit_of("HEAD")
    if head is None or not repository.is_ancestor(tip.commit, head):
        return None
    head_tip = read_tip(repository, head, remote.refs)
    tracked = {path: entry.base for path, entry in head_tip.entries.items() if entry.base}
    texts = repository.digests(head, list(tracked))
    if any(texts.get(path) != base.expected for path, base in tracked.items()):
        return None
    return None if news(head_tip, view) else head
