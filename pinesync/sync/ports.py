"""The protocols that the engine depends on: service, pine.toml, working tree, texts, intents and
tools. Each port has one contract suite, which runs over the real implementation and over the
in-memory fake that the engine tests use.

Methods that touch files may raise FileError (the system refused) or StateError (the content is
not pinesync's). Methods that read pine.toml may raise ManifestError and Misuse. Methods that call
the service may raise NoAccess, TryLater and FacadeError. Manifest and Tree record their changes in
the journal of the workspace's IntentLog, where undo finds them.

Long because it documents every method of every port, and no other module repeats that.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from pinesync.model import (
        Account,
        Diagnostic,
        Digest,
        Entry,
        Kind,
        PineId,
        RelPath,
        SaveAnswer,
        SavedText,
        ScriptInfo,
        Verdict,
        Version,
        VersionInfo,
    )
    from pinesync.sync.intents import Download, Intent, Now
    from pinesync.sync.operations import Journal, Operation
    from pinesync.sync.planner import LocalText
    from pinesync.text.contract import Policy

T = TypeVar("T")
R = TypeVar("R")
S = TypeVar("S")


class Remote(Protocol):
    """The saved scripts of one account. Every method may raise NoAccess (no valid session),
    TryLater (retry) and FacadeError (the service refused, or its response is unusable);
    NotAccessible is the FacadeError for a script that does not exist or belongs to another account.
    An expired session also raises it, except from `list_scripts` and `whoami`. `check` needs no
    session."""

    def list_scripts(self) -> tuple[ScriptInfo, ...]:
        """Every saved script with its newest version. Empty also for a session that expired."""

    def get(self, pine_id: PineId, version: Version | None = None) -> SavedText:
        """The text of a version, None for the newest. NotAccessible if there is no such version."""

    def versions(self, pine_id: PineId) -> Mapping[Version, int]:
        """The save time of each version in epoch seconds, oldest first."""

    def check(self, source: str) -> Verdict:
        """Compile the text without storing it. Refused if it is empty."""

    def full_check(self, source: str) -> Verdict:
        """Compile the text fully without storing it, and return its contract as well. Needs no
        session."""

    def save_new(self, name: str, source: str) -> SaveAnswer:
        """Create a script at version 1.0. NameTaken if another script has the name, Refused if
        the name is empty or too long. The service does not accept a text that fails to compile,
        but may store it anyway. An error can follow a successful save: check NetworkError.sent
        and `recovery.outcome`."""

    def save_next(self, pine_id: PineId, name: str | None, source: str) -> SaveAnswer:
        """Save the next version on top of the current newest one, even if the text is the same.
        A name renames the script, None keeps its name. Returns and raises as `save_new` does."""

    def rename_script(self, pine_id: PineId, name: str) -> None:
        """Rename the script and keep its versions. NameTaken if another script has the name,
        Refused if the name is empty or too long."""

    def delete(self, pine_id: PineId) -> None:
        """Delete the script with all its versions."""

    def whoami(self, pine_id: str) -> Account:
        """The account of the session, read from a script it can access; else SessionExpired."""


class ChangedMeanwhile(Exception):
    """The file differs from what the caller saw. Its current content was preserved."""


@dataclass(frozen=True)
class Scope:
    """The part of the account that a workspace tracks: the account, whether to download new
    scripts, and the folders they go to. `only` limits the run to these listed files; None means
    all. No other file is read. `contract` is what a push does about changed inputs and plots."""

    account: Account | None = None
    track_all: bool = True
    folders: Mapping[Kind, str] | None = None
    only: frozenset[RelPath] | None = None
    contract: Policy = "warn"


class Manifest(Protocol):
    """pine.toml: maps each file to its script and its base version."""

    def entries(self) -> Mapping[RelPath, Entry]:
        """The listed scripts, read from disk now. Raises Misuse if pine.toml does not exist,
        ManifestError if it is invalid."""

    def scope(self, only: frozenset[RelPath] | None = None) -> Scope:
        """The scope of this workspace, limited to `only`. Raises as `entries` does."""

    def commit(self, changes: Mapping[RelPath, Entry | None]) -> None:
        """Set these entries, or remove them (None), in one write of the current pine.toml. If it
        raises, no entry has changed. Removing an unlisted path does nothing."""

    def follow(self, old: RelPath, entry: Entry) -> None:
        """Move the entry, with its backups, from the old path to its own in one write."""

    def pin(self, account: Account) -> None:
        """Bind the workspace to this account, unless it is already bound to one."""

    def refuse_unwritable(self) -> None:
        """Raise FileError if `commit` could not write; otherwise do nothing."""

    def has_history(self) -> bool:
        """Whether the workspace is in a git repository."""

    def recorded(
        self, texts: Mapping[tuple[PineId, Version], Digest]
    ) -> Mapping[PineId, frozenset[Version]]:
        """The scripts for which pine.toml once recorded that version with that text in HEAD's
        history. Each maps to the versions that pine.toml listed as saved by others when that text
        came or went. Empty outside a repository."""


class Tree(Protocol):
    """The script files. Replaces only text that the caller has seen, and backs it up."""

    def local_texts(self, only: Collection[RelPath] | None = None) -> Mapping[RelPath, LocalText]:
        """Read every script file that is not ignored, listed or not; or only these. A file that
        is unreadable or not text is included with its problem. A missing file is left out."""

    def is_occupied(self, path: RelPath) -> bool:
        """Whether the path exists as anything: a file, a directory or a link."""

    def read(self, path: RelPath) -> bytes | None:
        """The file's bytes, None if it does not exist. Raises FileError if it is not a regular
        file."""

    def put(
        self,
        path: RelPath,
        text: str,
        expected: Digest | None,
        on_temp_created: Callable[[str], None],
        *,
        conflict: bool = False,
    ) -> None:
        """Write `text` to the file, keeping its line endings and BOM. `expected` is the digest that
        the file must have, None if it must not exist. `on_temp_created` receives the name of the
        temporary file before the exchange; an error from it aborts the put. The replaced text is
        backed up; with `conflict` it is recorded as the side that the merge replaced. Raises
        ChangedMeanwhile if the file has or gets another text, which stays. Raises FileError if the
        file is gone. After any error, `finish_write` cleans up."""

    def finish_write(self, intent: Download) -> bool:
        """Clean up after a `put`, interrupted or not, and return whether the file got its text.
        If it did not, drop the intent. Text that another program wrote meanwhile stays in the
        file or is backed up. Leaves no temporary file."""

    def add_new_name(self, old: RelPath, new: RelPath) -> None:
        """Make the file appear at the new path and keep the old one. Raises ChangedMeanwhile if the
        new path holds another file, FileError if there is no file to move."""

    def is_moved(self, old: RelPath, new: RelPath, text: Digest) -> bool:
        """Whether the new path holds the file of the old path or, if that is gone, this text."""

    def remove_old_name(self, old: RelPath, new: RelPath, key: str) -> bool:
        """Remove the old path if the new one holds its file. Return False if it had to stay;
        True also if it was already gone."""

    def revert_move(self, old: RelPath, new: RelPath, text: Digest, key: str) -> None:
        """Remove the new path, unless its text has changed. If the old path has no file, move
        this one back."""

    def clear_leftovers(self) -> None:
        """Back up and remove temporary files that belong to no intent."""


class TextStore(Protocol):
    """The texts stored on this machine, by digest and by script and version."""

    def keep(self, text: str) -> Digest:
        """Store the canonical text durably and return its digest. Raises Unreadable if it contains
        a lone surrogate, which no file can hold."""

    def text_of(self, digest: Digest) -> str | None:
        """The canonical text, None if it is missing or damaged."""

    def remember(self, saved: SavedText) -> None:
        """Cache a version's text and metadata, and keep earlier metadata for the same text. Not
        durable: a lost text is fetched again."""

    def back_up(self, saved: SavedText) -> None:
        """Do what `remember` does, durably."""

    def recall(self, pine_id: PineId, version: Version) -> Digest | None:
        """The digest of a stored version, None if there is none. Its text may be lost."""

    def recall_info(self, pine_id: PineId, version: Version) -> VersionInfo | None:
        """The metadata of a stored version, None if there is none."""

    def note_info(self, info: VersionInfo) -> None:
        """Replace the metadata of a version."""


class IntentLog(Protocol):
    """The intents of a workspace, and the operation log of its commands."""

    def exclusive(self) -> AbstractContextManager[None]:
        """Hold the workspace lock for the block. Raises Locked if another writer holds it, in this
        process or another."""

    def intents(self) -> Sequence[Intent]:
        """All intents by key, oldest first. Raises StateError if one is damaged: it could be a save
        whose response was lost."""

    def write(self, intent: Intent) -> None:
        """Write the intent durably, replacing the one with the same key."""

    def drop(self, intents: Iterable[Intent]) -> None:
        """Remove these intents. Ignores those that are already gone."""

    @property
    def journal(self) -> Journal:
        """The changes since the last `log_operation`: saves whose intent has landed, and the
        changes of Manifest and Tree."""

    def operations(self, limit: int) -> Sequence[Operation]:
        """The newest `limit` operations, oldest first, in the order they were logged, regardless of
        their timestamps."""

    def log_operation(self, verb: str, when: float) -> None:
        """Log the journal as one operation, unless it is empty; `when` in epoch seconds."""


@dataclass(frozen=True)
class Merged:
    """A three-way merge; `conflicted` if the text contains conflict markers."""

    text: str
    conflicted: bool


class Parallel(Protocol):
    """Runs a function over items, `jobs` at a time. Returns the results in item order."""

    jobs: int

    def __call__(self, job: Callable[[T], R], items: Sequence[T]) -> list[R]: ...

    def pipeline(
        self, job: Callable[[T], R], then: Callable[[R], S], items: Sequence[T]
    ) -> list[S]:
        """Apply `job`, then `then`, to each item; no item waits for another between the two."""

    def prefetch(self, job: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
        """Yield the results in item order, and start up to `jobs` items ahead."""


class Submit(Protocol):
    """Starts blocking work. The function it returns waits for the result, or raises its error."""

    def __call__(self, job: Callable[[], R]) -> Callable[[], R]: ...


@dataclass(frozen=True)
class Tools:
    """The engine's other dependencies: three-way merge (base, local, remote), offline syntax check,
    clocks, sleep (seconds), new intent keys, and parallel runs. `settle_seconds` is how long to
    wait for a save to appear; `pauses` are the seconds between checks after a lost response.
    `keeps_names` tells whether a save without a name is proven to keep the script's name."""

    merge: Callable[[str, str, str], Merged]
    syntax: Callable[[str], Sequence[Diagnostic]]
    now: Callable[[], Now]
    sleep: Callable[[float], None]
    new_key: Callable[[], str]
    parallel: Parallel
    submit: Submit
    settle_seconds: float = 180.0
    pauses: tuple[float, ...] = (0.5, 1.0, 2.0)
    keeps_names: Callable[[], bool] = bool


@dataclass(frozen=True)
class Ports:
    """All ports, in one argument. `connect` opens the remote on first use; NotSignedIn if there is
    no sign-in."""

    connect: Callable[[], Remote]
    manifest: Manifest
    tree: Tree
    texts: TextStore
    log: IntentLog
    tools: Tools

    @cached_property
    def remote(self) -> Remote:
        return self.connect()
