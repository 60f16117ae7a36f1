"""`rm --remote`: delete a script on TradingView, after every version is stored locally and the user
has typed its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from pinesync.app.project import Setup, open_project
from pinesync.app.scripts.rename import listed_entry
from pinesync.errors import ActionRequired, Misuse
from pinesync.model import Entry, RelPath, Version
from pinesync.sync.engine.scripts.delete import delete, refuse_moved_on
from pinesync.sync.engine.transaction import Transaction
from pinesync.sync.outcome import Outcome, Run
from pinesync.sync.policy import LocalSide
from pinesync.text.filenames import shell_quote, unescape_name


@dataclass(frozen=True, slots=True)
class DeletionTarget:
    """The script to delete, as it is on TradingView now."""

    path: RelPath
    name: str
    newest: Version


def delete_script(setup: Setup, raw: str, typed_name: Callable[[DeletionTarget], str]) -> Run:
    """Delete a file's script on TradingView and drop its entry; the file stays. `typed_name`
    returns the name that the user typed to confirm. Raises ActionRequired if TradingView has a
    version that was not pulled, if a conflict is open, or if the script is gone."""
    project = open_project(setup)
    path = project.path(raw)
    with project.transaction("rm --remote") as tx:
        listed_entry(project, path)
        tx.settle()
        if path not in project.workspace.manifest.entries():
            return Run(tx.recovered)  # settling finished an earlier deletion
        entry = listed_entry(project, path)
        if {path, entry.pine_id} & tx.blocked:
            return Run(tx.recovered)
        return tx.run(_deleted(tx, entry, typed_name))


def _deleted(
    tx: Transaction, entry: Entry, typed_name: Callable[[DeletionTarget], str]
) -> Iterator[Outcome]:
    ports, path = tx.ports, entry.path
    view = yield from tx.survey(frozenset((path,)))
    state = next(s for s in view.states if s.path == path)
    entry, info = state.entry or entry, state.info
    if entry.pine_id is None or info is None:
        raise ActionRequired(
            f"{path}: the script is gone from TradingView already",
            f"`pinesync rm {shell_quote(path)}` forgets it",
        )
    if entry.base is None:
        raise ActionRequired(f"{path}: its text was never pulled", "run `pinesync pull` first")
    if state.local is LocalSide.MARKED:
        raise ActionRequired(
            f"{path}: a conflict is not resolved; nothing was deleted",
            f"run `pinesync resolve {shell_quote(path)}` with --ours, --theirs or --merged",
        )
    refuse_moved_on(entry, ports.remote.get(entry.pine_id))
    if ports.manifest.scope().account is None:
        # Absence proves a deletion only for the account that had the script.
        ports.manifest.pin(ports.remote.whoami(entry.pine_id))
    name = unescape_name(info.name)
    if typed_name(DeletionTarget(path, name, info.version)) != name:
        raise Misuse(
            f"{path}: that is not its name on TradingView; nothing was deleted",
            f"its name is {name!r}",
        )
    done = delete(ports, entry)
    edited = state.local in (
        LocalSide.EDITED,
        LocalSide.UNDOES,
        LocalSide.UNCOMPARED,
        LocalSide.UNREADABLE,
    )
    if done.done == "deleted" and edited:
        done = replace(done, message=f"{done.message}; what you edited was never saved there")
    yield done
