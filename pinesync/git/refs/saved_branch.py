"""The remote-tracking branch: the service's scripts as commits, for git to diff and merge.

It forks from the newest commit in which every script matches its pine.toml, and adds a commit for
each script saved since: merging it brings those saves and reverts nothing. If the fork is on the
log, as after `clone --history`, the log already has the later saves, and the branch continues from
the log's last commit. The branch depends only on these commits and on what the service has: while
they do not change, it does not move.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pinesync.errors import ManifestError
from pinesync.git.fast_import import NewCommit, write_commits
from pinesync.git.filters import as_stored
from pinesync.git.repo import HISTORY, SAVED, Blob, Repository
from pinesync.model import Entry, RelPath
from pinesync.sync.commit_plan import message, one_line, title_of
from pinesync.workspace.files import MANIFEST
from pinesync.workspace.manifest import apply, parse

NAME = SAVED.removeprefix("refs/remotes/")
SETTING = "pinesync.track"
MAX_COMMITS = 50
"""If more scripts than this were saved, one commit holds them all."""
_MAX_FORKS = 10


@dataclass(frozen=True, slots=True)
class Saved:
    """A script on the service: its entry as a pull would write it, and its save time in epoch
    seconds."""

    entry: Entry
    when: int


@dataclass(frozen=True, slots=True)
class Fork:
    """A commit with its pine.toml and the files that this lists. `commit` is None if the line
    has no earlier commit. If it is the last commit of the log, `agreed` has the entries of
    HEAD's newest clean commit, an earlier one of the log."""

    commit: str | None
    manifest: str
    entries: Mapping[RelPath, Entry] = field(default_factory=dict)
    blobs: Mapping[str, Blob] = field(default_factory=dict)
    agreed: Mapping[RelPath, Entry] | None = None

    @property
    def is_clean(self) -> bool:
        """Whether every script with a base matches it."""
        return all(
            self.has(path, entry) for path, entry in self.entries.items() if entry.base is not None
        )

    def has(self, path: RelPath, entry: Entry) -> bool:
        """Whether the file has the text expected by the entry's base."""
        blob = self.blobs.get(path)
        digest = blob.digest if blob else None
        return digest is not None and entry.base is not None and digest == entry.base.expected


def find_fork(repository: Repository, likely: Sequence[RelPath]) -> Fork | None:
    """The newest commit in which every script matches its entry: HEAD, or one of the last that
    changed pine.toml; if it is on the log, the log's last commit. None if there is none. `likely`
    are paths to read in the first batch."""
    fork = _clean_fork(repository, likely)
    log = repository.commit_of(HISTORY)
    if not (fork and fork.commit and log) or fork.commit == log:
        return fork
    if not repository.is_ancestor(fork.commit, log):
        return fork
    last = _fork_at(repository, log, likely)
    return replace(last, agreed=fork.entries) if last and last.is_clean else fork


def _clean_fork(repository: Repository, likely: Sequence[RelPath]) -> Fork | None:
    head = repository.commit_of("HEAD")
    if head is None:
        return None
    fork = _fork_at(repository, head, likely)
    if fork and fork.is_clean:
        return fork
    for commit in repository.recorded_in(head, _MAX_FORKS):
        fork = None if commit == head else _fork_at(repository, commit, likely)
        if fork and fork.is_clean:
            return fork
    return None


def _fork_at(repository: Repository, commit: str, likely: Sequence[RelPath]) -> Fork | None:
    blobs = repository.blobs(commit, [MANIFEST, *likely])
    blob = blobs.get(MANIFEST)
    try:
        text = (blob.data or b"").decode("utf-8") if blob else ""
        entries = parse(text).entries
    except (ManifestError, UnicodeDecodeError):
        return None
    rest = [path for path in entries if path not in blobs]
    return Fork(commit, text, entries, {**blobs, **repository.blobs(commit, rest)})


