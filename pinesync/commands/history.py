"""`history import` and `clone --history`: one git commit for each saved version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pinesync.commands.project import Project, Setup, account_of, open_project
from pinesync.errors import EXIT_FAILED, BadAnswer, FacadeError, LeftForYou, gravest
from pinesync.git.history import NAME, History, read_history, write_history
from pinesync.git.repo import HISTORY, Repository, require_repository
from pinesync.model import Entry, PineId, RelPath, ScriptInfo, VersionInfo
from pinesync.sync.execute.history import read_histories
from pinesync.sync.execute.look import ask_session, prove_session
from pinesync.sync.ports import Ports
from pinesync.sync.timeline import line_up, places
from pinesync.workspace.folder import WorkspaceFolder
from pinesync.workspace.manifest import Settings


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A script of which a version could not be read; all of it comes with a later import."""

    path: RelPath
    pine_id: PineId
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """How many versions of how many scripts came onto the branch, how many are on it, and its
    last commit, None where it has none. A dry run tells how many would come."""

    branch: str
    versions: int
    scripts: int
    total: int
    tip: str | None
    left_out: tuple[LeftOut, ...] = ()
    dry_run: bool = False

    @property
    def exit_code(self) -> int:
        return gravest(*(EXIT_FAILED for _ in self.left_out))


def import_history(setup: Setup, *, dry_run: bool = False) -> Imported:
    """Bring what is not there yet onto the branch, in the repository around the workspace. Nothing
    that is there is rewritten, and neither files nor index nor another branch are touched."""
    project = open_project(setup)
    repository = require_repository(project.folder.root)
    refuse_checked_out(repository)
    before = read_history(repository)
    ports = project.ports()
    listed, account = _listed(project, ports)
    settings = project.settings
    if dry_run:
        return _planned(before, listed)
    return grow(ports, repository, before, listed, settings, project.folder.entries(), account)


def refuse_checked_out(repository: Repository) -> None:
    if repository.is_checked_out(HISTORY):
        raise LeftForYou(
            f"{NAME} is the branch that is checked out, and an import moves it",
            "switch to another branch, `git switch -` say, then run the command again",
        )


def _listed(project: Project, ports: Ports) -> tuple[list[ScriptInfo], str]:
    """The scripts that belong to the folder and are there, and whose they are."""
    entries, settings = project.folder.entries(), project.settings
    tracked = {entry.pine_id for entry in entries.values() if entry.pine_id}
    listed = {info.pine_id: info for info in ports.remote.list_scripts()}
    expected = account_of(settings)
    found = prove_session(ports.remote, sorted(tracked), listed, expected) or expected
    if found is None and listed:
        found = ask_session(ports.remote, next(iter(listed)))
    every = settings.track == "all"
    wanted = [info for pine_id, info in listed.items() if every or pine_id in tracked]
    return wanted, found.name if found else ""


def _planned(before: History, listed: Sequence[ScriptInfo]) -> Imported:
    fresh = [n for info in listed if (n := info.version.major - _done(before, info.pine_id)) > 0]
    return Imported(NAME, sum(fresh), len(fresh), _total(before), before.tip, dry_run=True)


def _done(before: History, pine_id: PineId) -> int:
    return before.done[pine_id].major if pine_id in before.done else 0


def _total(history: History) -> int:
    return sum(version.major for version in history.done.values())


def grow(
    ports: Ports,
    repository: Repository,
    before: History,
    listed: Sequence[ScriptInfo],
    settings: Settings,
    entries: Mapping[RelPath, Entry],
    account: str,
) -> Imported:
    """Read what is not held, and let the branch grow by what is not on it."""
    where = places(listed, entries, settings.folders, before.entries)
    behind = [info for info in listed if info.version.major > _done(before, info.pine_id)]
    newest = {info.pine_id: info.version for info in behind}
    troubles: dict[PineId, FacadeError] = {}
    tools = ports.tools
    histories = read_histories(ports.remote, ports.workspace, tools.each, newest, troubles)
    for pine_id, infos in list(histories.items()):
        if trouble := _unfit(ports, infos):
            del histories[pine_id]
            troubles[pine_id] = trouble
    commits = line_up(histories, where, before.entries, before.done)
    tip = before.tip
    if commits:
        text_of = ports.workspace.text_of
        tip = write_history(repository, before, commits, settings, account, text_of)
    left_out = (LeftOut(where[i].path, i, e.message, e.hint or "") for i, e in troubles.items())
    return Imported(
        NAME,
        len(commits),
        len({one.info.pine_id for one in commits}),
        _total(before) + len(commits),
        tip,
        tuple(sorted(left_out, key=lambda one: one.path)),
    )


def _unfit(ports: Ports, infos: Sequence[VersionInfo]) -> BadAnswer | None:
    """Why a history cannot be files: what a pull would refuse, too."""
    for info in infos:
        text = ports.workspace.text_of(info.digest)
        if text is None or "\0" in text:
            return BadAnswer(f"{info.version} has a NUL character in it, and no file can have that")
    return None


def begin_history(
    ports: Ports,
    folder: WorkspaceFolder,
    repository: Repository,
    listed: Sequence[ScriptInfo],
    account: str,
) -> Imported:
    """The history of a fresh clone, at whose end the clone's first branch begins."""
    settings = folder.settings()
    done = grow(ports, repository, History(), listed, settings, folder.entries(), account)
    if done.tip:
        repository.begin(done.tip)
    return done
