"""`restore`: write the last agreed text, or any saved version, to the file. The replaced text is
backed up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from glob import has_magic

import click

from pinesync.app.project import Project, Setup, open_project
from pinesync.app.sync.push import push
from pinesync.app.versions.backups import Backup, list_backups, restore_backup
from pinesync.app.versions.revspec import Revision, names_version, version_revision
from pinesync.app.versions.version_store import VersionStore
from pinesync.cli import completers as completed
from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, shared
from pinesync.cli.pager import paged
from pinesync.cli.render import columns, echo_err, emit_json, format_time, out, out_source
from pinesync.errors import Misuse
from pinesync.model import Base, Entry, RelPath, Version
from pinesync.sync.engine.restore import base_text
from pinesync.sync.engine.restore import restore as put_text
from pinesync.sync.outcome import Outcome, Run
from pinesync.sync.selection import is_named
from pinesync.text.canonical import digest_of_any
from pinesync.text.filenames import shell_quote
from pinesync.text.unicode import escape_controls


@click.command(
    "restore",
    cls=Verb,
    examples=[
        "pinesync restore indicators/Trend.pine",
        "pinesync restore indicators/Trend.pine@1",
        "pinesync restore --kept indicators/Trend.pine",
        "pinesync restore --kept --show 1 indicators/Trend.pine",
    ],
)
@click.argument(
    "paths", nargs=-1, required=True, metavar="PATH[@VERSION]...", shell_complete=completed.paths
)
@click.option("--push", "pushes", is_flag=True, help="Also save it as the next version.")
@click.option("--kept", is_flag=True, help="List texts that pinesync replaced in the file.")
@click.option("--show", type=int, metavar="N", help="Print text N of that list.")
@click.option("--back", type=int, metavar="N", help="Restore text N of that list.")
@shared
def command(
    paths: tuple[str, ...], pushes: bool, kept: bool, show: int | None, back: int | None
) -> int:
    """Restore files from their base, or with PATH@5 from version 5.0.

    Also restores deleted files. A folder means all its scripts, "." all in this folder.

    The text that a file has is kept for 30 days, like any text that a pull, a merge or a restore
    replaces: --kept lists these texts, each with the lines that --back N would add to the file and
    remove from it. Nothing is saved on TradingView, unless --push saves it as the next version, as
    `pinesync push` would.
    """
    from pinesync.cli.run_output import print_run

    listed = kept or show is not None
    if pushes and (listed or back is not None):
        raise click.UsageError("--push goes with PATH or PATH@VERSION.")
    if pushes:
        return print_run(
            "restore", restore_and_push(build_setup(), paths), nothing="nothing to restore"
        )
    if not listed and back is None:
        return print_run("restore", restore(build_setup(), paths), nothing="nothing to restore")
    if len(paths) != 1 or (listed and back is not None):
        raise click.UsageError("--kept, --show and --back take exactly one path.")
    if back is not None:
        return print_run(
            "restore", restore_backup(build_setup(), paths[0], back), nothing="nothing to restore"
        )
    backups = list_backups(build_setup(), paths[0], show)
    if emit_json("restore", backups):
        return backups.exit_code
    if backups.source is not None:
        with paged():
            out_source(backups.source)
        return backups.exit_code
    rows = [
        (str(k.number), format_time(k.when), f"{k.lines} lines", _counts(k)) for k in backups.kept
    ]
    for line in columns(rows):
        out(line)
    if not rows:
        echo_err(f"{escape_controls(backups.path)}: no text of it is backed up on this machine")
    return backups.exit_code


def _counts(backup: Backup) -> str:
    if backup.added is None:
        return ""
    changed = backup.added or backup.removed
    return f"+{backup.added} -{backup.removed}" if changed else "no difference"


def restore(setup: Setup, paths: Sequence[str]) -> Run:
    """Restore the base's text or the version in `PATH@5`, from local storage or else from
    TradingView. A folder or pattern selects the listed files that have another text or are
    missing."""
    project = open_project(setup)
    store = VersionStore(project)
    wanted = [target for raw in paths for target in _wanted(project, raw)]
    with project.transaction("restore") as tx:
        return tx.run(_restore(project, store, entry, version) for entry, version in wanted)


def restore_and_push(setup: Setup, paths: Sequence[str]) -> Run:
    """Restore, then save the restored files as the next versions, protected like any push. Saves
    nothing if one of the files could not be written."""
    done = restore(setup, paths)
    restored = [outcome.path for outcome in done.outcomes if outcome.done == "restored"]
    outcomes = [outcome for outcome in done.outcomes if outcome.done != "recovered"]
    # A push without paths would push everything.
    if done.stopped or not restored or len(restored) != len(outcomes):
        return done
    run = push(replace(setup, cwd=open_project(setup).workspace.root), restored)
    return replace(run, outcomes=(*done.outcomes, *run.outcomes))


def _wanted(project: Project, raw: str) -> list[tuple[Entry, Version | None]]:
    if names_version(raw):
        which, version = version_revision(project, raw)
        if which.entry is None:
            raise Misuse(
                f"{raw}: no file here is this script's",
                f"`pinesync show {shell_quote(raw)} > NAME.pine` writes its text into a new file",
            )
        return [(which.entry, version)]
    patterns = project.patterns([raw])
    entries = project.workspace.manifest.entries()
    if patterns == [project.inside(raw)] and has_magic(raw) and patterns[0] not in entries:
        raise Misuse(f"{raw}: no listed file matches", "`pinesync status` lists the scripts")
    if patterns == [project.inside(raw)] and patterns != ["."]:
        return [(_entry(project, project.path(raw)), None)]
    listed = [e for e in entries.values() if any(is_named(e.path, p) for p in patterns)]
    if not listed:
        raise Misuse(f"{raw}: no scripts in it", "`pinesync status` lists them")
    return [
        (e, None)
        for e in listed
        if e.base and _is_edited(e.base, project.workspace.tree.read(e.path))
    ]


def _entry(project: Project, path: RelPath) -> Entry:
    entry = project.workspace.manifest.entries().get(path)
    if entry is None:
        raise Misuse(
            f"{path}: not listed in pine.toml",
            "`pinesync status` lists the scripts of this workspace",
        )
    if entry.base is None:
        raise Misuse(
            f"{path}: it was never synced, so there is no text to restore",
            "`pinesync push` saves it; to restore a backed-up text, run "
            f"`pinesync restore --kept {shell_quote(path)}`",
        )
    return entry


def _is_edited(base: Base, data: bytes | None) -> bool:
    """Whether the file is missing or differs from the last agreed text."""
    return data is None or digest_of_any(data) != base.expected


def _restore(
    project: Project, store: VersionStore, entry: Entry, version: Version | None
) -> Outcome:
    if version is None:
        return put_text(project.ports, entry, base_text(project.ports, entry))
    assert entry.pine_id
    text = store.text(store.version(Revision(entry.pine_id, entry), version))
    return replace(put_text(project.ports, entry, text), version=version)
