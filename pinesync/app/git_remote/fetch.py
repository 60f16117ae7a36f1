"""`git fetch`: update the branch to the state of TradingView, with a commit for each version."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from pinesync.app.git_remote.commit_writer import CommitWriter
from pinesync.app.git_remote.remote import GitRemote
from pinesync.app.project import open_remote
from pinesync.app.sync.clone import new_settings, workspace_id
from pinesync.app.versions.history_import import unusable_version
from pinesync.errors import EXIT_LATER, FacadeError
from pinesync.git.committed import CommittedTree
from pinesync.git.fast_import import NewCommit, write_commits
from pinesync.git.refs.history import History, write_history
from pinesync.git.refs.remote_branch import Tip, append
from pinesync.model import Account, Base, Entry, PineId, RelPath, ScriptInfo, VersionInfo
from pinesync.sync.commit_plan import assign_paths, plan_commits
from pinesync.sync.engine.account import read_account
from pinesync.sync.engine.snapshot import Survey, read_digests
from pinesync.sync.engine.version_histories import read_histories
from pinesync.sync.outcome import Outcome, failed
from pinesync.sync.planner import VersionKey
from pinesync.sync.policy import RemoteSide
from pinesync.sync.ports import Ports
from pinesync.text.canonical import encode_like
from pinesync.text.filenames import collision_key, place, unescape_name
from pinesync.workspace import manifest
from pinesync.workspace.manifest import Manifest, Settings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fetched:
    """The branch's last commit, and the outcomes to report."""

    commit: str
    outcomes: tuple[Outcome, ...] = ()


@dataclass(frozen=True, slots=True)
class News:
    """How the service differs from the branch: the scripts with versions that it lacks, those with
    another name, and the entries of those that are gone."""

    listed: tuple[ScriptInfo, ...]
    behind: tuple[ScriptInfo, ...]
    renamed: tuple[tuple[Entry, ScriptInfo], ...]
    gone: tuple[Entry, ...]

    def __bool__(self) -> bool:
        return bool(self.behind or self.renamed or self.gone)


def fetch(remote: GitRemote, *, whole: bool = True) -> Fetched:
    """Update the branch: one request if nothing is new. The first time, every version becomes a
    commit; unless `whole`, the newest versions of all scripts become one."""
    tip = remote.tip()
    if tip is None:
        return _first(remote, whole=whole)
    with remote.transaction(tip.settings, tip, tip.commit, "fetch") as tx:
        outcomes = list(tx.recovered)
        view = collect_outcomes(outcomes, tx.survey())
        # A flag that the transaction found is a commit on the branch now.
        tip = remote.tip() or tip
        commit = append_news(remote, tx.ports, tip, view, outcomes)
    return Fetched(commit, tuple(outcomes))


def collect_outcomes(outcomes: list[Outcome], steps: Generator[Outcome, None, T]) -> T:
    """Run the steps to their result, and add their outcomes to `outcomes`."""
    while True:
        try:
            outcomes.append(next(steps))
        except StopIteration as end:
            result: T = end.value
            return result


def news(tip: Tip, view: Survey) -> News:
    """The changes on the service that the branch lacks."""
    by_id = _by_id(tip)
    tracks_all = tip.settings.track == "all"
    listed = [i for i in (view.listed or {}).values() if tracks_all or i.pine_id in by_id]
    gone = {
        state.entry.pine_id
        for state in view.states
        if state.entry and state.remote is RemoteSide.GONE
    }
    return News(
        tuple(listed),
        tuple(info for info in listed if _is_behind(by_id.get(info.pine_id), info)),
        tuple(
            (entry, info)
            for info in listed
            if (entry := by_id.get(info.pine_id)) and entry.name != unescape_name(info.name)
        ),
        tuple(entry for entry in tip.entries.values() if entry.pine_id in gone),
    )


def _is_behind(entry: Entry | None, info: ScriptInfo) -> bool:
    return entry is None or entry.base is None or entry.base.version < info.version


# -- the first time -------------------------------------------------------------------------------


