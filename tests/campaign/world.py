"""A small world for histories: one script, a service, a folder, a person at each of them.

Every edit is a line with a mark of its own (L1, W1 …), so that "no work is lost" can be read off
the texts: a mark that nobody removed on purpose must be in the newest version, or somebody was
told; and every mark must be readable somewhere, whatever happened.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from pinesync.commands import clone, project
from pinesync.commands.pull import pull
from pinesync.commands.push import push
from pinesync.commands.status import status
from pinesync.errors import NetworkError, PinesyncError
from pinesync.model import PineId, RelPath, Version
from pinesync.sync.intents import Now
from pinesync.sync.outcome import Run
from pinesync.text import canonical, digest
from tests.fakes import FakeRemote, Turn

START = "//@version=6\nindicator('campaign')\n" + "".join(f"// part {n}\n\n" for n in range(12))
MARK = re.compile(r"// mark (\w+)")
SETTLE = 180.0
NOBODY = PineId("USER;" + "0" * 32)


EFFECTS = frozenset(
    ("write_record", "drop_intents", "put", "commit", "keep", "remember", "save_next", "save_new")
)
"""The calls that change something: between them a crash leaves the same as right after them."""


class Crash(BaseException):
    """The process is gone: nothing of it runs any more, `finally` does nothing either."""


@dataclass
class Fuse:
    """Counts the calls through it, and burns at one of them, by number or by name: from then on
    all calls fail."""

    at: int | str | None = None
    count: int = 0
    burnt: bool = False
    names: list[str] = field(default_factory=list)

    def pass_through(self, name: str) -> None:
        if self.burnt:
            raise Crash
        if name not in EFFECTS:
            return
        self.count += 1
        self.names.append(name)
        if self.at == name or (isinstance(self.at, int) and self.count >= self.at):
            self.burnt = True
            raise Crash


class Fused:
    """An object whose methods go through a fuse."""

    def __init__(self, inner: object, fuse: Fuse) -> None:
        self._inner = inner
        self._fuse = fuse

    def __getattr__(self, name: str) -> object:
        found = getattr(self._inner, name)
        if name.startswith("_") or not callable(found):
            return found

        def call(*args: object, **kwargs: object) -> object:
            self._fuse.pass_through(name)
            return found(*args, **kwargs)

        return call


@dataclass
class World:
    """One script on the service and in the folder."""

    base: Path
    remote: FakeRemote = field(default_factory=FakeRemote)
    clock: float = 1_000_000.0
    fuse: Fuse = field(default_factory=Fuse)
    told: list[str] = field(default_factory=list)
    stops: list[PinesyncError] = field(default_factory=list)
    removed: set[str] = field(default_factory=set)
    made: set[str] = field(default_factory=set)
    late: list[Callable[[], None]] = field(default_factory=list)
    tab: tuple[int, str] = (1, "")
    pine_id: PineId = NOBODY
    path: str = "indicators/campaign.pine"
    marks: int = 0

    @property
    def root(self) -> Path:
        return self.base / "scripts"

    @property
    def file(self) -> Path:
        return self.root / self.path

    @property
    def log(self) -> list[str]:
        return self.remote.scripts[self.pine_id].texts

    @property
    def newest(self) -> str:
        return self.log[-1]

    def setup(self) -> project.Setup:
        places = project.Places(self.base / "config", self.base / "state", self.base / "sandbox")
        return project.Setup(self.root, places, jobs=1, settle_seconds=SETTLE)

    def begin(self) -> World:
        """A clone of an account with one script."""
        self.pine_id = self.remote.add("campaign", START)
        self.tab = (1, START)
        clone.clone(replace(self.setup(), cwd=self.base), "scripts", remote="tradingview")
        return self

    # -- what people do ------------------------------------------------------------------------

    def _marked(self, text: str, kind: str) -> str:
        """The text with a new line, each time in another part, so that merges are clean."""
        self.marks += 1
        mark = f"{kind}{self.marks}"
        self.made.add(mark)
        place = f"// part {self.marks % 12}\n"
        return text.replace(place, f"{place}// mark {mark}\n", 1)

    def edit(self) -> None:
        """The person saves the file in an editor."""
        self.file.write_text(self._marked(self.file.read_text(), "L"))

    def web_fresh(self) -> None:
        """Somebody opens the newest version in the web editor and saves it, edited."""
        self.remote.web_save(self.pine_id, self._marked(self.newest, "W"))
        self.tab = (len(self.log), self.newest)

    def web_stale(self) -> None:
        """A tab that was opened before the last saves is saved, edited."""
        self.remote.web_save(self.pine_id, self._marked(self.tab[1], "S"))
        self.tab = (len(self.log), self.newest)

    def web_revert(self) -> None:
        """Somebody goes back to the version before, on purpose."""
        older = next((t for t in reversed(self.log) if t != self.newest), None)
        if older is None:
            return
        self.removed = (self.removed | marks_of(self.newest)) - marks_of(older)
        self.remote.web_save(self.pine_id, older)
        self.tab = (len(self.log), older)

    def web_rename(self) -> None:
        self.remote.web_rename(self.pine_id, f"renamed {len(self.log)}")

    def arrive(self) -> None:
        """A save that was under way all the time is stored now."""
        if self.late:
            self.late.pop(0)()

    def wait(self) -> None:
        """More time than a save may take."""
        self.clock += SETTLE + 1

    # -- what pinesync does --------------------------------------------------------------------

    def sync(self, *, crash_at: int | str | None = None, turn: Turn | None = None) -> bool:
        """One pull and one push, as two commands; whether both came to their end."""
        self.fuse = Fuse(crash_at)
        if turn:
            self.remote.next_save(turn)
        try:
            for command in (pull, push):
                try:
                    self._heard(command(self.setup()))
                except PinesyncError as error:
                    self.stops.append(error)
        except Crash:
            return False
        finally:
            self.remote.forget_turns()
            self.fuse = Fuse()
        return True

    def _heard(self, run: Run) -> None:
        """That a save is pending, or something failed, tells nobody that a text is hidden."""
        for outcome in run.outcomes:
            silent = outcome.done in ("recovered", "pending", "failed")
            if outcome.message and (not silent or "browser tab" in outcome.message):
                self.told.append(f"{outcome.done}: {outcome.message}")

    def lost(self) -> Turn:
        """The next save is stored, and its answer lost."""
        return Turn(stores=True, error=NetworkError("reset"))

    def delayed(self) -> Turn:
        """The next save times out here, and is stored when `arrive` says."""

        def hold() -> None:
            text = self.remote.posted[-1]
            self.late.append(lambda: self.remote.web_save(self.pine_id, text))

        return Turn(stores=False, error=NetworkError("timeout"), after=hold)

    def dropped(self) -> Turn:
        """The next save never reaches the service."""
        return Turn(stores=False, error=NetworkError("reset"))

    def slipped(self) -> Turn:
        """Somebody saves between the last look and the next save."""
        return Turn(before=self.web_fresh)

    # -- what must hold ------------------------------------------------------------------------

    def check_always(self) -> None:
        """The base is a version that is there, and every mark is readable somewhere."""
        folder = project.open_project(self.setup()).workspace
        for entry in folder.manifest.entries().values():
            if entry.base is None or entry.pine_id is None:
                continue
            texts = self.remote.scripts[entry.pine_id].texts
            assert entry.base.version.major <= len(texts), "the base is ahead of the service"
            there = texts[entry.base.version.major - 1]
            assert entry.base.digest == digest(there), "the base is not that version's text"
        readable = set().union(*(marks_of(text) for text in self._readable()))
        assert self.made <= readable, f"lost for good: {self.made - readable}"

    def _readable(self) -> Iterator[str]:
        yield from self.log
        if self.file.exists():
            yield canonical(self.file.read_text())
        for left in self.root.rglob(".pinesync*"):
            yield left.read_text()  # until the next run, which puts it back
        for stored in (self.base / "state").glob("*/objects/*/*"):
            yield stored.read_text()

    def check_rest(self) -> None:
        """Healed and synced, nothing is lost in silence, and running it again does nothing."""
        self.check_always()
        leftovers = [p.name for p in self.root.rglob(".pinesync*")]
        assert not leftovers, f"left behind: {leftovers}"
        found = status(self.setup())
        quiet = all(line.word == "clean" for line in found.lines)
        if not self.told:
            assert quiet, f"nobody was told of {found.lines}"
            kept = marks_of(self.newest)
            lost = self.made - self.removed - kept
            assert not lost, f"lost in silence: {lost}"
            assert not self.removed & kept, f"back from the dead: {self.removed & kept}"
            assert canonical(self.file.read_text()) == self.newest
        before = (len(self.remote.posted), self.file.read_bytes(), self._manifest())
        self.sync()
        after = (len(self.remote.posted), self.file.read_bytes(), self._manifest())
        assert before == after, "one more run did something"

    def everything(self) -> tuple[object, ...]:
        """Files, pine.toml, the versions there, and what was begun."""
        files = {path: path.read_bytes() for path in sorted(self.root.rglob("*.pine"))}
        records = sorted((self.base / "state").glob("*/records/*"))
        return files, self._manifest(), tuple(self.log), tuple(r.read_bytes() for r in records)

    def _manifest(self) -> bytes:
        return (self.root / "pine.toml").read_bytes()

    def rest(self) -> None:
        """Everything arrives, time passes, and two runs follow."""
        for _ in range(3):
            self.arrive()
            self.wait()
            self.sync()

    def base_version(self) -> Version:
        base = (
            project.open_project(self.setup()).workspace.manifest.entries()[RelPath(self.path)].base
        )
        assert base
        return base.version


def marks_of(text: str) -> set[str]:
    return set(MARK.findall(text))


@contextmanager
def opened(
    base: Path, monkeypatch: pytest.MonkeyPatch, kind: type[World] | None = None
) -> Iterator[World]:
    """A world whose commands reach its service, folder and clock through its fuse."""
    world = (kind or World)(base)
    base.mkdir(exist_ok=True)
    made = project.folder_at

    def folder_at(*args: object, **kwargs: object) -> object:
        return Fused(made(*args, **kwargs), world.fuse)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(project, "folder_at", folder_at)
        patch.setattr(project, "open_remote", lambda *_, **__: Fused(world.remote, world.fuse))
        patch.setattr(clone, "open_remote", lambda *_, **__: world.remote)
        patch.setattr(project, "now", lambda: Now(0.0, world.clock, "boot"))
        patch.setattr("time.sleep", lambda _: None)
        yield world.begin()
