"""A git remote of pinesync's: its branch as the remote helper and the verbs know it.

The branch is `refs/pinesync/<remote>/main`. Its last commit is what TradingView has: a commit made
from saved versions, or the commit that was pushed last. A pushed commit keeps its hash, so the new
versions of its scripts are in a separate record, `refs/pinesync/<remote>/record`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from pinesync.errors import ActionRequired, ManifestError
from pinesync.git.fast_import import NewCommit, write_commits
from pinesync.git.refs.side_record import TRAILER, SideRecord, read_side_record
from pinesync.git.repo import Repository
from pinesync.model import Entry, RelPath
from pinesync.sync.commit_plan import one_line, title_of
from pinesync.text.filenames import BadPath, check_path
from pinesync.workspace import manifest
from pinesync.workspace.files import MANIFEST
from pinesync.workspace.manifest import Settings

BRANCH = "refs/heads/main"
_URL = re.compile(r"pinesync::(?:tradingview(?:/.+)?|sandbox(?::[A-Za-z0-9_-]{1,40})?)")
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class RemoteRefs:
    """The refs of the remote `name`, which may be a bare address."""

    name: str

    @property
    def _place(self) -> str:
        return f"refs/pinesync/{_UNSAFE.sub('-', self.name).strip('-') or 'remote'}"

    @property
    def branch(self) -> str:
        return f"{self._place}/main"

    @property
    def record(self) -> str:
        return f"{self._place}/record"

    @property
    def tracking(self) -> str:
        """The branch that git itself keeps for the user."""
        return f"refs/remotes/{self.name}/main"


@dataclass(frozen=True, slots=True)
class Tip:
    """A commit with its pine.toml and the entries that count there: with the bases, and the moved
    files, that the record has for it. `record` is what the record says here."""

    commit: str
    text: str
    settings: Settings
    entries: Mapping[RelPath, Entry]
    record: SideRecord = field(default_factory=SideRecord)


def remotes_of(repository: Repository) -> dict[str, str]:
    """The address of each git remote of pinesync's, without `pinesync::`, by the remote's name."""
    status, config, _ = repository.run("config", "--null", "--get-regexp", r"^remote\..*\.url$")
    rows = config.decode("utf-8", "replace").split("\0") if not status else []
    named = (row.partition("\n") for row in rows if row)
    return {
        key.removeprefix("remote.").removesuffix(".url"): url.removeprefix("pinesync::")
        for key, _, url in named
        if _URL.fullmatch(url)
    }


def remote_named(repository: Repository, remote: str) -> RemoteRefs | None:
    """The git remote of an account's service, as pine.toml names that; None if there is none."""
    remotes = remotes_of(repository) if not repository.prefix else {}
    names = (name for name, address in remotes.items() if address.partition("/")[0] == remote)
    return next((RemoteRefs(name) for name in names), None)


def record_ref(repository: Repository, remote: str) -> str | None:
    """The ref that records what was pushed to this remote through git; None if there is none."""
    refs = remote_named(repository, remote)
    return refs.record if refs else None


def inherited(repository: Repository, refs: RemoteRefs) -> str | None:
    """The branch of a remote that was renamed, with its record: git itself renames nothing but its
    own `<remote>/main`. None if there is none."""
    at = repository.commit_of(refs.tracking)
    for branch in repository.refs_below("refs/pinesync") if at else ():
        old = branch.removesuffix("/main")
        if at and old != branch and repository.commit_of(branch) == at:
            if record := repository.commit_of(f"{old}/record"):
                repository.move(refs.record, record, "pinesync: the remote was renamed")
            repository.move(refs.branch, at, "pinesync: the remote was renamed")
            return at
    return None


def read_tip(repository: Repository, commit: str, refs: RemoteRefs) -> Tip:
    """The branch's state at a commit. Raises ActionRequired if its pine.toml is missing or cannot
    be used."""
    blob = repository.blobs(commit, [MANIFEST]).get(MANIFEST)
    try:
        text = ((blob and blob.data) or b"").decode("utf-8")
        read = manifest.parse(text)
    except (ManifestError, UnicodeDecodeError) as error:
        raise ActionRequired(
            f"{MANIFEST} of {commit[:10]} cannot be used: {error}",
            f"commit a {MANIFEST} that is in order; `git log -p {MANIFEST}` shows the older ones",
        ) from None
    record = read_side_record(repository, refs.record, read.settings.id, commit)
    entries = record.merged_into(_moved(repository, commit, read.entries, record))
    return Tip(commit, text, read.settings, entries, record)


