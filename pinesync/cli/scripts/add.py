"""`add`: list files for the next push, or link one to a script that is already saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import click

from pinesync.app.project import Project, Setup, open_project
from pinesync.app.scripts.mv import refuse_taken
from pinesync.app.sync.matching import find_base, read_local_file
from pinesync.cli import completers as completed
from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, current, shared
from pinesync.cli.render import echo_err, emit_json, out
from pinesync.errors import ActionRequired, Misuse, Refused
from pinesync.model import Entry, PineId, RelPath, Version
from pinesync.text.canonical import Unreadable, digest_of_any
from pinesync.text.filenames import MAX_SAVED_NAME, SUFFIX, shell_quote, unescape_name
from pinesync.text.plural import pluralize
from pinesync.text.unicode import escape_controls


@click.command("add", cls=Verb, examples=["pinesync add indicators/New.pine", "pinesync add ."])
@click.argument("paths", nargs=-1, required=True, shell_complete=completed.paths)
@click.option("--id", "pine_id", metavar="USER;…", help="Link the file with this saved script.")
@click.option("--moved", is_flag=True, help="The files were moved; keep them the same scripts.")
@shared
def command(paths: tuple[str, ...], pine_id: str | None, moved: bool) -> int:
    """List files, so that the next push creates them on TradingView.

    A script is saved under the title in its text, or else its file name. With --moved, pine.toml
    follows files that were moved by hand and not edited; for edited ones, use `pinesync mv`.
    """
    if moved and pine_id is not None:
        raise click.UsageError("choose one of --moved and --id.")
    done = add(build_setup(), paths, pine_id=pine_id, moved=moved)
    if emit_json("add", done):
        return done.exit_code
    new = [
        added for added in done.added if not (added.already or added.moved_from or added.pine_id)
    ]
    if current().verbose or len(done.added) == 1:
        shown = done.added
    else:
        moves = tuple(added for added in done.added if added.moved_from)
        shown = moves or (tuple(new) if len(new) == 1 else ())
    for added in shown:
        _print_added(added)
    if new and not shown:
        out(f"{pluralize(len(new), 'file')} listed for the next push")
    elif not shown:
        out(f"nothing to add, {pluralize(len(done.added), 'file')} already listed")
    return done.exit_code


def _print_added(added: Added) -> None:
    path, name = escape_controls(added.path), escape_controls(added.name)
    if added.moved_from:
        out(f"{path}: moved from {escape_controls(added.moved_from)}")
    elif added.already:
        out(f"{path}: already listed")
    elif added.version:
        out(f"{path}: linked with {name} {added.version}")
    elif added.pine_id:
        out(f"{path}: linked with {name}")
        echo_err("hint: the texts differ; `pinesync pull` merges them")
    else:
        out(f"{path}: push will save it as {name}")


@dataclass(frozen=True, slots=True)
class Added:
    """A file that pine.toml lists now: the name it has or will be saved under and, if it was
    linked, the version it is based on. `moved_from` is its path before it was moved."""

    path: RelPath
    name: str
    pine_id: PineId | None = None
    version: Version | None = None
    already: bool = False
    moved_from: RelPath | None = None


@dataclass(frozen=True, slots=True)
class Additions:
    added: tuple[Added, ...]
    exit_code: int = 0


def add(
    setup: Setup, paths: Sequence[str], *, pine_id: str | None = None, moved: bool = False
) -> Additions:
    """List the files, all or none. With `pine_id`, link the one file to that script. With `moved`,
    entries follow files that were moved by hand."""
    project = open_project(setup)
    if moved:
        return Additions(_follow_moved(project, paths))
    if pine_id is not None:
        return Additions((_link(project, paths, pine_id),))
    with project.transaction("add"):
        entries = project.workspace.manifest.entries()
        wanted = [path for raw in paths for path in _expand_paths(project, raw)]
        added = [_added(project, path) for path in dict.fromkeys(wanted)]
        changes = {a.path: Entry(a.path, a.name) for a in added if not a.already}
        _refuse_equal_names(project, [*entries.values(), *changes.values()])
        project.workspace.manifest.commit(changes)
    return Additions(tuple(added))


def _expand_paths(project: Project, raw: str) -> list[RelPath]:
    """The file, or a folder's files."""
    files = project.files(raw, project.workspace.tree.local_texts())
    if not files:
        raise Misuse(f"{raw}: no {SUFFIX} file in it")
    return files


def _added(project: Project, path: RelPath) -> Added:
    entry = project.workspace.manifest.entries().get(path)
    if entry:
        version = entry.base.version if entry.base else None
        return Added(path, entry.name, entry.pine_id, version, already=True)
    data = project.workspace.tree.read(path)
    if data is None:
        raise Misuse(f"{path}: no such file", "`pinesync new NAME` makes one from a template")
    try:
        file = read_local_file(path, data)
    except Unreadable as error:
        raise Misuse(f"{path}: {error}", "save it as UTF-8 text") from None
    return Added(path, (file.title or file.stem)[:MAX_SAVED_NAME])


