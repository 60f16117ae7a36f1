"""What the engine needs from outside, as protocols: service, pine.toml, working tree, texts,
intents, and the tools beside them. One contract suite runs over every implementation.

Whatever reads or writes a file may raise FileError (the system refused) or StateError (what is
there is not pinesync's); what reads pine.toml, ManifestError and Misuse; what asks the service,
NoAccess, TryLater and FacadeError.
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

T = TypeVar("T")
R = TypeVar("R")
S = TypeVar("S")


class Remote(Protocol):
    """The saved scripts of one account. Every method may raise NoAccess (no valid session),
    TryLater (ask again) and FacadeError (the service refused, or its answer is unusable)."""

    def list_scripts(self) -> tuple[ScriptInfo, ...]:
        """Every saved script with its newest version. Empty also for a session that expired."""

    def get(self, pine_id: PineId, version: Version | None = None) -> SavedText:
        """The text of a version, None for the newest. NotAccessible where there is none."""

    def versions(self, pine_id: PineId) -> Mapping[Version, int]:
        """When each version was saved, in epoch seconds."""

    def check(self, source: str) -> Verdict:
        """What the compiler says of a text; nothing is stored."""

    def save_new(self, name: str, source: str) -> SaveAnswer:
        """Create a script. NameTaken where one has the name. An error may come after the text was
        stored: NetworkError.sent and `recovery.outcome` tell."""

    def save_next(self, pine_id: PineId, name: str | None, source: str) -> SaveAnswer:
        """Save the next version, whatever the newest is by then; the name None stays."""

    def rename_script(self, pine_id: PineId, name: str) -> None:
        """Give the script another name. NameTaken where another script has it."""

    def delete(self, pine_id: PineId) -> None:
        """Delete the script with all its versions."""

    def whoami(self, pine_id: str) -> Account:
        """Whose session it is, asked with a script that it can see. SessionExpired otherwise."""


class ChangedMeanwhile(Exception):
    """The file is not what the caller saw; it was left, or put back, as it is now."""


@dataclass(frozen=True)
class Scope:
    """What of the account belongs to a workspace: whose it is, whether new scripts are brought,
    and where they go. `only` are the listed files that are asked about, None for all there are:
    of the others nothing is read."""

    account: Account | None = None
    track_all: bool = True
    folders: Mapping[Kind, str] | None = None
    only: frozenset[RelPath] | None = None


class Manifest(Protocol):
    """pine.toml: which file is which script, and on which version it is based."""

    def entries(self) -> Mapping[RelPath, Entry]:
        """The listed scripts, as the file on disk has them now."""

    def scope(self, only: frozenset[RelPath] | None = None) -> Scope:
        """What of the account belongs to this workspace, or these scripts of it."""

    def commit(self, changes: Mapping[RelPath, Entry | None]) -> None:
        """One write of pine.toml as it is now, with these entries set, or removed (None)."""

    def follow(self, old: RelPath, entry: Entry) -> None:
        """One write of pine.toml: the entry leaves the old path for its own, and backups with
        it."""

    def pin(self, account: Account) -> None:
        """The workspace belongs to this account from now on."""

    def refuse_unwritable(self) -> None:
        """FileError where `commit` could not write."""

    def has_history(self) -> bool:
        """Whether the workspace lies in a git repository."""

    def recorded(
        self, texts: Mapping[tuple[PineId, Version], Digest]
    ) -> Mapping[PineId, frozenset[Version]]:
        """The scripts for which HEAD's history of pine.toml had that version with that text, and
        the versions that it names there as saved by others."""


class Tree(Protocol):
    """The scripts' files. Nothing is replaced that was not seen, and what leaves a file is kept."""

    def local_texts(self, only: Collection[RelPath] | None = None) -> Mapping[RelPath, LocalText]:
        """Every script's file, listed or not, that is not ignored; or only these. Read now."""

    def is_occupied(self, path: RelPath) -> bool:
        """Whether anything is there, whatever it is."""

    def read(self, path: RelPath) -> bytes | None:
        """The file's bytes, None where there is no file."""

    def put(
        self,
        path: RelPath,
        text: str,
        expected: Digest | None,
        begun: Callable[[str], None],
        *,
        conflict: bool = False,
    ) -> None:
        """Give the file `text`, with the line ends and the BOM that it has. `expected` is the
        digest that it must have, None for a file that must not exist. `begun` is told the name of
        the temporary file before the exchange. The text that came out is kept; of a `conflict` it
        is known as the side that the merge replaced. ChangedMeanwhile otherwise."""

    def take_back(self, intent: Download) -> bool:
        """Clean up after a `put` that broke off; whether the file has its text. Where it does not,
        the intent is dropped."""

    def appear(self, old: RelPath, new: RelPath) -> None:
        """Give the old path's file the new one, too. ChangedMeanwhile where another has it."""

    def has_moved(self, old: RelPath, new: RelPath, text: Digest) -> bool:
        """Whether the new path has the old one's file or, where there is none, that text."""

    def vanish(self, old: RelPath, new: RelPath, key: str) -> bool:
        """Remove the old path if the file is at the new one; otherwise it stays: False."""

    def retract(self, old: RelPath, new: RelPath, text: Digest, key: str) -> None:
        """Take the new path away again, unless it has another text by now."""

    def clear_leftovers(self) -> None:
        """Remove temporary files that no intent knows; what they hold is kept first."""


