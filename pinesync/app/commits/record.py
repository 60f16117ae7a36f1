"""`push --record`: record what a push saved on a side ref, for a branch that nobody may commit to.
HEAD, the index and the user's files stay untouched."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from pinesync.app.commits.message import name_of
from pinesync.app.project import Project
from pinesync.clock import now
from pinesync.errors import EXIT_LEFT, ActionRequired, ManifestError, Misuse, PinesyncError
from pinesync.git.fast_import import NewCommit, write_commits
from pinesync.git.refs.side_record import TRAILER, SideRecord, side_ref, with_newer_base
from pinesync.git.repo import Repository, require_repository
from pinesync.model import Entry, RelPath
from pinesync.sync.messages import AGREES
from pinesync.sync.outcome import Outcome, Recorded, Run, failed
from pinesync.text.filenames import shell_quote
from pinesync.workspace import manifest
from pinesync.workspace.files import MANIFEST

_BRANCH = "refs/heads/"


@dataclass(frozen=True, slots=True)
class _Head:
    """HEAD before the push: its commit, its pine.toml, and the entries in it."""

    commit: str
    text: str
    entries: Mapping[RelPath, Entry]


@dataclass(frozen=True, slots=True)
class _Side:
    """Where to record, and the state of the ref before the push."""

    repository: Repository
    ref: str
    head: _Head
    before: SideRecord


def with_record(action: Callable[[Project], Run], raw: str) -> Callable[[Project], Run]:
    """Wrap a push so that it also records on this ref. Misuse or ActionRequired, before any
    request, if recording is not possible."""

    def push_and_record(project: Project) -> Run:
        repository = require_repository(project.workspace.root)
        ref = side_ref(repository, raw, "--record")
        _refuse_unready(repository, ref)
        head = _head_of(repository)
        project.workspace.manifest.reload_side_record(ref)
        before = project.workspace.manifest.side_record(project.settings.id)
        side = _Side(repository, ref, head, before)
        run = action(project)
        return _planned_record(project, run, side) if run.dry_run else _recorded(project, run, side)

    return push_and_record


def _refuse_unready(repository: Repository, ref: str) -> None:
    if repository.is_checked_out(ref):
        raise Misuse(
            f"--record: {ref.removeprefix(_BRANCH)} is checked out",
            "name a dedicated branch, such as pinesync/record",
        )
    remote = ref.removeprefix(_BRANCH).partition("/")[0]
    if ref.startswith(_BRANCH) and repository.config_value(f"remote.{remote}.url"):
        raise Misuse(
            f"--record: {ref.removeprefix(_BRANCH)} looks like a branch of the remote {remote}",
            "name one that does not begin with a remote's name, such as pinesync/record",
        )
    for other in repository.refs_below("/".join(ref.split("/")[:3])):
        if ref.startswith(f"{other}/") or other.startswith(f"{ref}/"):
            raise Misuse(f"--record: {other} exists, so git cannot create {ref}", "name another")


def _head_of(repository: Repository) -> _Head:
    commit = repository.commit_of("HEAD")
    if commit is None:
        raise Misuse("--record: there are no commits yet", "commit the scripts first")
    blob = repository.blobs(commit, [MANIFEST]).get(MANIFEST)
    if blob is None:
        raise ActionRequired(
            f"--record: HEAD has no {MANIFEST}", "commit it with the scripts first"
        )
    try:
        text = (blob.data or b"").decode("utf-8")
        return _Head(commit, text, manifest.parse(text).entries)
    except (UnicodeDecodeError, ManifestError) as error:
        raise ActionRequired(
            f"--record: the {MANIFEST} in HEAD is not valid: {error}",
            f"commit a valid {MANIFEST} first",
        ) from None


# -- after the push -------------------------------------------------------------------------------


def _recorded(project: Project, run: Run, side: _Side) -> Run:
    """The run with its record, or with the reason for having none. The saves stay either way."""
    notes: list[Outcome] = []
    try:
        record = _record(project, run, side, notes)
    except PinesyncError as error:
        outcome = failed(RelPath(MANIFEST), error)
        short = shell_quote(side.ref.removeprefix(_BRANCH))
        hint = f"run `pinesync push --record {short}` again; nothing saved is lost"
        notes.append(replace(outcome, message=f"not recorded: {outcome.message}", hint=hint))
        record = None
    return replace(run, outcomes=(*run.outcomes, *notes), record=record)


def _record(project: Project, run: Run, side: _Side, notes: list[Outcome]) -> Recorded | None:
    repository, ref, before = side.repository, side.ref, side.before
    known = before.merged_into(side.head.entries)
    newer = dict(_newer_entries(known, project.workspace.manifest.entries()))
    texts = repository.digests(side.head.commit, list(newer))
    new: dict[RelPath, Entry] = {}
    for path, entry in newer.items():
        if entry.base and texts.get(path) == entry.base.expected:
            new[path] = entry
        else:
            notes.append(_not_recorded(path, entry))
    if not new and len(before.tips) == 1:
        (tip,) = before.tips
        if before.local != tip:
            repository.advance_ref(ref, tip, before.local, "pinesync: as it was fetched")
        return Recorded(ref, tip, ())
    if not new and not before.tips and run.stopped:
        return Recorded(ref, None, ())
    text = manifest.apply(side.head.text, {**known, **new})[0]
    commit = _write(project, side, text, _message(project, new.values()))
    project.workspace.manifest.reload_side_record()
    return Recorded(ref, commit, tuple(new))


def _newer_entries(
    known: Mapping[RelPath, Entry], here: Mapping[RelPath, Entry]
) -> Iterator[tuple[RelPath, Entry]]:
    """HEAD's entries for which the workspace has a newer base, with that base."""
    by_id = {entry.pine_id: entry for entry in here.values() if entry.pine_id}
    for path, entry in known.items():
        new = by_id.get(entry.pine_id) if entry.pine_id else here.get(path)
        if new and new.pine_id and (entry.pine_id or entry.name == new.name):
            newer = with_newer_base(entry, new)
            if newer:
                yield path, newer


