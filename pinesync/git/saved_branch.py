"""The remote-tracking branch: one commit of git's for what the service has, to be compared with
and merged by git's own commands.

It forks off the newest commit in which every script is as its pine.toml recorded it, and has a
commit for each script that was saved since: so a merge of it brings what was saved, and takes
nothing back. It is made of that commit and of what the service has, and of nothing else: as long
as neither changes, it stays where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pinesync.errors import ManifestError
from pinesync.git.fast_import import NewCommit, write_commits
from pinesync.git.filters import as_stored
from pinesync.git.repo import SAVED, Blob, Repository
from pinesync.model import Entry, RelPath
from pinesync.sync.timeline import message, one_line, title_of
from pinesync.workspace.files import MANIFEST
from pinesync.workspace.manifest import apply, parse

NAME = SAVED.removeprefix("refs/remotes/")
SETTING = "pinesync.track"
MOST_COMMITS = 50
"""Where more scripts than this were saved, one commit has them all."""
_MOST_FORKS = 10


@dataclass(frozen=True, slots=True)
class Saved:
    """A script as the service has it: its entry as a pull would write it, and when it was saved."""

    entry: Entry
    when: int


@dataclass(frozen=True, slots=True)
class Fork:
    """A commit with its pine.toml and the files that this lists. `commit` is None where the line
    has no commit before it."""

    commit: str | None
    manifest: str
    entries: Mapping[RelPath, Entry] = field(default_factory=dict)
    blobs: Mapping[str, Blob] = field(default_factory=dict)

    @property
    def is_clean(self) -> bool:
        """Whether each script is as it was last agreed."""
        return all(
            self.has(path, entry) for path, entry in self.entries.items() if entry.base is not None
        )

    def has(self, path: RelPath, entry: Entry) -> bool:
        """Whether the file has the text that an unedited one would."""
        blob = self.blobs.get(path)
        digest = blob.digest if blob else None
        return digest is not None and entry.base is not None and digest == entry.base.expected


def find_fork(repository: Repository, likely: Sequence[RelPath]) -> Fork | None:
    """The newest commit in which every script is as recorded: HEAD, or one of the last that
    changed pine.toml. None where there is none of them. `likely` are paths to read at once."""
    head = repository.commit_of("HEAD")
    if head is None:
        return None
    fork = _fork_at(repository, head, likely)
    if fork and fork.is_clean:
        return fork
    for commit in repository.recorded_in(head, _MOST_FORKS):
        fork = None if commit == head else _fork_at(repository, commit, likely)
        if fork and fork.is_clean:
            return fork
    return None


def _fork_at(repository: Repository, commit: str, likely: Sequence[RelPath]) -> Fork | None:
    blobs = repository.blobs(commit, [MANIFEST, *likely])
    held = blobs.get(MANIFEST)
    try:
        text = (held.data or b"").decode("utf-8") if held else ""
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
    """Let the ref be the fork with what was saved since; where it is now. `file_of` tells the
    bytes that a script's file would have, None for one that is not held: that stays as it is."""
    ours: dict[str, Entry] = {
        entry.pine_id: entry for entry in fork.entries.values() if entry.pine_id
    }
    moved = [one for one in saved if not _is_there(fork, ours, one)]
    files: dict[str, bytes] = {
        one.entry.path: data for one in moved if (data := file_of(one)) is not None
    }
    moved = [one for one in moved if one.entry.path in files]
    if not moved:
        if fork.commit and repository.commit_of(SAVED) != fork.commit:
            repository.move(SAVED, fork.commit, "pinesync: nothing was saved since")
        return fork.commit
    commits = _commits(fork, _batches(fork, moved), ours, as_stored(repository, files))
    return write_commits(
        repository,
        SAVED,
        commits,
        account=account,
        parents=[fork.commit] if fork.commit else (),
        tree=None if fork.commit else repository.tree_of("HEAD"),
        force=True,
    )


def _is_there(fork: Fork, ours: Mapping[str, Entry], one: Saved) -> bool:
    """Whether the fork has the script at that version and path, whatever else is told of it."""
    old = ours.get(one.entry.pine_id or "")
    if old is None or old.base is None or one.entry.base is None or old.path != one.entry.path:
        return False
    same = (old.base.version, old.base.digest) == (one.entry.base.version, one.entry.base.digest)
    return same and fork.has(old.path, old)


def _batches(fork: Fork, moved: Sequence[Saved]) -> list[list[Saved]]:
    """What each commit brings, in order of time."""
    order = sorted(moved, key=lambda one: (max(one.when, 0), one.entry.pine_id or ""))
    one_by_one = fork.commit is not None and len(order) <= MOST_COMMITS
    return [[one] for one in order] if one_by_one else [order]


def _commits(
    fork: Fork,
    batches: Sequence[Sequence[Saved]],
    ours: Mapping[str, Entry],
    blobs: Mapping[str, str],
) -> Iterator[NewCommit]:
    text = fork.manifest
    # Paths are given up before any file is written: a script that moved may have left its path to
    # another.
    left = [
        old.path
        for one in (one for batch in batches for one in batch)
        if (old := ours.get(one.entry.pine_id or "")) and old.path != one.entry.path
    ]
    for batch in batches:
        entries = {one.entry.path: one.entry for one in batch}
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
    found = ((title_of(one_line(o.entry.name)), o.entry.base) for o in batch)
    names = (f"{name} {base.version}" for name, base in found if base)
    return "\n".join([f"{len(batch)} scripts as they are saved", "", *names, ""])
