"""`rm --remote`: a script is deleted on TradingView, once every version of it is kept here, and
somebody typed its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from pinesync.commands.project import Project, Setup, open_project
from pinesync.commands.rename import listed_entry
from pinesync.commands.running import Run, finished, viewed
from pinesync.errors import LeftForYou, Misuse
from pinesync.model import Entry, RelPath, Version
from pinesync.naming import shown, typed
from pinesync.sync.engine.delete import delete, refuse_moved_on
from pinesync.sync.engine.settle import blocked, settle
from pinesync.sync.outcome import Outcome
from pinesync.sync.policy import Local
from pinesync.sync.ports import Ports


@dataclass(frozen=True, slots=True)
class Doomed:
    """What would be deleted, as it is on TradingView now."""

    path: RelPath
    name: str
    newest: Version


def delete_script(setup: Setup, raw: str, typed_name: Callable[[Doomed], str]) -> Run:
    """Delete the script of a file there, and forget it here; the file stays. `typed_name` tells
    what somebody typed as the name of what is deleted. LeftForYou where TradingView has a version
    that was not pulled, where a conflict is open, and where the script is gone."""
    project = open_project(setup)
    path = project.path(raw)
    with project.writing("rm --remote") as recovered:
        listed_entry(project, path)
        ports = project.ports()
        settled = (*recovered, *settle(ports))
        if path not in project.folder.entries():
            return Run(settled)  # an earlier deletion is found to be done
        entry = listed_entry(project, path)
        if {path, entry.pine_id} & blocked(settled):
            return Run(settled)
        return finished(_deleted(project, ports, entry, typed_name), settled)


def _deleted(
    project: Project, ports: Ports, entry: Entry, typed_name: Callable[[Doomed], str]
) -> Iterator[Outcome]:
    path = entry.path
    view, late = viewed(project, ports, frozenset((path,)))
    yield from late
    situation = next(s for s in view.situations if s.path == path)
    entry, info = situation.entry or entry, situation.info
    if entry.pine_id is None or info is None:
        raise LeftForYou(
            f"{path}: the script is gone from TradingView already",
            f"`pinesync rm {typed(path)}` forgets it",
        )
    if entry.base is None:
        raise LeftForYou(f"{path}: its text was never pulled", "run `pinesync pull` first")
    if situation.local is Local.MARKED:
        raise LeftForYou(
            f"{path}: a conflict is not resolved; nothing was deleted",
            f"`pinesync resolve {typed(path)}` with --ours, --theirs or --merged settles it",
        )
    refuse_moved_on(entry, ports.remote.get(entry.pine_id))
    ports = _of_account(project, ports, entry)
    name = shown(info.name)
    if typed_name(Doomed(path, name, info.version)) != name:
        raise Misuse(
            f"{path}: that is not its name on TradingView; nothing was deleted",
            f"it is called {name!r}",
        )
    done = delete(ports, entry)
    edited = situation.local in (Local.EDITED, Local.UNDOES, Local.UNCOMPARED, Local.UNREADABLE)
    if done.done == "deleted" and edited:
        done = replace(done, message=f"{done.message}; what you edited was never saved there")
    yield done


def _of_account(project: Project, ports: Ports, entry: Entry) -> Ports:
    """The same, knowing whose account it is, as the folder does from now on."""
    assert entry.pine_id
    settings = project.settings
    if settings.account is None:
        found = ports.remote.whoami(entry.pine_id)
        settings = replace(settings, account=found.name, account_id=found.user_id or None)
        project.folder.commit({}, settings)
    return replace(ports, tools=replace(ports.tools, account=settings.account or ""))