def _first(remote: GitRemote, *, whole: bool) -> Fetched:
    account_state = read_account(open_remote(remote.setup, remote.remote), named=True)
    account = account_state.account or Account("")
    settings = replace(new_settings(remote.remote), id=workspace_id(account, remote.remote))
    if account_state.account:
        settings = settings.pinned(account_state.account)
    with remote.transaction(settings, None, None, "fetch") as tx:
        if tip := remote.tip():
            return Fetched(tip.commit)  # by another fetch, before this one had the lock
        outcomes = list(tx.recovered)
        listed = tuple(account_state.scripts.values())
        first = _FirstFetch(remote, tx.ports, settings, listed, outcomes)
        commit = first.write_history() if whole and listed else first.write_snapshot()
    return Fetched(commit, tuple(outcomes))


@dataclass(frozen=True, slots=True)
class _FirstFetch:
    """A branch that has no commit yet. What cannot be fetched is added to `outcomes`."""

    remote: GitRemote
    ports: Ports
    settings: Settings
    listed: Sequence[ScriptInfo]
    outcomes: list[Outcome]

    def write_history(self) -> str:
        """One commit for each saved version; without any, one that has no script."""
        where = assign_paths(self.listed, {}, self.settings.folders)
        histories = _read_histories(self.ports, self.listed, where, {}, self.outcomes)
        commits = plan_commits(histories, where, {}, {})
        if not commits:
            return replace(self, listed=()).write_snapshot()
        return write_history(
            self.remote.repository,
            History(),
            commits,
            self.settings,
            self.settings.account or "",
            self.ports.texts.text_of,
            self.remote.refs.branch,
        )

    def write_snapshot(self) -> str:
        """One commit without a parent, with the newest version of each script."""
        where = assign_paths(self.listed, {}, self.settings.folders)
        text_of = self.ports.texts.text_of
        troubles: dict[PineId, str] = {}
        pairs: list[VersionKey] = [(info.pine_id, info.version) for info in self.listed]
        texts = {i: d for (i, _), d in read_digests(self.ports, pairs, troubles).items()}
        entries: dict[RelPath, Entry] = {}
        for info in self.listed:
            entry, text = where[info.pine_id], texts[info.pine_id]
            if info.pine_id in troubles or "\0" in (text_of(text) or "\0"):
                why = troubles.get(info.pine_id, f"{info.version} has a NUL character in it")
                self.outcomes.append(Outcome(entry.path, "failed", message=why, exit_code=1))
            else:
                entries[entry.path] = replace(entry, base=Base(info.version, text))
        digests = sorted({entry.base.digest for entry in entries.values() if entry.base})
        numbers = {digest: number for number, digest in enumerate(digests, 1)}
        files = {p: numbers[e.base.digest] for p, e in entries.items() if e.base}
        when = max((info.modified for info in self.listed), default=0)
        pine_toml = manifest.dump_new(Manifest(self.settings, entries))
        return write_commits(
            self.remote.repository,
            self.remote.refs.branch,
            [NewCommit(when, "What is saved on TradingView\n", pine_toml, files)],
            account=self.settings.account or "",
            blobs=[encode_like(text_of(digest) or "", None) for digest in digests],
        )


# -- later fetches --------------------------------------------------------------------------------


def append_news(
    remote: GitRemote, ports: Ports, tip: Tip, view: Survey, outcomes: list[Outcome]
) -> str:
    """Append the news to the branch as commits, and return its last commit."""
    tip_news = news(tip, view)
    by_id = _by_id(tip)
    where = _assign_places(tip, tip_news, _occupied(remote, ports, tip, tip_news))
    histories = _read_histories(ports, tip_news.behind, where, by_id, outcomes)
    done = {i: entry.base.version for i, entry in by_id.items() if entry.base}
    moved = {
        old.path: replace(old, path=where[info.pine_id].path, name=where[info.pine_id].name)
        for old, info in tip_news.renamed
    }
    gone = [entry.path for entry in tip_news.gone]
    remaining = {e.path: e for p, e in tip.entries.items() if p not in moved and p not in gone}
    commits = plan_commits(
        histories, where, {**remaining, **{e.path: e for e in moved.values()}}, done
    )
    settings = tip.settings if view.account is None else tip.settings.pinned(view.account)
    writer = CommitWriter(remote, ports, tip, settings)
    new_commits = [
        *(writer.deleted(entry) for entry in tip_news.gone),
        *(writer.renamed(tip.entries[path], entry) for path, entry in moved.items()),
        *(writer.saved(commit, by_id.get(commit.info.pine_id)) for commit in commits),
    ]
    if not new_commits:
        remote.move(tip.commit, remote.repository.commit_of(remote.refs.branch))
        return tip.commit
    return append(remote.repository, remote.refs, tip, new_commits, writer.blobs)


