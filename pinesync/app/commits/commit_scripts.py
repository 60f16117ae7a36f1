"""`--commit` of pull and push: commit the scripts that a run changed, and note which commit
contains each saved version."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from pinesync.app.commits.message import Direction, Script, commit_message
from pinesync.app.commits.remote_tracking import catch_up
from pinesync.app.project import Project, Setup, open_project
from pinesync.errors import (
    EXIT_FAILED,
    ActionRequired,
    FileError,
    ManifestError,
    Misuse,
    PinesyncError,
)
from pinesync.git import commit as commits
from pinesync.model import Base, Entry, RelPath
from pinesync.sync.outcome import Committed, Outcome, Run, failed
from pinesync.text.canonical import Unreadable, decode, digest, encode_like, has_conflict_markers
from pinesync.text.filenames import shell_quote
from pinesync.workspace import manifest
from pinesync.workspace.files import MANIFEST
from pinesync.workspace.manifest import Manifest

_CHANGED = frozenset(("saved", "created", "adopted", "pulled", "written", "merged", "recovered"))
_MAY_BE_MORE = frozenset(("merged", "adopted", "recovered"))
"""Outcomes after which a file may rightly differ from the version's text."""


def with_commit(
    setup: Setup,
    action: Callable[[Project], Run],
    *,
    enabled: bool | None,
    direction: Direction,
    message: str = "",
) -> Run:
    """Run pull or push and commit what it changed, with `message` or one of ours. With `enabled`
    None, `git config pinesync.commit` decides. If a commit is impossible, raise before any request
    to the service. Raises Misuse for a message without a commit."""
    project = open_project(setup)
    root = project.workspace.root
    if enabled or (
        enabled is None
        and project.workspace.manifest.has_history()
        and _commits_by_default(project)
    ):
        commits.refuse_unready(root)
        before = _manifest_at_head(project)
        run = action(project)
        return run if run.dry_run else _commit_run(project, run, before, direction, message)
    if message:
        raise Misuse("-m goes with --commit: no commit is made without it", "add --commit")
    run = action(project)
    if direction == "to" and not run.dry_run and project.workspace.manifest.has_history():
        _note_head(project, run)
    return run


def _commits_by_default(project: Project) -> bool:
    try:
        return commits.autocommit_enabled(project.workspace.root)
    except FileError:
        return False  # without git there is no setting


def _manifest_at_head(project: Project) -> str | None:
    data = commits.at_head(project.workspace.root, MANIFEST)
    if data is None:
        if commits.ignored(project.workspace.root, [MANIFEST]):
            raise ActionRequired(
                f"git ignores {MANIFEST}, so nothing can be committed",
                f"`git check-ignore -v {MANIFEST}` shows the pattern; remove it",
            )
        return None
    try:
        text = data.decode("utf-8")
        manifest.parse(text)
    except (UnicodeDecodeError, ManifestError) as error:
        raise ActionRequired(
            f"the {MANIFEST} in HEAD is not valid, so nothing can be committed: {error}",
            f"commit a valid {MANIFEST} first, or use --no-commit",
        ) from None
    return text


# -- what was pushed without a commit -------------------------------------------------------------


def _note_head(project: Project, run: Run) -> None:
    """Note HEAD for each version whose text it contains. Errors are ignored: this is only a
    cache."""
    try:
        changed = _changed(project, run)
        if not changed:
            return
        head = commits.files_at_head(project.workspace.root, list(changed))
        if head is None:
            return
        commit, files = head
        for path, (entry, base) in changed.items():
            if path in files and _has_base_text(files[path], base) and entry.pine_id:
                project.workspace.texts.note_commit(entry.pine_id, base.version, commit)
    except PinesyncError:
        return


def _changed(project: Project, run: Run) -> dict[RelPath, tuple[Entry, Base]]:
    """The scripts that the run changed, with their current entries in pine.toml."""
    entries = project.workspace.manifest.entries()
    paths = [outcome.path for outcome in run.outcomes if outcome.done in _CHANGED]
    changed = [entries[path] for path in dict.fromkeys(paths) if path in entries]
    return {entry.path: (entry, entry.base) for entry in changed if entry.pine_id and entry.base}


def _has_base_text(data: bytes, base: Base) -> bool:
    """Whether the file has the version's text, as stored or as sent."""
    try:
        return digest(decode(data)) in (base.digest, base.expected)
    except Unreadable:
        return False


# -- the commit -----------------------------------------------------------------------------------


def _commit_run(
    project: Project, run: Run, before: str | None, direction: Direction, message_text: str
) -> Run:
    """Add the commit to the run, or the reason why there is none. The run's changes stay either
    way."""
    notes: list[Outcome] = []
    try:
        scripts = list(_scripts(project, run, notes))
        message = commit_message(scripts, direction, message_text)
        commit = _commit(project, scripts, message, before, notes) if scripts else None
    except PinesyncError as error:
        outcome = failed(RelPath(MANIFEST), error)
        notes.append(replace(outcome, message=f"not committed: {outcome.message}"))
        commit = None
    return replace(run, outcomes=(*run.outcomes, *notes), commit=commit)


