"""Work with the engine, on ports in memory or on any others."""

from collections.abc import Callable
from itertools import count
from typing import Any, cast

from pinesync.errors import BotCheck
from pinesync.model import Entry, PineId, RelPath
from pinesync.sync.engine import pull, push
from pinesync.sync.engine.snapshot import take_snapshot
from pinesync.sync.engine.transaction import transaction
from pinesync.sync.intents import Intent
from pinesync.sync.outcome import Outcome, Run
from pinesync.sync.ports import IntentLog, Ports, Tools
from pinesync.text.pine_syntax import check
from tests.fakes.clock import Clock
from tests.fakes.remote import OWNER, FakeRemote, Turn
from tests.fakes.tools import Threads, merge, submit
from tests.fakes.workspace import InMemory, Place

BASE = "//@version=6\nindicator('One')\nplot(close)\n"
MINE = BASE + "// mine\n"
THEIRS = "// theirs\n" + BASE
Edited = tuple[PineId, str]
"""A script and its path."""


class Bench:
    """A workspace, the service, and a person who runs `push` and `pull`. `after_write` is called
    after each write of an intent."""

    def __init__(self, place: Place | None = None) -> None:
        self.place = place or InMemory(OWNER)
        self.fake = FakeRemote()
        self.clock = Clock()
        self.after_write: Callable[[Intent], object] = lambda _: None
        keys = count(1)
        self._tools = Tools(
            merge=merge,
            syntax=check,
            now=self.clock.now,
            sleep=self.clock.sleep,
            new_key=lambda: f"{next(keys):04}-aa",
            parallel=Threads(),
            submit=submit,
        )

    def ports(self) -> Ports:
        """The arguments of the next command."""
        self.place.reopen()
        place, tools = self.place, self._tools
        log = cast("IntentLog", _Telling(place.log, self.after_write))
        return Ports(lambda: self.fake, place.manifest, place.tree, place.texts, log, tools)

    # -- the person ----------------------------------------------------------------------------

    def script(self, name: str, *texts: str) -> tuple[PineId, str]:
        """Create and pull a script; return its id and path."""
        pine_id = self.fake.add(name, *texts)
        self.pull()
        (path,) = (e.path for e in self.entries.values() if e.pine_id == pine_id)
        return pine_id, path

    def write(self, path: str, text: str) -> None:
        self.place.write(path, text.encode())

    def read(self, path: str) -> str:
        return self.place.files()[path].decode()

    def add(self, path: str, name: str) -> None:
        """A file is listed, to be created by the next push."""
        self.place.manifest.commit({RelPath(path): Entry(RelPath(path), name)})

    def push(self, *paths: str, **options: Any) -> Run:
        with transaction(self.ports(), "push", online=True) as tx:
            return tx.run(push.push(tx, [*paths], **options))

    def push_one(self, turn: Turn) -> Outcome:
        """Push one script, with this plan for its save."""
        self.fake.next_save(turn)
        return only(self.push())

    def pull(self, *paths: str, **options: Any) -> Run:
        with transaction(self.ports(), "pull", online=True) as tx:
            return tx.run(pull.pull(tx, [*paths], **options))

    # -- what is there then --------------------------------------------------------------------

    @property
    def entries(self) -> dict[str, Entry]:
        return {str(path): entry for path, entry in self.place.manifest.entries().items()}

    def base(self, path: str) -> int:
        base = self.entries[path].base
        return base.version.major if base else 0

    def statuses(self) -> dict[str, str]:
        view = take_snapshot(self.ports())
        return {situation.path: situation.word for situation in view.states}

    def records(self) -> list[Intent]:
        return [*self.place.log.intents()]

    def open_records(self) -> list[Intent]:
        return [r for r in self.place.log.intents() if r.is_open]

    def disk(self) -> tuple[object, ...]:
        """Every file, entry and record."""
        return dict(self.place.files()), self.entries, self.records()

    def check_sound(self) -> None:
        """Check the invariants: no base is ahead of the service or of the versions read, and no
        leftover file."""
        for entry in self.entries.values():
            if entry.base and entry.pine_id in self.fake.scripts:
                script = self.fake.scripts[entry.pine_id]
                assert entry.base.version <= script.newest
                saved = self.fake.get(entry.pine_id, entry.base.version)
                assert saved.digest == entry.base.digest
        assert not [path for path in self.place.files() if ".pinesync-" in path]

    def check_settled(self) -> None:
        """One more run has nothing to do: it sends and writes nothing."""
        before, posted = self.disk(), len(self.fake.posted)
        self.push()
        assert len(self.fake.posted) == posted
        assert self.disk() == before
        self.check_sound()


class _Telling:
    """A log of intents that reports each write."""

    def __init__(self, log: IntentLog, told: Callable[[Intent], object]) -> None:
        self._log, self._told = log, told

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    def write(self, intent: Intent) -> None:
        self._log.write(intent)
        self._told(intent)


def only(run: Run) -> Outcome:
    """The only outcome of a run that only a web page may have stopped."""
    assert run.stopped is None or isinstance(run.stopped, BotCheck), run.stopped
    assert len(run.outcomes) == 1, run.outcomes
    return run.outcomes[0]