def has_fetchable(ports: Ports, tip: Tip, tip_news: News) -> bool:
    """Whether a fetch would add anything. A script with a version that can never be a file is never
    added to the branch, so it must not reject every push."""
    if tip_news.renamed or tip_news.gone:
        return True
    outcomes: list[Outcome] = []
    where = _assign_places(tip, tip_news, ())
    read = _read_histories(ports, tip_news.behind, where, _by_id(tip), outcomes)
    return bool(read) or any(outcome.exit_code == EXIT_LATER for outcome in outcomes)


def _by_id(tip: Tip) -> dict[PineId, Entry]:
    return {entry.pine_id: entry for entry in tip.entries.values() if entry.pine_id}


def _occupied(remote: GitRemote, ports: Ports, tip: Tip, tip_news: News) -> list[RelPath]:
    """The untracked files of the tip, which no fetch may overwrite. A file with the text of a
    script that is new to the branch becomes that script's file."""
    tracked = {entry.pine_id for entry in tip.entries.values()}
    new = [(info.pine_id, info.version) for info in tip_news.behind if info.pine_id not in tracked]
    if not (new or tip_news.renamed):
        return []
    files = CommittedTree(remote.repository, tip.commit).local_texts()
    saved = set(read_digests(ports, new, {}).values())
    others = {path: file for path, file in files.items() if path not in tip.entries}
    return [path for path, file in others.items() if file.digest not in saved]


def _assign_places(tip: Tip, tip_news: News, occupied: Sequence[RelPath]) -> dict[PineId, Entry]:
    """The new path of each script on the branch. A file at the path of its script's old name moves
    to that of the new one; a file that a person moved elsewhere stays there."""
    folders = tip.settings.folders
    kinds = {info.pine_id: info.kind for info in tip_news.listed}

    def is_placed(entry: Entry) -> bool:
        assert entry.pine_id
        folder = folders.get(kinds[entry.pine_id], "")
        usual = place(entry.name, entry.pine_id, folder, set())
        return collision_key(usual) == collision_key(entry.path)

    leaving = {entry.path for entry, _ in tip_news.renamed if is_placed(entry)}
    leaving |= {entry.path for entry in tip_news.gone}
    staying = {path: entry for path, entry in tip.entries.items() if path not in leaving}
    return assign_paths(tip_news.listed, staying, folders, occupied=occupied)


def _read_histories(
    ports: Ports,
    behind: Sequence[ScriptInfo],
    where: Mapping[PineId, Entry],
    by_id: Mapping[PineId, Entry],
    outcomes: list[Outcome],
) -> dict[PineId, tuple[VersionInfo, ...]]:
    """Read the versions that the branch lacks, and store their texts. A script is left out and
    reported if one of its versions is unreadable or cannot be a file."""
    troubles: dict[PineId, FacadeError] = {}
    since = {i: entry.base.version for i, entry in by_id.items() if entry.base}
    newest = {info.pine_id: info.version for info in behind}
    histories = read_histories(ports, newest, troubles, since)
    for pine_id, infos in list(histories.items()):
        if trouble := unusable_version(ports, infos):
            del histories[pine_id]
            troubles[pine_id] = trouble
    outcomes += (failed(where[i].path, error, i) for i, error in sorted(troubles.items()))
    return histories