def track(
    repository: Repository,
    fork: Fork,
    saved: Sequence[Saved],
    account: str,
    file_of: Callable[[Saved], bytes | None],
) -> str | None:
    """Point the ref to the fork plus the later saves; returns its commit. `file_of` gives the bytes
    of a script's file; None if its text is not cached, which leaves that script unchanged."""
    ours = _by_id(fork.entries)
    unknown = _saves_to_add(fork, ours, saved)
    moved = [save for save in saved if not _is_committed(fork, ours, save)]
    files: dict[str, bytes] = {
        save.entry.path: data for save in moved if (data := file_of(save)) is not None
    }
    moved = [save for save in moved if save.entry.path in files]
    if not moved and not unknown:
        if fork.commit and repository.commit_of(SAVED) != fork.commit:
            repository.move(SAVED, fork.commit, "pinesync: nothing was saved since")
        return fork.commit
    blobs = as_stored(repository, files) if moved else {}
    commits = _commits(fork, unknown, _batches(fork, moved), ours, blobs)
    return write_commits(
        repository,
        SAVED,
        commits,
        account=account,
        parents=[fork.commit] if fork.commit else (),
        tree=None if fork.commit else repository.tree_of("HEAD"),
        force=True,
    )


def _by_id(entries: Mapping[RelPath, Entry]) -> dict[str, Entry]:
    return {entry.pine_id: entry for entry in entries.values() if entry.pine_id}


def _saves_to_add(fork: Fork, ours: Mapping[str, Entry], saved: Sequence[Saved]) -> list[Saved]:
    """The scripts of which the log has a version that HEAD lacks. The log is the same on every
    machine, so it does not say who saved that version. The merge must bring that knowledge, or a
    later push could silently revert somebody else's save."""
    if fork.agreed is None:
        return []
    agreed = _by_id(fork.agreed)

    def is_unknown(save: Saved) -> bool:
        pine_id, base = save.entry.pine_id or "", save.entry.base
        old, before = ours[pine_id].base, agreed[pine_id].base if pine_id in agreed else None
        is_new = before is None or (old and before.version != old.version)
        return bool(is_new and old and base and old.theirs != base.theirs)

    return [save for save in saved if _is_committed(fork, ours, save) and is_unknown(save)]


def _is_committed(fork: Fork, ours: Mapping[str, Entry], save: Saved) -> bool:
    """Whether the fork has the script at that version and path; other fields may differ."""
    old = ours.get(save.entry.pine_id or "")
    if old is None or old.base is None or save.entry.base is None or old.path != save.entry.path:
        return False
    same = (old.base.version, old.base.digest) == (save.entry.base.version, save.entry.base.digest)
    return same and fork.has(old.path, old)


def _batches(fork: Fork, moved: Sequence[Saved]) -> list[list[Saved]]:
    """The scripts of each commit, oldest save first."""
    order = sorted(moved, key=lambda save: (max(save.when, 0), save.entry.pine_id or ""))
    one_by_one = fork.commit is not None and len(order) <= MAX_COMMITS
    return [[save] for save in order] if one_by_one or not order else [order]


def _commits(
    fork: Fork,
    unknown: Sequence[Saved],
    batches: Sequence[Sequence[Saved]],
    ours: Mapping[str, Entry],
    blobs: Mapping[str, str],
) -> Iterator[NewCommit]:
    text = fork.manifest
    if unknown:
        text = apply(text, {save.entry.path: save.entry for save in unknown})[0]
        yield NewCommit(max(save.when for save in unknown), "Which versions others saved\n", text)
    # Remove old paths before writing any file: another script may now have a moved script's path.
    left = [
        old.path
        for save in (save for batch in batches for save in batch)
        if (old := ours.get(save.entry.pine_id or "")) and old.path != save.entry.path
    ]
    for batch in batches:
        entries = {save.entry.path: save.entry for save in batch}
        text = apply(text, {**dict.fromkeys(left), **entries})[0]
        files = {path: blobs[path] for path in entries}
        yield NewCommit(batch[-1].when, _message(batch), text, files, left)
        left = []


def _message(batch: Sequence[Saved]) -> str:
    (first, *others) = batch
    assert first.entry.pine_id
    assert first.entry.base
    if not others:
        return message(first.entry.name, first.entry.pine_id, first.entry.base.version)
    saves = ((title_of(one_line(o.entry.name)), o.entry.base) for o in batch)
    names = (f"{name} {base.version}" for name, base in saves if base)
    return "\n".join([f"{len(batch)} scripts as they are saved", "", *names, ""])