def _refuse_equal_names(project: Project, entries: Sequence[Entry]) -> None:
    """Names are unique per account: refuse two files that would be saved under the same one."""
    seen: dict[str, Entry] = {}
    for entry in entries:
        other = seen.setdefault(entry.name, entry)
        if entry.pine_id is not None or other is entry:
            continue
        if other.pine_id:
            raise ActionRequired(
                f"{entry.path}: its title is {entry.name!r}, and {other.path} is saved under "
                "that name",
                f"if the file was moved, `pinesync add --moved {shell_quote(entry.path)}`"
                if project.workspace.tree.read(other.path) is None
                else "change the title and add it again",
            )
        raise ActionRequired(
            f"{entry.path} and {other.path} would both be saved as {entry.name!r}",
            "change the title in one of them, or `name` in pine.toml after adding one",
        )


def _follow_moved(project: Project, paths: Sequence[str]) -> tuple[Added, ...]:
    """Move the entries of missing files to these files, which have the same text. All or none."""
    with project.transaction("add") as tx:
        wanted = dict.fromkeys(p for raw in paths for p in _expand_paths(project, raw))
        entries = project.workspace.manifest.entries()
        left = {path: _missing_entry_of(project, path) for path in wanted if path not in entries}
        if ambiguous := [
            path for path, entry in left.items() if list(left.values()).count(entry) > 1
        ]:
            raise ActionRequired(
                f"{' and '.join(ambiguous)} have the same text, and one script is missing",
                "name the file that it was moved to",
            )
        tx.refuse_pending(tuple(left.values()))
        for path, entry in left.items():
            refuse_taken(project, entry.path, path)
        for path, entry in left.items():
            project.workspace.manifest.follow(entry.path, replace(entry, path=path))
    return tuple(_entry_to_move(path, left.get(path), project) for path in wanted)


def _entry_to_move(path: RelPath, before: Entry | None, project: Project) -> Added:
    entry = project.workspace.manifest.entries()[path]
    version = entry.base.version if entry.base else None
    old = before.path if before else None
    return Added(path, entry.name, entry.pine_id, version, before is None, old)


def _missing_entry_of(project: Project, path: RelPath) -> Entry:
    """The only entry without a file whose base has this file's text."""
    data = project.workspace.tree.read(path)
    if data is None:
        raise Misuse(f"{path}: no such file", "name the path that it was moved to")
    missing = [
        entry
        for entry in project.workspace.manifest.entries().values()
        if entry.base and project.workspace.tree.stat(entry.path) is None
    ]
    matching = [e for e in missing if e.base and e.base.expected == digest_of_any(data)]
    if len(matching) == 1:
        return matching[0]
    candidates = ", ".join(entry.path for entry in matching or missing)
    if matching:
        raise ActionRequired(
            f"{path}: several missing scripts have its text: {candidates}",
            f"name the right one: `pinesync mv OLD  {shell_quote(path)}`",
        )
    raise ActionRequired(
        f"{path}: no missing script has its text"
        + (f"; missing are: {candidates}" if candidates else ""),
        f"if it was moved and edited, `pinesync mv OLD {shell_quote(path)}` says from where",
    )


def _link(project: Project, paths: Sequence[str], raw_id: str) -> Added:
    try:
        pine_id = PineId(raw_id)
    except ValueError as error:
        raise Misuse(str(error), "`pinesync list` shows the ids") from None
    if len(paths) != 1:
        raise Misuse("--id links exactly one file")
    with project.transaction("add") as tx:
        ports = project.ports
        path = project.path(paths[0])
        for entry in project.workspace.manifest.entries().values():
            if entry.pine_id == pine_id and entry.path != path:
                raise Misuse(f"{entry.path} is linked with {pine_id} already")
            if entry.path == path and entry.pine_id not in (None, pine_id):
                raise Misuse(f"{path} is linked with another script, {entry.pine_id}")
        data = project.workspace.tree.read(path)
        if data is None:
            raise Misuse(f"{path}: no such file", "`pinesync pull` writes scripts that are new")
        tx.refuse_pending([Entry(path, "", pine_id), Entry(path, "")])
        info = next((i for i in ports.remote.list_scripts() if i.pine_id == pine_id), None)
        if info is None:
            raise Refused(404, f"{pine_id} is not in your list", "`pinesync list` shows the ids")
        base = find_base(ports, info, read_local_file(path, data).text)
        name = unescape_name(info.name)
        project.workspace.manifest.commit({path: Entry(path, name, pine_id, base)})
    return Added(path, name, pine_id, base.version if base else None)