def _not_recorded(path: RelPath, entry: Entry) -> Outcome:
    """Report a script that is not recorded. If a record were ahead of HEAD's file, the next push
    of HEAD would revert the save."""
    assert entry.base
    return Outcome(
        path,
        "skipped",
        message=f"{entry.base.version} is not recorded: HEAD has another text",
        hint="commit the file, then push --record again",
        exit_code=EXIT_LEFT,
        pine_id=entry.pine_id,
    )


def _write(project: Project, side: _Side, text: str, message: str) -> str:
    """Write one commit with HEAD's files. Its parents are HEAD and the newest records, so pushing
    the ref needs no force. Raises FileError if the ref moved meanwhile."""
    return write_commits(
        side.repository,
        side.ref,
        [NewCommit(int(now().wall), message, text)],
        account=project.settings.account or "pinesync",
        parents=list(dict.fromkeys((side.head.commit, *side.before.tips))),
    )


def _message(project: Project, entries: Iterable[Entry]) -> str:
    lines = [f"{name_of(entry)} {entry.base.version}" for entry in entries if entry.base]
    what = lines[0] if len(lines) == 1 else f"{len(lines)} scripts" if lines else "nothing new"
    more = ["\n".join(lines)] if len(lines) > 1 else []
    return "\n\n".join([f"Record {what}", *more, f"{TRAILER}: {project.settings.id}"]) + "\n"


# -- before it ------------------------------------------------------------------------------------


def _planned_record(project: Project, run: Run, side: _Side) -> Run:
    """A dry run, with the scripts that would be recorded if nothing fails."""
    known = side.before.merged_into(side.head.entries)
    paths = {path for path, _ in _newer_entries(known, project.workspace.manifest.entries())}
    paths |= {row.path for row in run.planned if row.act in AGREES}
    local_texts = project.workspace.tree.local_texts(paths)
    texts = side.repository.digests(
        side.head.commit, [path for path in known if path in local_texts]
    )
    committed = [
        path for path in known if path in texts and texts[path] == local_texts[path].digest
    ]
    return replace(run, record=Recorded(side.ref, None, tuple(committed)))
