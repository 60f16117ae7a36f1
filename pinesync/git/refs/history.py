"""The log: a remote-tracking branch with one commit per saved version and no other commits. This
module reads it and extends it.

The log is never rewritten. Its state is in the commits' trailers and the last commit's pine.toml,
so any machine can continue where another stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pinesync.errors import ActionRequired, FileError, ManifestError
from pinesync.git.fast_import import NewCommit, write_commits
from pinesync.git.repo import HISTORY, Repository
from pinesync.model import Digest, Entry, PineId, RelPath, Version, VersionInfo
from pinesync.sync.commit_plan import ID_TRAILER, VERSION_TRAILER, Commit
from pinesync.text.canonical import encode_like
from pinesync.workspace.files import MANIFEST
from pinesync.workspace.manifest import Settings, parse
from pinesync.workspace.manifest_builder import ManifestBuilder

NAME = HISTORY.removeprefix("refs/remotes/")
LOCAL_BRANCH = f"refs/heads/{NAME}"
"""Where pinesync 0.1 had the log."""
_TRAILERS = "%x1f".join(
    f"%(trailers:key={key},valueonly,separator=%x2C)" for key in (ID_TRAILER, VERSION_TRAILER)
)


@dataclass(frozen=True, slots=True)
class History:
    """The state of the log: its last commit, the newest version of each script on it, and the
    entries in the last commit's pine.toml. `tip` is None before the log exists."""

    tip: str | None = None
    done: Mapping[PineId, Version] = field(default_factory=dict)
    entries: Mapping[RelPath, Entry] = field(default_factory=dict)


def read_history(repository: Repository) -> History:
    """Read the log or, before it exists, the local branch of pinesync 0.1 that it continues. Raises
    ActionRequired if the log is not as pinesync wrote it, or is truncated."""
    tip = repository.commit_of(HISTORY)
    if tip is None:
        return local_branch(repository) or History()
    history = _history_at(repository, tip)
    if history is None:
        raise _foreign_branch_error(repository)
    return history


def local_branch(repository: Repository) -> History | None:
    """The log that pinesync 0.1 kept in a local branch; None if there is no such branch, or if any
    of its commits is not from an import."""
    tip = repository.commit_of(LOCAL_BRANCH)
    return _history_at(repository, tip) if tip else None


def _history_at(repository: Repository, tip: str) -> History | None:
    """The log at `tip`; None if a commit is missing or not from an import."""
    done = _done(repository.log(tip, "%P%x1f" + _TRAILERS))
    blob = repository.blobs(tip, [MANIFEST]).get(MANIFEST)
    try:
        entries = parse(((blob and blob.data) or b"").decode("utf-8")).entries
    except (ManifestError, UnicodeDecodeError):
        return None
    recorded = {e.pine_id: e.base.version for e in entries.values() if e.pine_id and e.base}
    if done is None or any(done.get(i) != version for i, version in recorded.items()):
        return None
    return History(tip, done, entries)


def _done(rows: Sequence[str]) -> dict[PineId, Version] | None:
    """The newest version of each script; `rows` begin with the newest commit. None if a commit or
    version is missing or not ours. A truncated history begins after version 1."""
    done: dict[PineId, Version] = {}
    following: dict[PineId, Version] = {}
    for number, row in enumerate(rows, 1):
        parents, _, trailers = row.partition("\x1f")
        raw_id, _, raw_version = trailers.partition("\x1f")
        try:
            pine_id, version = PineId(raw_id), Version.parse(raw_version)
        except ValueError:
            return None
        after = following.get(pine_id)
        in_order = after is None or version.next() == after
        if not in_order or len(parents.split()) != (number < len(rows)):
            return None
        done.setdefault(pine_id, version)
        following[pine_id] = version
    return done if all(version.major == 1 for version in following.values()) else None


def _foreign_branch_error(repository: Repository) -> ActionRequired:
    if repository.is_shallow():
        return ActionRequired(
            f"the history of {NAME} is cut off here: this is a shallow clone",
            "`git fetch --unshallow` fetches the rest; then run the command again",
        )
    return ActionRequired(
        f"{HISTORY} has commits that no import made",
        f"keep them with `git branch NAME {HISTORY}`, remove the ref with "
        f"`git update-ref -d {HISTORY}`, then run the command again",
    )


def begin_history(repository: Repository, tip: str) -> None:
    """Create the log at this commit, if there is none yet."""
    if repository.commit_of(HISTORY) is None:
        repository.advance_ref(HISTORY, tip, None, "pinesync: from the local branch")


def write_history(
    repository: Repository,
    before: History,
    commits: Sequence[Commit],
    settings: Settings,
    account: str,
    text_of: Callable[[Digest], str | None],
    ref: str = HISTORY,
) -> str:
    """Append these commits to the log, or to another ref, all or nothing. Return its last commit.
    Raises FileError if a text is no longer stored, or git fails."""
    # Send texts script by script: git then stores each as a delta to the one before.
    texts: dict[Digest, VersionInfo] = {}
    for info in sorted((commit.info for commit in commits), key=lambda i: (i.pine_id, i.version)):
        texts.setdefault(info.digest, info)
    numbers = {digest: number for number, digest in enumerate(texts, 1)}
    old = [path for commit in commits for path in commit.moved]
    moved = repository.blobs(before.tip, old) if before.tip and old else {}
    builder = ManifestBuilder(settings, before.entries)

    def new_commit(commit: Commit) -> NewCommit:
        for path in (*commit.dropped, *commit.moved):
            builder.drop(path)
        for entry in (*commit.moved.values(), commit.entry):
            builder.set(entry)
        files: dict[RelPath, str | int] = {e.path: moved[p].oid for p, e in commit.moved.items()}
        files[commit.entry.path] = numbers[commit.info.digest]
        removed = (*commit.dropped, *commit.moved)
        return NewCommit(commit.info.when, commit.message, builder.text(), files, removed)

    def new_commits() -> Iterator[NewCommit]:
        yield from map(new_commit, commits)
        parse(builder.text())

    return write_commits(
        repository,
        ref,
        new_commits(),
        account=account,
        parents=[before.tip] if before.tip else (),
        blobs=(stored_text(info, text_of) for info in texts.values()),
    )


def stored_text(info: VersionInfo, text_of: Callable[[Digest], str | None]) -> bytes:
    text = text_of(info.digest)
    if text is None:
        raise FileError(f"{info.name} {info.version}: its text is not stored", "run it again")
    return encode_like(text, None)
