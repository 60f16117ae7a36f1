"""What the engine needs from outside, as protocols: service, pine.toml, working tree, texts,
intents, and the tools beside them. One contract suite a port runs over the real one and over the
fake in memory that the engine is tested with.

Whatever reads or writes a file may raise FileError (the system refused) or StateError (what is
there is not pinesync's); what reads pine.toml, ManifestError and Misuse; what asks the service,
NoAccess, TryLater and FacadeError. What Manifest and Tree change is noted in the journal of the
workspace's IntentLog, where an undo finds it.

Long because the promise of every method stands here, and nowhere else.
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
    TryLater (ask again) and FacadeError (the service refused, or its answer is unusable);
    NotAccessible is the FacadeError for a script that is not there, or not this account's. A dead
    session looks the same, but for `list_scripts` and `whoami`; `check` needs none."""

    def list_scripts(self) -> tuple[ScriptInfo, ...]:
        """Every saved script with its newest version. Empty also for a session that expired."""

    def get(self, pine_id: PineId, version: Version | None = None) -> SavedText:
        """The text of a version, None for the newest. NotAccessible where there is none such."""

    def versions(self, pine_id: PineId) -> Mapping[Version, int]:
        """When each version was saved, the oldest first, in epoch seconds."""

    def check(self, source: str) -> Verdict:
        """What the compiler says of a text; nothing is stored. Refused for an empty one."""

    def save_new(self, name: str, source: str) -> SaveAnswer:
        """Create a script, at version 1.0. NameTaken where one has the name, Refused for an empty
        or overlong name. A text that does not compile is not accepted, and may be stored all the
        same. An error may come after the text was stored: NetworkError.sent and
        `recovery.outcome` tell."""

    def save_next(self, pine_id: PineId, name: str | None, source: str) -> SaveAnswer:
        """Save the next version, on top of whatever is the newest then, also of the same text. A
        name renames the script, None leaves its name. Raises, and answers, as `save_new` does."""

    def rename_script(self, pine_id: PineId, name: str) -> None:
        """Give the script another name; its versions stay. NameTaken where another script has the
        name, Refused for an empty or overlong one."""

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
        """The listed scripts, as the file on disk has them now. Misuse where there is no file,
        ManifestError where it cannot be used."""

    def scope(self, only: frozenset[RelPath] | None = None) -> Scope:
        """What of the account belongs to this workspace, or these scripts of it. Raises as
        `entries` does."""

    def commit(self, changes: Mapping[RelPath, Entry | None]) -> None:
        """One write of pine.toml as it is now, with these entries set, or removed (None): all of
        them, or none where it raises. Removing what is not listed changes nothing."""

    def follow(self, old: RelPath, entry: Entry) -> None:
        """One write of pine.toml: the entry leaves the old path for its own, and backups with
        it."""

    def pin(self, account: Account) -> None:
        """The workspace belongs to this account from now on. One that it belongs to already
        stays."""

    def refuse_unwritable(self) -> None:
        """FileError where `commit` could not write; otherwise nothing happens."""

    def has_history(self) -> bool:
        """Whether the workspace lies in a git repository."""

    def recorded(
        self, texts: Mapping[tuple[PineId, Version], Digest]
    ) -> Mapping[PineId, frozenset[Version]]:
        """The scripts for which HEAD's history of pine.toml had that version with that text, and
        the versions that it named as saved by others when that text came or went. Empty outside of
        a repository."""


