"""`rename`: rename a script on TradingView. File and text stay unchanged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pinesync.app.project import Project, Setup, open_project
from pinesync.errors import ActionRequired, Misuse, NameTaken
from pinesync.model import Entry, RelPath
from pinesync.sync.engine.scripts.rename import rename
from pinesync.sync.engine.transaction import Transaction
from pinesync.sync.outcome import Outcome, Run
from pinesync.text.filenames import MAX_SAVED_NAME, is_sendable_name, shell_quote, unescape_name


def rename_script(setup: Setup, raw: str, name: str) -> Run:
    """Rename the script of a file, if no other script has the name. Raises Misuse for a name that
    TradingView rejects."""
    name = _checked(name)
    project = open_project(setup)
    path = project.path(raw)
    with project.transaction("rename") as tx:
        entry = listed_entry(project, path)
        tx.settle()
        if {path, entry.pine_id} & tx.blocked:
            return Run(tx.recovered)
        return tx.run(_renamed(tx, listed_entry(project, path), name))


def _checked(name: str) -> str:
    name = name.strip()
    if not name or len(name) > MAX_SAVED_NAME or not name.isprintable():
        raise Misuse(
            f"not a name for a script: {name[:60]!r}",
            f"1 to {MAX_SAVED_NAME} printed characters; nothing was sent",
        )
    if not is_sendable_name(name):
        raise Misuse(
            f"{name[:60]!r}: a name like &amp; is ambiguous: TradingView escapes names itself",
            "choose another name; nothing was sent",
        )
    return name


def listed_entry(project: Project, path: RelPath) -> Entry:
    """The entry of a script that is saved on TradingView. Raises Misuse otherwise."""
    entry = project.workspace.manifest.entries().get(path)
    if entry is None:
        raise Misuse(f"{path}: not listed in pine.toml", "`pinesync status` lists scripts")
    if entry.pine_id is None:
        raise Misuse(
            f"{path}: not saved on TradingView yet",
            "the next push creates it under the `name` that pine.toml has",
        )
    return entry


def _renamed(tx: Transaction, entry: Entry, name: str) -> Iterator[Outcome]:
    ports = tx.ports
    view = yield from tx.survey(frozenset((entry.path,)))
    entry = ports.manifest.entries()[entry.path]
    listed = view.listed or {}
    info = listed.get(entry.pine_id) if entry.pine_id else None
    if info is None:
        raise ActionRequired(
            f"{entry.path}: the script is gone from TradingView",
            f"`pinesync push --recreate {shell_quote(entry.path)}` creates it again",
        )
    if unescape_name(info.name) == name:
        if entry.name != name:
            ports.manifest.commit({entry.path: replace(entry, name=name)})
        yield Outcome(
            entry.path, "told", message=f"it is called {name!r} already", pine_id=entry.pine_id
        )
        return
    if any(unescape_name(other.name) == name for other in listed.values()):
        raise NameTaken(f"another script is called {name!r} on TradingView", "choose another name")
    newest = ports.remote.get(info.pine_id)
    ports.texts.remember(newest)
    yield rename(ports, entry, newest, name)