def _moved(
    repository: Repository, commit: str, entries: Mapping[RelPath, Entry], record: SideRecord
) -> dict[RelPath, Entry]:
    """The entries, at the paths where a push found their files: git moved a file, and the next
    commit from this workspace will have its new path in pine.toml."""
    new = {
        path: recorded
        for path, entry in entries.items()
        if entry.pine_id
        and (recorded := record.entries.get(entry.pine_id))
        and recorded.path != path
        and recorded.path not in entries
    }
    if not new:
        return dict(entries)
    blobs = repository.blobs(commit, [*new, *(recorded.path for recorded in new.values())])
    moves = {
        p: recorded.path for p, recorded in new.items() if p not in blobs and recorded.path in blobs
    }
    return moved_entries(entries, moves)


def moved_entries(
    entries: Mapping[RelPath, Entry], moves: Mapping[RelPath, RelPath]
) -> dict[RelPath, Entry]:
    """The entries, those of `moves` at their new paths."""
    return {
        moves.get(path, path): replace(entry, path=moves.get(path, path))
        for path, entry in entries.items()
    }


def moves_between(
    repository: Repository, old: str, new: str, entries: Mapping[RelPath, Entry]
) -> dict[RelPath, RelPath]:
    """The listed files that git finds moved between two commits: the old path and the new one."""
    words = ("diff", "--name-status", "-z", "--find-renames", "--diff-filter=R", "--relative")
    diff = repository.ask(*words, "--no-ext-diff", "--no-textconv", old, new)
    parts = [part.decode("utf-8", "surrogateescape") for part in diff.split(b"\0")][:-1]
    moves: dict[RelPath, RelPath] = {}
    for before, after in zip(parts[1::3], parts[2::3], strict=True):
        with suppress(BadPath):  # such a file cannot be tracked
            path, onto = RelPath(before), check_path(after)
            if path in entries and onto not in entries:
                moves[path] = onto
    return moves


def write_record(repository: Repository, refs: RemoteRefs, tip: Tip, when: int) -> None:
    """Record the entries of `tip` for its commit, if they are not those of its pine.toml."""
    before = manifest.parse(tip.text)
    if dict(before.entries) == dict(tip.entries):
        return
    changes: dict[RelPath, Entry | None] = dict.fromkeys(before.entries)
    text = manifest.apply(tip.text, {**changes, **tip.entries})[0]
    write_commits(
        repository,
        refs.record,
        [NewCommit(when, f"Record a push\n\n{TRAILER}: {tip.settings.id}\n", text)],
        account=tip.settings.account or "pinesync",
        parents=list(dict.fromkeys((tip.commit, *tip.record.tips))),
    )


def advance_branch(
    repository: Repository, refs: RemoteRefs, commit: str, before: str | None
) -> None:
    """Move the branch, and git's own copy for the user if git has one. Raises FileError if the
    branch is no longer at `before`."""
    if commit == before:
        return
    repository.advance_ref(refs.branch, commit, before, "pinesync: what TradingView has")


def write_flag(repository: Repository, refs: RemoteRefs, tip: Tip, flagged: Entry) -> None:
    """Commit the flag of one script to the branch: a save of ours hides somebody else's."""
    for path, entry in tip.entries.items():
        if entry.pine_id == flagged.pine_id and entry.shadowed != flagged.shadowed:
            changes = {path: replace(entry, shadowed=flagged.shadowed)}
            text = manifest.apply(tip.text, {**tip.entries, **changes})[0]
            subject = f"{title_of(one_line(entry.name))}: {flagged.shadowed} is hidden by a save"
            append(repository, refs, tip, [NewCommit(last_date(repository, tip), subject, text)])


def last_date(repository: Repository, tip: Tip) -> int:
    """When the tip was committed, in epoch seconds."""
    (row,) = repository.log(tip.commit, "%ct", "--max-count=1")
    return int(row)


def append(
    repository: Repository,
    refs: RemoteRefs,
    tip: Tip,
    commits: Iterable[NewCommit],
    blobs: Iterable[bytes] = (),
) -> str:
    """Put commits on top of the tip, and the branch at the last one. Return its id."""
    account = tip.settings.account or ""
    at = (tip.commit,)
    return write_commits(repository, refs.branch, commits, account=account, parents=at, blobs=blobs)
