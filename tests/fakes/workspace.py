"""A workspace behind its ports, and what an editor, git or a full disk does to it."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from pinesync.errors import ManifestError, Misuse, StateError
from pinesync.model import Account, Digest
from pinesync.sync.ports import IntentLog, Manifest, TextStore, Tree
from tests.fakes.intent_log import FakeIntentLog
from tests.fakes.manifest import FakeManifest
from tests.fakes.texts import FakeTextStore
from tests.fakes.tree import FakeTree


class Place(Protocol):
    """A workspace: its ports, and direct access to its files."""

    @property
    def manifest(self) -> Manifest: ...
    @property
    def tree(self) -> Tree: ...
    @property
    def texts(self) -> TextStore: ...
    @property
    def log(self) -> IntentLog: ...

    def reopen(self) -> None:
        """The next command starts with only the written state."""

    def files(self) -> Mapping[str, bytes]:
        """The files of the folder, without pine.toml."""

    def write(self, path: str, data: bytes) -> None:
        """An editor saves: the path has a new file."""

    def remove(self, path: str) -> None:
        """Somebody removes the file."""

    def block(self, path: str) -> None:
        """Put something there that is not a plain file."""

    def ignore(self, path: str) -> None:
        """pine.toml ignores that path."""

    def break_manifest(self) -> None:
        """pine.toml becomes invalid."""

    def remove_manifest(self) -> None:
        """pine.toml is missing."""

    def full(self) -> AbstractContextManager[None]:
        """The disk is full."""

    def start_git(self) -> None:
        """The folder becomes a repository."""

    def commit(self) -> None:
        """Commit the folder as it is."""

    def lose_text(self, name: Digest) -> None:
        """The store lost a text."""

    def damage_intent(self, key: str) -> None:
        """An intent cannot be read any more."""

    def other_process(self) -> IntentLog:
        """The log, as another process opens it."""


class InMemory:
    """The fakes. Fits `Place`."""

    def __init__(self, account: Account | None = None) -> None:
        self.log = FakeIntentLog()
        self.texts = FakeTextStore()
        self.manifest = FakeManifest(self.log, account)
        self.tree = FakeTree(self.manifest.entries, self.texts, self.log)

    def reopen(self) -> None:
        self.log.forget_journal()

    def files(self) -> Mapping[str, bytes]:
        return {path: data for path, data in self.tree.files.items() if data is not None}

    def write(self, path: str, data: bytes) -> None:
        self.tree.files[path] = data

    def remove(self, path: str) -> None:
        del self.tree.files[path]

    def block(self, path: str) -> None:
        self.tree.files[path] = None

    def ignore(self, path: str) -> None:
        self.tree.ignored.add(path)

    def break_manifest(self) -> None:
        self.manifest.trouble = ManifestError("not TOML")

    def remove_manifest(self) -> None:
        self.manifest.trouble = Misuse("pine.toml is gone")

    @contextmanager
    def full(self) -> Iterator[None]:
        self.manifest.is_full = self.texts.is_full = True
        yield
        self.manifest.is_full = self.texts.is_full = False

    def start_git(self) -> None:
        self.manifest.history = []

    def commit(self) -> None:
        assert self.manifest.history is not None
        self.manifest.history.append(self.manifest.held)

    def lose_text(self, name: Digest) -> None:
        del self.texts.held[name]

    def damage_intent(self, key: str) -> None:
        self.log.trouble = StateError(f"{key}: not an intent")

    def other_process(self) -> IntentLog:
        return self.log