class Tree(Protocol):
    """The scripts' files. Nothing is replaced that was not seen, and what leaves a file is kept."""

    def local_texts(self, only: Collection[RelPath] | None = None) -> Mapping[RelPath, LocalText]:
        """Every script's file, listed or not, that is not ignored; or only these. Read now. A
        file that cannot be read, or is no text, is there with its problem; one that is gone is
        not there."""

    def is_occupied(self, path: RelPath) -> bool:
        """Whether anything is there, whatever it is: a file, a folder, a link."""

    def read(self, path: RelPath) -> bytes | None:
        """The file's bytes, None where there is none. FileError for anything but a plain file."""

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
        the temporary file before the exchange; what it raises ends the put there. The text that
        came out is kept; of a `conflict` it is known as the side that the merge replaced.
        ChangedMeanwhile where the file has, or gets, another text: that one stays. FileError where
        the file is gone. After any error `take_back` clears up."""

    def take_back(self, intent: Download) -> bool:
        """Clean up after a `put` that broke off, or did not; whether the file got its text. Where
        it did not, the intent is dropped. Nothing that somebody else wrote meanwhile is lost: it
        stays in the file, or is kept. No temporary file is left."""

    def appear(self, old: RelPath, new: RelPath) -> None:
        """Give the old path's file the new one, too. ChangedMeanwhile where another file has it,
        FileError where there is none to move."""

    def has_moved(self, old: RelPath, new: RelPath, text: Digest) -> bool:
        """Whether the new path has the old one's file or, where there is none, that text."""

    def vanish(self, old: RelPath, new: RelPath, key: str) -> bool:
        """Remove the old path if its file is at the new one; otherwise it stays: False. True, too,
        where it was gone before."""

    def retract(self, old: RelPath, new: RelPath, text: Digest, key: str) -> None:
        """Take the new path away again, unless it has another text by now. Where the old one has
        no file any more, it gets this one back."""

    def clear_leftovers(self) -> None:
        """Remove temporary files that no intent knows; what they hold is kept first."""


class TextStore(Protocol):
    """The texts that this machine holds, by digest, and by script and version."""

    def keep(self, text: str) -> Digest:
        """Store the canonical form of the text durably, and name it. Unreadable for a lone
        surrogate, which no file can hold."""

    def text_of(self, digest: Digest) -> str | None:
        """The canonical text, None where it is not held, or is damaged."""

    def remember(self, saved: SavedText) -> None:
        """Hold a version's text, and what is known of it. What was known before of the same text
        stays. Not durable: what is lost is read again."""

    def back_up(self, saved: SavedText) -> None:
        """The same, durably."""

    def recall(self, pine_id: PineId, version: Version) -> Digest | None:
        """The digest of a version that was held, None of any other. Its text may be lost."""

    def recall_info(self, pine_id: PineId, version: Version) -> VersionInfo | None:
        """All that is known of a version that was held, None of any other."""

    def note_info(self, info: VersionInfo) -> None:
        """What is known of a version from now on, whatever it was before."""


class IntentLog(Protocol):
    """The intents of a workspace, and the log of what its commands did."""

    def exclusive(self) -> AbstractContextManager[None]:
        """Be the only one that writes here, until the end of the block. Locked where another one
        is, in this process or in another."""

    def intents(self) -> Sequence[Intent]:
        """All intents, by key, which is oldest first. StateError for a damaged one: it may be a
        save whose answer was lost."""

    def write(self, intent: Intent) -> None:
        """The intent is on disk, durably, in place of the one with its key."""

    def drop(self, intents: Iterable[Intent]) -> None:
        """These intents are closed, and gone; those that were gone before stay so."""

    @property
    def journal(self) -> Journal:
        """What was done here since the last `log_operation`: a save once its intent has landed,
        and what Manifest and Tree changed."""

    def operations(self, most: int) -> Sequence[Operation]:
        """The newest `most` operations, the oldest of them first, in the order in which they were
        logged, whatever their clocks said."""

    def log_operation(self, verb: str, when: float) -> None:
        """The journal goes into the log as one operation, if anything is in it; `when` in epoch
        seconds."""


@dataclass(frozen=True)
class Merged:
    """A three-way merge; `conflicted` where the text holds conflict markers."""

    text: str
    conflicted: bool


class Parallel(Protocol):
    """Runs a function over items, `jobs` at a time; the results in the items' order."""

    jobs: int

    def __call__(self, act: Callable[[T], R], items: Sequence[T]) -> list[R]: ...

    def through(self, act: Callable[[T], R], then: Callable[[R], S], items: Sequence[T]) -> list[S]:
        """The same, and what `then` makes of each result, for which no other item waits."""

    def ahead(self, act: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
        """The results in the items' order, as they are asked for. The next items are begun
        meanwhile, no more than run at a time."""


class Submit(Protocol):
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
    each: Parallel
    meanwhile: Submit
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
