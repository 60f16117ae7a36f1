"""`mv`: move a file. It stays the same script, with its id and base."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from pinesync.app.project import Project, Setup, open_project
from pinesync.errors import ActionRequired, Misuse
from pinesync.model import Entry, RelPath
from pinesync.sync.engine.scripts.move import move
from pinesync.sync.engine.transaction import Transaction
from pinesync.sync.outcome import Outcome, Run
from pinesync.sync.planner import ScriptState
from pinesync.sync.ports import ChangedMeanwhile
from pinesync.sync.selection import select
from pinesync.text.canonical import digest_of_any
from pinesync.text.filenames import (
    SUFFIX,
    BadPath,
    check_folder,
    check_path,
    collision_key,
    place,
    shell_quote,
    unescape_name,
)


def mv(setup: Setup, raw_old: str, raw_new: str) -> Run:
    """Move one file and its entry. If the user already moved the file, move only the entry. Raises
    ActionRequired if another file is in the way."""
    project = open_project(setup)
    old = project.path(raw_old)
    new = _target(project, raw_new, old)
    with project.transaction("mv") as tx:
        entry = project.workspace.manifest.entries().get(old)
        if entry is None and any((o.path, o.moved_from) == (new, old) for o in tx.recovered):
            return Run(tx.recovered)
        if entry is None:
            raise Misuse(
                f"{old}: not listed in pine.toml",
                (
                    f"`pinesync add {shell_quote(old)}` lists it; what "
                    "is not listed, your own mv moves"
                ),
            )
        if old == new:
            return tx.run([Outcome(old, "told", message="it already exists")])
        tx.refuse_pending([entry])
        refuse_taken(project, old, new)
        return tx.run([_moved(project, entry, new)])


def _target(project: Project, raw: str, old: RelPath) -> RelPath:
    """The target path. If the user names a directory, the file keeps its name in it."""
    target = project.inside(raw)
    if raw.endswith(("/", os.sep)) or os.path.isdir(project.workspace.root / target):
        name = old.rpartition("/")[2]
        target = name if target == "." else f"{target}/{name}"
    try:
        above = target.rpartition("/")[0]
        if above:
            check_folder(above)
        return check_path(target)
    except BadPath as error:
        raise Misuse(
            f"{raw}: cannot be a script's file here: {error}",
            f"name a {SUFFIX} file, or a folder ending with a slash",
        ) from None


def refuse_taken(project: Project, old: RelPath, new: RelPath) -> None:
    """Raises ActionRequired if another file or entry has the new path, on this or any other
    system."""
    entries = project.workspace.manifest.entries()
    for path in (*entries, *project.workspace.tree.scripts()):
        if (
            path != old
            and collision_key(path) == collision_key(new)
            and (path in entries or path != new)
        ):
            taken = f"{path} is the same file on some systems"
            what = "already listed in pine.toml" if path == new else taken
            raise ActionRequired(f"{new}: {what}; nothing was moved", "choose another name")


def _moved(project: Project, entry: Entry, new: RelPath) -> Outcome:
    workspace, old = project.workspace, entry.path
    old_data, new_data = workspace.tree.read(old), workspace.tree.read(new)
    taken = ActionRequired(
        f"{new}: another file is there; nothing was moved", "choose another name, or move it away"
    )
    if old_data is None and new_data is None:
        raise Misuse(
            f"{old}: the file is gone", f"`pinesync restore {shell_quote(old)}` brings it back"
        )
    if old_data is None and new_data is not None:
        edited = entry.base is not None and digest_of_any(new_data) != entry.base.expected
        return follow_move(project, entry, new, edited=edited)
    if new_data not in (None, old_data):
        raise taken
    assert old_data is not None
    try:
        text = digest_of_any(old_data)
        stays = f"it stays {entry.pine_id}" if entry.pine_id else "the next push creates it"
        return move(project.ports, entry, replace(entry, path=new), text, stays)
    except ChangedMeanwhile:
        raise taken from None


def follow_move(project: Project, entry: Entry, new: RelPath, *, edited: bool = False) -> Outcome:
    """Move the entry of a file that the user moved."""
    project.workspace.manifest.follow(entry.path, replace(entry, path=new))
    suffix = " and edited; status shows it as modified" if edited else ""
    version = entry.base.version if entry.base else None
    return Outcome(
        new,
        "moved",
        version,
        message=f"the file was moved by hand{suffix}",
        pine_id=entry.pine_id,
        moved_from=entry.path,
    )


# -- following the names on TradingView -----------------------------------------------------------


def follow(setup: Setup, paths: Sequence[str] = ()) -> Run:
    """Rename each given file after its script on TradingView, within its directory. Without paths,
    rename each file whose script was renamed on TradingView."""
    project = open_project(setup)
    patterns = project.patterns(paths)
    with project.transaction("mv", online=True) as tx:
        return tx.run(_follow(project, tx, patterns))


def _follow(project: Project, tx: Transaction, patterns: list[str]) -> Iterator[Outcome]:
    view = yield from tx.survey()
    for state in select(view.states, patterns, tx.blocked):
        entry = state.entry
        if not (entry and entry.pine_id and state.info):
            continue
        name = unescape_name(state.info.name)
        if patterns or name != entry.name:
            yield from _follow_one(project, state, replace(entry, name=name))


def _follow_one(project: Project, state: ScriptState, entry: Entry) -> Iterator[Outcome]:
    """The path that a clone would give the file, in its current folder."""
    workspace = project.workspace
    old = entry.path
    onto = replace(
        entry, path=_path_for(entry, {*workspace.manifest.entries(), *workspace.tree.scripts()})
    )
    called = f"it is called {entry.name!r} on TradingView"
    data = workspace.tree.read(old)
    if data is None or onto.path == old:
        if onto.name != (state.entry and state.entry.name):
            workspace.manifest.commit({old: entry})
            yield Outcome(old, "renamed", message=called, pine_id=entry.pine_id)
        return
    try:
        text = digest_of_any(data)
        yield move(project.ports, entry, onto, text, called)
    except ChangedMeanwhile:
        raise ActionRequired(
            f"{onto.path}: another file appeared there meanwhile", "run the command again"
        ) from None


def _path_for(entry: Entry, others: Collection[str]) -> RelPath:
    above = entry.path.rpartition("/")[0]
    taken = {collision_key(path) for path in others if path != entry.path}
    return place(entry.name, entry.pine_id, above, taken)
