"""A workspace behind its ports: on disk and in memory."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from pinesync.model import Account, Base, Digest, Entry, PineId, RelPath, Version
from pinesync.sync.intents import Upload
from pinesync.sync.ports import IntentLog
from pinesync.text.canonical import digest
from pinesync.workspace import manifest
from pinesync.workspace.files import Tree as Files
from pinesync.workspace.manifest import Settings
from pinesync.workspace.state import State
from pinesync.workspace.workspace import Workspace
from tests.fakes import Clock, InMemory, Place
from tests.world import git

PATH = RelPath("indicators/One.pine")
OTHER = RelPath("indicators/Two.pine")
PINE_ID = PineId("USER;" + "1" * 32)
TEXT = "plot(close)\n"
ENTRY = Entry(PATH, "One", PINE_ID, Base(Version(3), digest(TEXT)))


class OnDisk:
    """The ports that pinesync runs on. Fits `Place`."""

    def __init__(self, root: Path, state: Path, account: Account | None = None) -> None:
        root.mkdir()
        settings = Settings(id="ports", remote="sandbox")
        settings = settings.pinned(account) if account else settings
        self.root, self.clock = root, Clock()
        self._toml = root / "pine.toml"
        self._toml.write_text(manifest.dump_new(manifest.Manifest(settings)))
        self._state = state
        self.reopen()

    def reopen(self) -> None:
        self.opened = Workspace(Files(self.root), State(self._state), self.clock)
        self.manifest, self.tree = self.opened.manifest, self.opened.tree
        self.texts, self.log = self.opened.texts, self.opened.log

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