def _scripts(project: Project, run: Run, notes: list[Outcome]) -> Iterator[Script]:
    """The scripts to commit. If a file was edited since, commit the version's text and leave the
    edit in the file."""
    changed = _changed(project, run)
    left = commits.ignored(project.workspace.root, list(changed)) if changed else ()
    more = {outcome.path for outcome in run.outcomes if outcome.done in _MAY_BE_MORE}
    for path, (entry, base) in changed.items():
        if path in left:
            hint = f"`git add --force {shell_quote(path)}` adds it anyway"
            notes.append(_note(path, "not committed: git ignores it", hint))
            continue
        data = project.workspace.tree.read(path)
        exact = data is not None and _has_base_text(data, base)
        if data is not None and not exact and path in more and not _is_marked(data):
            yield Script(entry, base, data, exact=False)
            continue
        text = None if exact else project.workspace.texts.text_of(base.expected)
        if text is not None:
            data = encode_like(text, data)
        elif data is None or not exact:
            why = "not committed: the file has just changed"
            notes.append(_note(path, why, "commit it yourself"))
            continue
        yield Script(entry, base, data, exact=True)


def _note(path: RelPath, why: str, hint: str) -> Outcome:
    return Outcome(path, "told", message=why, hint=hint)


def _is_marked(data: bytes) -> bool:
    try:
        return has_conflict_markers(decode(data))
    except Unreadable:
        return True


def _commit(
    project: Project,
    scripts: Sequence[Script],
    message: str,
    before: str | None,
    notes: list[Outcome],
) -> Committed | None:
    now = project.workspace.manifest.read()
    changes = _changes(now, scripts, before)
    pine_toml = manifest.apply(before, changes)[0] if before else _new_manifest(now, scripts)
    moved = [path for path, entry in changes.items() if entry is None]
    files: dict[str, bytes | None] = {script.entry.path: script.data for script in scripts}
    files |= {path: None for path in moved if project.workspace.tree.read(path) is None}
    files[MANIFEST] = pine_toml.encode()

    def restage(path: str, staged: bytes) -> bytes | None:
        """Update only these entries in a staged pine.toml that has other changes."""
        if path != MANIFEST:
            return None
        try:
            text = staged.decode("utf-8")
            return manifest.apply(text, _changes(now, scripts, text))[0].encode()
        except (UnicodeDecodeError, ManifestError):
            return None

    commit = commits.commit(project.workspace.root, files, message, restage)
    if commit is None:
        return None
    with suppress(PinesyncError):  # the next pull moves it
        catch_up(project)
    if not commit.in_step:
        notes.append(_index_outdated(commit.commit, files))
    if not commit.on_branch:
        why = f"HEAD is detached, so the commit {commit.commit[:9]} is on no branch"
        hint = f"`git branch NAME {commit.commit[:9]}` puts it on one"
        notes.append(_note(RelPath(MANIFEST), why, hint))
    for path in commit.staged:
        why = "another text was staged and stays staged"
        notes.append(_note(RelPath(path), why, f"`git add {shell_quote(path)}` stages the new one"))
    for script in scripts:
        if script.exact and script.entry.pine_id:
            version = script.base.version
            project.workspace.texts.note_commit(script.entry.pine_id, version, commit.commit)
    subject = message.partition("\n")[0]
    return Committed(commit.commit, subject, tuple(script.entry.path for script in scripts))


def _index_outdated(commit: str, paths: Iterable[str]) -> Outcome:
    """A failure to report: an index with the old files would revert this commit in the next one."""
    return Outcome(
        RelPath(MANIFEST),
        "failed",
        message=f"committed as {commit[:9]}, but git's index is locked and still has the old files",
        hint=(
            f"run `git reset --quiet -- {' '.join(map(shell_quote, paths))}` "
            "before you commit again"
        ),
        exit_code=EXIT_FAILED,
    )


def _changes(
    now: Manifest, scripts: Sequence[Script], text: str | None
) -> Mapping[RelPath, Entry | None]:
    """The entries to change in another pine.toml. A moved script loses its entry at the old
    path."""
    changes: dict[RelPath, Entry | None] = {}
    ids = {script.entry.pine_id: script.entry.path for script in scripts}
    for path, entry in manifest.parse(text).entries.items() if text else ():
        if ids.get(entry.pine_id, path) != path and path not in now.entries:
            changes[path] = None
    return changes | {script.entry.path: script.entry for script in scripts}


def _new_manifest(now: Manifest, scripts: Sequence[Script]) -> str:
    entries = {script.entry.path: script.entry for script in scripts}
    return manifest.dump_new(Manifest(now.settings, entries))
