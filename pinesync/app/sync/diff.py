"""`diff`: compare a file with its base, with the newest text on TradingView or with any version, or
compare two versions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pinesync.app.project import Project, Setup, open_project, open_remote
from pinesync.app.sync.text_diff import FileDiff, unified
from pinesync.app.versions.revspec import Revision, names_version, revision
from pinesync.app.versions.version_store import VersionStore
from pinesync.errors import EXIT_DIFFERENT, EXIT_DONE, Misuse, NotSignedIn
from pinesync.model import Entry, PineId, RelPath, Version
from pinesync.sync.engine.snapshot import take_snapshot
from pinesync.sync.engine.uploads.compare_contract import changes
from pinesync.sync.engine.version_texts import read_text
from pinesync.sync.planner import ScriptState
from pinesync.sync.selection import select
from pinesync.text.canonical import Unreadable, decode, digest

Show = Callable[[RelPath, str, str, str, str], FileDiff]
"""Makes the difference of a path, from the labels and the texts of both sides."""


@dataclass(frozen=True, slots=True)
class Diff:
    files: tuple[FileDiff, ...]
    exit_code: int = EXIT_DONE


def diff(
    setup: Setup,
    paths: Sequence[str] = (),
    *,
    remote: bool = False,
    exit_code: bool = False,
    contract: bool = False,
) -> Diff:
    """The differences, file by file. Against the base, only texts not stored locally are
    downloaded. `PATH@5` is compared with the file, or with the second version given. With
    `contract`, only what charts and alerts may read differently."""
    project = open_project(setup)
    show = _contract(project) if contract else unified
    if any(names_version(raw) for raw in paths):
        if remote:
            raise Misuse("--remote goes with paths alone", "PATH@5 PATH@7 compares two versions")
        return _diff([_of_versions(project, paths, show)], exit_code)
    view = take_snapshot(project.ports, offline=not remote)
    patterns = project.patterns(paths)
    states = [s for s in select(view.states, patterns) if s.entry or s.path in patterns]
    return _diff([_file_diff(project, s, show, remote=remote) for s in states], exit_code)


def _diff(diffs: Sequence[FileDiff | None], exit_code: bool) -> Diff:
    files = tuple(file for file in diffs if file and (file.lines or file.note or file.shifts))
    return Diff(files, EXIT_DIFFERENT if exit_code and files else EXIT_DONE)


def _contract(project: Project) -> Show:
    """Compares what charts and alerts know. The compiler is asked without a cookie."""
    client = open_remote(project.setup, project.settings.remote, signed_in=False)

    def show(path: RelPath, old_label: str, new_label: str, old: str, new: str) -> FileDiff:
        shifts = changes(old, new, client.full_check)
        return FileDiff(path, old_label, new_label, 0, 0, (), shifts=shifts)

    return show


def _of_versions(project: Project, raws: Sequence[str], show: Show) -> FileDiff | None:
    """Compare one version with its file, or the two revisions given."""
    if len(raws) > 2:
        raise Misuse("at most two sides can be compared", "PATH@5, or PATH@5 PATH@7")
    store = VersionStore(project)
    sides = [revision(project, raw) for raw in raws]
    first, last = sides[0], replace(sides[-1], version=sides[-1].version if sides[1:] else None)
    old, new = _text(project, store, first), _text(project, store, last)
    if old == new:
        return None
    path = last.path or RelPath(last.label)
    return show(path, str(first.version or "file"), str(last.version or "file"), old, new)


def _text(project: Project, store: VersionStore, which: Revision) -> str:
    """The text of the version, or of the file if the revision names no version."""
    if which.version:
        return store.text(store.version(which, which.version))
    data = project.workspace.tree.read(which.path) if which.path else None
    try:
        if data is not None:
            return decode(data)
        problem = "no file here to compare with"
    except Unreadable as error:
        problem = str(error)
    raise Misuse(f"{which.label}: {problem}", "name two versions: PATH@5 PATH@7")


def _file_diff(
    project: Project, state: ScriptState, show: Show, *, remote: bool
) -> FileDiff | None:
    path, entry, info = state.path, state.entry, state.info
    data = project.workspace.tree.read(path)
    if entry is None:
        why = "not written here yet" if data is None else "not listed in pine.toml"
        return FileDiff(path, "", "", 0, 0, (), why)
    if data is None:
        return FileDiff(path, "", "", 0, 0, (), "the file is missing")
    try:
        file_text = decode(data)
    except Unreadable as error:
        return FileDiff(path, "", "", 0, 0, (), str(error))
    if entry.base is None or entry.pine_id is None:
        return show(path, "nothing", "file", "", file_text)
    base = entry.base
    if not remote:
        if digest(file_text) == base.expected:
            return None
        base_text = agreed_text(project, entry)
        if base_text is None:
            base_text = _saved(project, entry.pine_id, base.version)
        return show(path, str(base.version), "file", base_text, file_text)
    if info is None:
        return FileDiff(path, "", "", 0, 0, (), "the script is gone from TradingView")
    if info.version == base.version and digest(file_text) == base.expected:
        return None
    theirs = read_text(project.ports, (entry.pine_id, info.version))
    if digest(theirs) == digest(file_text):
        return None
    return show(path, f"TradingView {info.version}", "file", theirs, file_text)


def agreed_text(project: Project, entry: Entry) -> str | None:
    """The text of the file when it has no edits, even if the service stored a different one. Read
    from the local store, else from git, where teammates without the account have it."""
    from pinesync.git.objects import text_at_head

    if entry.base is None:
        return None
    text = project.workspace.texts.text_of(entry.base.expected)
    if text is not None:
        return text
    data = text_at_head(project.workspace.root, entry.path)
    try:
        text = decode(data) if data is not None else None
    except Unreadable:
        return None
    return text if text is not None and digest(text) == entry.base.expected else None


def _saved(project: Project, pine_id: PineId, version: Version) -> str:
    try:
        return read_text(project.ports, (pine_id, version))
    except NotSignedIn as error:
        hint = f"{error.hint}; `git diff` shows edits without an account"
        raise NotSignedIn(error.message, hint) from None
