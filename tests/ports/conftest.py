"""A workspace behind its ports, as a folder of this disk and in memory, with the hands of those who
use an editor, git, and a full disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest

from pinesync.errors import ManifestError, Misuse, StateError
from pinesync.model import Base, Digest, Entry, PineId, RelPath, Version
from pinesync.sync.intents import Upload
from pinesync.sync.ports import IntentLog, Manifest, TextStore, Tree
from pinesync.text import digest
from pinesync.workspace import manifest
from pinesync.workspace.files import Tree as Files
from pinesync.workspace.manifest import Settings
from pinesync.workspace.state import State
from pinesync.workspace.workspace import Workspace
from tests.fakes import Clock, FakeIntentLog, FakeManifest, FakeTextStore, FakeTree
from tests.world import git

PATH = RelPath("indicators/One.pine")
OTHER = RelPath("indicators/Two.pine")
PINE_ID = PineId("USER;" + "1" * 32)
TEXT = "plot(close)\n"
ENTRY = Entry(PATH, "One", PINE_ID, Base(Version(3), digest(TEXT)))


class Place(Protocol):
    """A workspace that belongs to no account yet: its ports, and what is done to it past them."""

    @property
    def manifest(self) -> Manifest: ...
    @property
    def tree(self) -> Tree: ...
    @property
    def texts(self) -> TextStore: ...
    @property
    def log(self) -> IntentLog: ...

    def files(self) -> Mapping[str, bytes]:
        """The files of the folder, pine.toml aside."""

    def write(self, path: str, data: bytes) -> None:
        """An editor saves: the path has a new file."""

    def remove(self, path: str) -> None:
        """Somebody removes the file."""

    def block(self, path: str) -> None:
        """Something is there that is no plain file."""

    def ignore(self, path: str) -> None:
        """pine.toml ignores that path."""

    def break_manifest(self) -> None:
        """Somebody writes into pine.toml what it cannot hold."""

    def remove_manifest(self) -> None:
        """pine.toml is gone."""

    @contextmanager
    def full(self) -> Iterator[None]:
        """The disk takes nothing more."""

    def start_git(self) -> None:
        """The folder becomes a repository."""

    def commit(self) -> None:
        """The folder, as it is, goes into a commit."""

    def lose_text(self, name: Digest) -> None:
        """The store lost a text."""

    def damage_intent(self, key: str) -> None:
        """An intent cannot be read any more."""

    def other_process(self) -> IntentLog:
        """The log, as another process opens it."""


class OnDisk:
    """The ports that pinesync runs on."""

    def __init__(self, root: Path, state: Path) -> None:
        root.mkdir()
        settings = Settings(id="ports", remote="sandbox")
        self.root, self.clock = root, Clock()
        self._toml = root / "pine.toml"
        self._toml.write_text(manifest.dump_new(manifest.Manifest(settings)))
        self.opened = Workspace(Files(root), State(state), self.clock)
        self.manifest, self.tree = self.opened.manifest, self.opened.tree
        self.texts, self.log = self.opened.texts, self.opened.log
        self._state = state

    def files(self) -> Mapping[str, bytes]:
        found = (file for file in self.root.rglob("*") if file.is_file() and file != self._toml)
        named = {file.relative_to(self.root).as_posix(): file.read_bytes() for file in found}
        return {path: data for path, data in named.items() if not path.startswith(".git/")}

    def write(self, path: str, data: bytes) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        beside = file.with_name("saving")
        beside.write_bytes(data)
        beside.replace(file)

    def remove(self, path: str) -> None:
        (self.root / path).unlink()

    def block(self, path: str) -> None:
        (self.root / path).mkdir(parents=True)

    def ignore(self, path: str) -> None:
        settings = replace(self.opened.manifest.settings(), ignore=(path,))
        self.opened.manifest.commit({}, settings)

    def break_manifest(self) -> None:
        self._toml.write_text("[scripts\n")

    def remove_manifest(self) -> None:
        self._toml.unlink()

    @contextmanager
    def full(self) -> Iterator[None]:
        resource = pytest.importorskip("resource")
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    def start_git(self) -> None:
        git(self.root, "init", "-q")

    def commit(self) -> None:
        git(self.root, "add", "--all")
        git(self.root, "commit", "-qm", "as it is")

    def lose_text(self, name: Digest) -> None:
        self.opened.texts.file_of(name).unlink()

    def damage_intent(self, key: str) -> None:
        (self._state / "records" / f"{key}.json").write_text("{}")

    def other_process(self) -> IntentLog:
        return State(self._state).log


class InMemory:
    """The fakes."""

    def __init__(self) -> None:
        self.log = FakeIntentLog()
        self.texts = FakeTextStore()
        self.manifest = FakeManifest(self.log)
        self.tree = FakeTree(self.manifest.entries, self.texts, self.log)

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
        self.manifest.is_writable = False
        yield
        self.manifest.is_writable = True

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


@pytest.fixture(params=["memory", "disk"])
def place(request: pytest.FixtureRequest, tmp_path: Path, home: Path) -> Place:
    if request.param == "memory":
        return InMemory()
    return OnDisk(tmp_path / "scripts", tmp_path / "state")


def upload(key: str = "0001-aa", version: int = 3) -> Upload:
    """A save on top of that version."""
    parent = Version(version)
    return Upload(
        key=key, path=PATH, name="One", digest=digest(TEXT), pine_id=PINE_ID, parent=parent
    )