class TextStore(Protocol):
    """The texts that this machine holds, by digest, and by script and version."""

    def keep(self, text: str) -> Digest:
        """Store the text durably."""

    def text_of(self, digest: Digest) -> str | None:
        """The canonical text, None where it is not held."""

    def remember(self, saved: SavedText) -> None:
        """Hold a version's text. Not durable: what is lost is read again."""

    def back_up(self, saved: SavedText) -> None:
        """Hold a version's text durably, known by its number."""

    def recall(self, pine_id: PineId, version: Version) -> Digest | None:
        """The digest of a version that was held."""

    def recall_info(self, pine_id: PineId, version: Version) -> VersionInfo | None:
        """All that is known of a version that was held."""

    def note_info(self, info: VersionInfo) -> None:
        """What is known of a version from now on."""


class IntentLog(Protocol):
    """The intents of a workspace, and the log of what its commands did."""

    def exclusive(self) -> AbstractContextManager[None]:
        """Be the only process that writes here. Locked where another one is."""

    def intents(self) -> Sequence[Intent]:
        """All intents, oldest first. StateError for a damaged one: it may be a save whose answer
        was lost."""

    def write(self, intent: Intent) -> None:
        """The intent is on disk, durably, in place of the one with its key."""

    def drop(self, intents: Iterable[Intent]) -> None:
        """These intents are closed, and gone."""

    @property
    def journal(self) -> Journal:
        """What was done here since the last `log_operation`."""

    def operations(self, most: int) -> Sequence[Operation]:
        """The newest `most` operations, the oldest of them first."""

    def log_operation(self, verb: str, when: float) -> None:
        """The journal goes into the log as one operation, if anything is in it; `when` in epoch
        seconds."""


@dataclass(frozen=True)
class Merged:
    """A three-way merge; `conflicted` where the text holds conflict markers."""

    text: str
    conflicted: bool


class Each(Protocol):
    """Runs a function over items, `jobs` at a time; the results in the items' order."""

    jobs: int

    def __call__(self, act: Callable[[T], R], items: Sequence[T]) -> list[R]: ...

    def through(self, act: Callable[[T], R], then: Callable[[R], S], items: Sequence[T]) -> list[S]:
        """The same, and what `then` makes of each result, for which no other item waits."""

    def ahead(self, act: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
        """The results in the items' order, as they are asked for. The next items are begun
        meanwhile, no more than run at a time."""


class Meanwhile(Protocol):
    """Begins what takes a while; what it gives waits for that, and returns or raises the same."""

    def __call__(self, act: Callable[[], R]) -> Callable[[], R]: ...


@dataclass(frozen=True)
class Tools:
    """What else the engine is given: merging (base, local, remote), the offline syntax check,
    the clocks, waiting (in seconds), a new key for an intent, several things at a time, how long
    a save may take to turn up (in seconds), and the pauses between the looks for what a lost answer
    was about (in seconds)."""

    merge: Callable[[str, str, str], Merged]
    syntax: Callable[[str], Sequence[Diagnostic]]
    now: Callable[[], Now]
    sleep: Callable[[float], None]
    new_key: Callable[[], str]
    each: Each
    meanwhile: Meanwhile
    settle_seconds: float = 180.0
    pauses: tuple[float, ...] = (0.5, 1.0, 2.0)


@dataclass(frozen=True)
class Ports:
    """Everything that acting needs, in one argument. `connect` opens the remote, once it is
    needed: NotSignedIn without a sign-in."""

    connect: Callable[[], Remote]
    manifest: Manifest
    tree: Tree
    texts: TextStore
    log: IntentLog
    tools: Tools

    @cached_property
    def remote(self) -> Remote:
        return self.connect()
