"""The log: a remote-tracking branch with one commit for each saved version, and nobody else's
commits. What is on it, and what comes after.

Nothing on it is ever rewritten. What it holds is read from itself, from the trailers of its commits
and the pine.toml of its last one, so that any machine goes on where another one stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pinesync.errors import FileError, LeftForYou, ManifestError
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
    """The log as it is: its last commit, the newest version of each script on it, and what the
    pine.toml of the last commit lists. `tip` is None where there is no log yet."""

    tip: str | None = None
    done: Mapping[PineId, Version] = field(default_factory=dict)
    entries: Mapping[RelPath, Entry] = field(default_factory=dict)


def read_history(repository: Repository) -> History:
    """What the log has; where there is none yet, what the local branch of pinesync 0.1 has, for
    the log to go on from. LeftForYou where the log is not as pinesync made it, or is cut off."""
    tip = repository.commit_of(HISTORY)
    if tip is None:
        return local_branch(repository) or History()
    found = _history_at(repository, tip)
    if found is None:
        raise _not_ours(repository)
    return found


def local_branch(repository: Repository) -> History | None:
    """The log as pinesync 0.1 left it, in a local branch; None where there is no such branch, or
    not every commit on it is of an import."""
    tip = repository.commit_of(LOCAL_BRANCH)
    return _history_at(repository, tip) if tip else None


def _history_at(repository: Repository, tip: str) -> History | None:
    """None where a commit is missing, or no import made it."""
    done = _done(repository.log(tip, "%P%x1f" + _TRAILERS))
    held = repository.blobs(tip, [MANIFEST]).get(MANIFEST)
    try:
        entries = parse(((held and held.data) or b"").decode("utf-8")).entries
    except (ManifestError, UnicodeDecodeError):
        return None
    recorded = {e.pine_id: e.base.version for e in entries.values() if e.pine_id and e.base}
    if done is None or any(done.get(i) != version for i, version in recorded.items()):
        return None
    return History(tip, done, entries)


def _done(rows: Sequence[str]) -> dict[PineId, Version] | None:
    """From the newest commit to the first; None where a commit or a version is missing or is not
    ours. A cut-off history begins with a later version than the first."""
    done: dict[PineId, Version] = {}
    following: dict[PineId, Version] = {}
    for number, row in enumerate(rows, 1):
        parents, _, told = row.partition("\x1f")
        raw_id, _, raw_version = told.partition("\x1f")
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


def _not_ours(repository: Repository) -> LeftForYou:
    if repository.is_shallow():
        return LeftForYou(
            f"the history of {NAME} is cut off here: this is a shallow clone",
            "`git fetch --unshallow` brings the rest; then run the command again",
        )
    return LeftForYou(
        f"{HISTORY} has commits that no import made",
        f"keep them with `git branch NAME {HISTORY}`, remove the ref with "
        f"`git update-ref -d {HISTORY}`, then run the command again",
    )


def begin_history(repository: Repository, tip: str) -> None:
    """The log begins at this commit, where there is none yet."""
    if repository.commit_of(HISTORY) is None:
        repository.bring_on(HISTORY, tip, None, "pinesync: from the local branch")


def write_history(
    repository: Repository,
    before: History,
    commits: Sequence[Commit],
    settings: Settings,
    account: str,
    text_of: Callable[[Digest], str | None],
) -> str:
    """The log grows by these commits, all or none; its last commit. FileError where a text is not
    held any more, or git fails."""
    # Texts script by script: git packs a text as its difference to the one before.
    texts: dict[Digest, VersionInfo] = {}
    for info in sorted((one.info for one in commits), key=lambda i: (i.pine_id, i.version)):
        texts.setdefault(info.digest, info)
    numbers = {digest: number for number, digest in enumerate(texts, 1)}
    old = [path for one in commits for path in one.moved]
    moved = repository.blobs(before.tip, old) if before.tip and old else {}
    builder = ManifestBuilder(settings, before.entries)

    def made(one: Commit) -> NewCommit:
        for path in (*one.dropped, *one.moved):
            builder.drop(path)
        for entry in (*one.moved.values(), one.entry):
            builder.set(entry)
        files: dict[RelPath, str | int] = {e.path: moved[p].oid for p, e in one.moved.items()}
        files[one.entry.path] = numbers[one.info.digest]
        removed = (*one.dropped, *one.moved)
        return NewCommit(one.info.when, one.message, builder.text(), files, removed)

    def all_made() -> Iterator[NewCommit]:
        yield from map(made, commits)
        parse(builder.text())

    return write_commits(
        repository,
        HISTORY,
        all_made(),
        account=account,
        parents=[before.tip] if before.tip else (),
        blobs=(_held(info, text_of) for info in texts.values()),
    )


def _held(info: VersionInfo, text_of: Callable[[Digest], str | None]) -> bytes:
    text = text_of(info.digest)
    if text is None:
        raise FileError(f"{info.name} {info.version}: its text is not held", "run it again")
    return encode_like(text, None)
