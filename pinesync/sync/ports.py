"""What the engine needs from outside, as protocols: the service, the folder, merging, the time.

`remote.client.PineClient` fits `Remote`, `workspace.folder.Folder` fits `Workspace`; one contract
suite runs over every implementation.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from pinesync.model import (
        Account,
        Diagnostic,
        Digest,
        Entry,
        PineId,
        RelPath,
        SaveAnswer,
        SavedText,
        ScriptInfo,
        Verdict,
        Version,
        VersionInfo,
    )
    from pinesync.sync.intents import Now, Record
    from pinesync.sync.planner import LocalText

T = TypeVar("T")
R = TypeVar("R")
S = TypeVar("S")


class Remote(Protocol):
    """The saved scripts of one account. Every method may raise NoAccess, TryLater, FacadeError."""

    def list_scripts(self) -> tuple[ScriptInfo, ...]: ...
    def get(self, pine_id: PineId, version: Version | None = None) -> SavedText: ...
    def versions(self, pine_id: PineId) -> Mapping[Version, int]: ...
    def check(self, source: str) -> Verdict: ...
    def save_new(self, name: str, source: str) -> SaveAnswer: ...
    def save_next(self, pine_id: PineId, name: str | None, source: str) -> SaveAnswer: ...
    def rename_script(self, pine_id: PineId, name: str) -> None: ...
    def delete(self, pine_id: PineId) -> None: ...
    def whoami(self, pine_id: str) -> Account: ...


class ChangedMeanwhile(Exception):
    """The file was not what the plan had seen; it was left, or put back, as it is now."""


class Workspace(Protocol):
    """The folder, its pine.toml and its state. Raises FileError, ManifestError, StateError."""

    def entries(self) -> Mapping[RelPath, Entry]: ...
    def local_texts(self, only: Collection[RelPath] | None = None) -> Mapping[RelPath, LocalText]:
        """Every script's file, tracked or not, that is not ignored; or only these. Read now."""

    def commit(self, changes: Mapping[RelPath, Entry | None]) -> None:
        """One write of pine.toml as it is now with these entries set, or removed (None)."""

    def refuse_unwritable(self) -> None:
        """FileError where `commit` could not write."""

    def has_history(self) -> bool:
        """Whether git keeps pine.toml."""

    def recorded(
        self, texts: Mapping[tuple[PineId, Version], Digest]
    ) -> Mapping[PineId, frozenset[Version]]:
        """The scripts for which HEAD's history of pine.toml had that version with that text, and
        the versions that it names there as saved by others."""

    def is_occupied(self, path: RelPath) -> bool:
        """Whether anything is there, whatever it is."""

    def read(self, path: RelPath) -> bytes | None: ...
    def put(
        self,
        path: RelPath,
        text: str,
        expected: Digest | None,
        begun: Callable[[str], None],
        *,
        conflict: bool = False,
    ) -> None:
        """Let the file hold `text`, in the shape it has. `expected` is the digest that it must
        have, None for a file that must not exist. `begun` is told the name of the temporary
        file before the exchange. The text that came out is kept; of a `conflict` it is known as
        the side that the merge replaced. ChangedMeanwhile otherwise."""

    def take_back(self, record: Record) -> bool:
        """Clean up after a `put` that broke off; whether the file has its text. Where it has not,
        the record is dropped."""

    def appear(self, old: RelPath, new: RelPath) -> None:
        """The old path's file has the new one, too. ChangedMeanwhile where another has it."""

    def has_moved(self, old: RelPath, new: RelPath, text: Digest) -> bool:
        """Whether the new path has the old one's file or, where there is none, that text."""

    def vanish(self, old: RelPath, new: RelPath, key: str) -> bool:
        """The old path is gone, if the file is at the new one; otherwise False, and it stays."""

    def retract(self, old: RelPath, new: RelPath, text: Digest, key: str) -> None:
        """Only the old path is there again, unless the new one has another text by now."""

    def follow(self, old: RelPath, entry: Entry) -> None:
        """One write of pine.toml: the entry leaves the old path for its own."""

    def clear_leftovers(self) -> None:
        """Remove temporary files that no record knows; what they hold is kept first."""

    def keep(self, text: str) -> Digest:
        """The text is in the object store, durably."""

    def text_of(self, digest: Digest) -> str | None: ...
    def remember(self, saved: SavedText) -> None: ...
    def back_up(self, saved: SavedText) -> None:
        """The version's text is in the store, and known by its number, durably."""

    def recall(self, pine_id: PineId, version: Version) -> Digest | None: ...
    def recall_info(self, pine_id: PineId, version: Version) -> VersionInfo | None: ...
    def note_info(self, info: VersionInfo) -> None: ...
    def records(self) -> Sequence[Record]: ...
    def write_record(self, record: Record) -> None: ...
    def drop_records(self, records: Iterable[Record]) -> None: ...


@dataclass(frozen=True)
class Merged:
    """A three-way merge; `conflicted` where the text holds conflict markers."""

    text: str
    conflicted: bool


class Each(Protocol):
    """Runs a function over items, several at a time; the results in the items' order."""

    def __call__(self, act: Callable[[T], R], items: Sequence[T]) -> list[R]: ...

    def through(self, act: Callable[[T], R], then: Callable[[R], S], items: Sequence[T]) -> list[S]:
        """The same, and what `then` makes of each result, for which no other item waits."""


class Meanwhile(Protocol):
    """Begins what takes a while; what it gives waits for that, and returns or raises the same."""

    def __call__(self, act: Callable[[], R]) -> Callable[[], R]: ...


@dataclass(frozen=True)
class Tools:
    """What else the engine is given: merging (base, local, remote), the offline syntax check,
    the clocks, waiting (in seconds), a new key for a record, several things at a time, how long
    a save may take to turn up (in seconds), and whose account it is."""

    merge: Callable[[str, str, str], Merged]
    syntax: Callable[[str], Sequence[Diagnostic]]
    now: Callable[[], Now]
    sleep: Callable[[float], None]
    new_key: Callable[[], str]
    each: Each
    meanwhile: Meanwhile
    settle_seconds: float = 180.0
    account: str = ""


@dataclass(frozen=True)
class Ports:
    """Everything that acting needs, in one argument."""

    remote: Remote
    workspace: Workspace
    tools: Tools
