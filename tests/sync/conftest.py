"""A real folder and the verbs themselves, with the fake service and a clock that only moves when
told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pinesync.commands.project import folder_at
from pinesync.commands.pull import pull
from pinesync.commands.push import push
from pinesync.errors import BotCheck
from pinesync.model import Entry, PineId, RelPath
from pinesync.sync.engine.snapshot import take_snapshot
from pinesync.sync.intents import Intent
from pinesync.sync.outcome import Outcome, Run
from pinesync.workspace import manifest
from pinesync.workspace.manifest import Manifest, Settings
from pinesync.workspace.workspace import Workspace as Folder
from tests.fakes import OWNER, FakeRemote
from tests.world import Workspace

ID = "test-folder"


@dataclass(kw_only=True)
class Bench(Workspace):
    """A workspace, the service, and somebody who types `push` and `pull`."""

    remote: FakeRemote

    @property
    def fake(self) -> FakeRemote:
        return self.remote

    @property
    def folder(self) -> Folder:
        return folder_at(self.setup(), self.root, ID)

    # -- the person ----------------------------------------------------------------------------

    def script(self, name: str, *texts: str) -> tuple[PineId, str]:
        """A script that is there and was pulled; its id and its path."""
        pine_id = self.fake.add(name, *texts)
        self.pull()
        (path,) = (e.path for e in self.entries.values() if e.pine_id == pine_id)
        return pine_id, path

    def write(self, path: str, text: str) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode())

    def read(self, path: str) -> str:
        return (self.root / path).read_bytes().decode()

    def add(self, path: str, name: str) -> None:
        """A file is listed, to be created by the next push."""
        self.folder.manifest.commit({RelPath(path): Entry(RelPath(path), name)})

    def push(self, *paths: str, **options: Any) -> Run:
        return push(self.setup(), paths, **options)

    def pull(self, *paths: str, **options: Any) -> Run:
        return pull(self.setup(), paths, **options)

    # -- what is there then --------------------------------------------------------------------

    @property
    def entries(self) -> dict[str, Entry]:
        return {str(path): entry for path, entry in self.folder.manifest.entries().items()}

    def base(self, path: str) -> int:
        base = self.entries[path].base
        return base.version.major if base else 0

    def words(self) -> dict[str, str]:
        view = take_snapshot(self.project().ports)
        return {situation.path: situation.word for situation in view.situations}

    def records(self, *states: str) -> list[Intent]:
        return [r for r in self.folder.log.intents() if not states or r.state in states]

    def open_records(self) -> list[Intent]:
        return [r for r in self.folder.log.intents() if r.is_open]

    def disk(self) -> dict[str, bytes]:
        """Every file of the folder, and every record."""
        state = self.folder.state.folder
        found = [*self.root.rglob("*"), *(state / "records").glob("*")]
        return {str(f): f.read_bytes() for f in found if f.is_file()}

    def check_sound(self) -> None:
        """What holds at every moment: no base ahead of the service, nor of what was read there;
        no file that pinesync left behind."""
        for entry in self.entries.values():
            if entry.base and entry.pine_id in self.fake.scripts:
                script = self.fake.scripts[entry.pine_id]
                assert entry.base.version <= script.newest
                saved = self.fake.get(entry.pine_id, entry.base.version)
                assert saved.digest == entry.base.digest
        assert not list(self.root.rglob(".pinesync-*"))

    def check_settled(self) -> None:
        """One more run has nothing to do: it sends and writes nothing."""
        before, posted = self.disk(), len(self.fake.posted)
        self.push()
        assert len(self.fake.posted) == posted
        assert self.disk() == before
        self.check_sound()


def only(run: Run) -> Outcome:
    """The one outcome of a run that nothing stopped but a web page."""
    assert run.stopped is None or isinstance(run.stopped, BotCheck), run.stopped
    assert len(run.outcomes) == 1, run.outcomes
    return run.outcomes[0]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    bench = Bench(pinesync_home=tmp_path, remote=FakeRemote())
    settings = Settings(id=ID, remote="sandbox", account=OWNER.name, account_id=OWNER.user_id)
    bench.write("pine.toml", manifest.dump_new(Manifest(settings)))
    with bench.wired(monkeypatch):
        yield bench
