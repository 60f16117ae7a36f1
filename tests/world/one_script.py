"""A world of one script, on a service in memory: for histories of many events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pinesync.app.sync.pull import pull
from pinesync.app.sync.push import push
from pinesync.app.sync.status import status
from pinesync.errors import NetworkError, PinesyncError
from pinesync.model import PineId, RelPath, Version
from pinesync.sync.outcome import Run
from pinesync.text.canonical import canonical
from tests.fakes import FakeRemote, Turn
from tests.world.folder import SETTLE
from tests.world.fuse import Crash, Fuse
from tests.world.marked import START, Marked, marks_of

NOBODY = PineId("USER;" + "0" * 32)


@dataclass(kw_only=True)
class OneScript(Marked):
    """The script on the service and in the workspace, with a person at each."""

    remote: FakeRemote = field(default_factory=FakeRemote)
    warnings: list[str] = field(default_factory=list)
    stops: list[PinesyncError] = field(default_factory=list)
    removed: set[str] = field(default_factory=set)
    late: list[Callable[[], None]] = field(default_factory=list)
    tab: tuple[int, str] = (1, START)
    pine_id: PineId = NOBODY
    path: str = "indicators/campaign.pine"

    @property
    def file(self) -> Path:
        return self.root / self.path

    @property
    def log(self) -> list[str]:
        return self.remote.scripts[self.pine_id].texts

    @property
    def newest(self) -> str:
        return self.log[-1]

    def begin(self) -> None:
        self.put("campaign")
        (self.pine_id,) = self.remote.scripts

    # -- what people do ------------------------------------------------------------------------

    def edit(self) -> None:
        """The person saves the file in an editor."""
        self.file.write_text(self.marked(self.file.read_text(), "L"))

    def web_fresh(self) -> None:
        """Somebody opens the newest version in the web editor and saves it, edited."""
        self.remote.web_save(self.pine_id, self.marked(self.newest, "W"))
        self.tab = (len(self.log), self.newest)

    def web_stale(self) -> None:
        """A tab that was opened before the last saves is saved, edited."""
        self.remote.web_save(self.pine_id, self.marked(self.tab[1], "S"))
        self.tab = (len(self.log), self.newest)

    def web_revert(self) -> None:
        """Somebody restores the previous version on purpose."""
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
        self.clock.wait(SETTLE + 1)

    # -- what pinesync does --------------------------------------------------------------------

    def sync(self, *, crash_at: int | str | None = None, turn: Turn | None = None) -> bool:
        """One pull and one push, as two commands; return whether both finished."""
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
        """A pending save or a failure is not a warning of a hidden text."""
        for outcome in run.outcomes:
            silent = outcome.done in ("recovered", "pending", "failed")
            if outcome.message and (not silent or "browser tab" in outcome.message):
                self.warnings.append(f"{outcome.done}: {outcome.message}")

    def lost(self) -> Turn:
        """The next save is stored, and its answer lost."""
        return Turn(stores=True, error=NetworkError("reset"))

    def delayed(self) -> Turn:
        """The next save times out here, and is stored on `arrive`."""

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

    def check_converged(self) -> None:
        """Healed and synced, nothing is lost in silence, and running it again does nothing."""
        self.check_always()
        self.check_nothing_left()
        found = status(self.setup())
        quiet = all(line.word == "clean" for line in found.lines)
        if not self.warnings:
            assert quiet, f"nobody was told of {found.lines}"
            newest = marks_of(self.newest)
            lost = self.made - self.removed - newest
            assert not lost, f"lost in silence: {lost}"
            assert not self.removed & newest, f"back from the dead: {self.removed & newest}"
            assert canonical(self.file.read_text()) == self.newest
        before = (len(self.remote.posted), self.file.read_bytes(), self._manifest())
        self.sync()
        after = (len(self.remote.posted), self.file.read_bytes(), self._manifest())
        assert before == after, "one more run did something"

    def everything(self) -> tuple[object, ...]:
        """Files, pine.toml, the versions on the service, and the intents."""
        files = {path: path.read_bytes() for path in sorted(self.root.rglob("*.pine"))}
        records = sorted((self.pinesync_home / "state").glob("*/records/*"))
        return files, self._manifest(), tuple(self.log), tuple(r.read_bytes() for r in records)

    def _manifest(self) -> bytes:
        return (self.root / "pine.toml").read_bytes()

    def heal(self) -> None:
        """Everything arrives, time passes, and two runs follow."""
        for _ in range(3):
            self.arrive()
            self.wait()
            self.sync()

    def base_version(self) -> Version:
        base = self.project().workspace.manifest.entries()[RelPath(self.path)].base
        assert base
        return base.version


@contextmanager
def opened(
    base: Path, monkeypatch: pytest.MonkeyPatch, kind: type[OneScript] = OneScript
) -> Iterator[OneScript]:
    base.mkdir(exist_ok=True)
    world = kind(pinesync_home=base)
    with world.wired(monkeypatch):
        world.begin()
        yield world
