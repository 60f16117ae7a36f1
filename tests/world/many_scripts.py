"""A world of many scripts, on the real sandbox through the real client, all in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pinesync.app.project import Setup
from pinesync.app.sync.pull import pull
from pinesync.app.sync.push import push
from pinesync.app.sync.status import status
from pinesync.errors import EXIT_ACCESS, EXIT_LATER, PinesyncError
from pinesync.sync.outcome import Run
from pinesync.text.canonical import canonical
from tests.fakes import Clock
from tests.world.account import Account
from tests.world.folder import SETTLE
from tests.world.marked import START, Marked, marks_of

CODES = frozenset((0, 1, 2, 3, 4, 5, 6, 7))
"""What a command may end with: 70 is a bug, and 130 is for people."""


@dataclass(kw_only=True)
class ManyScripts(Marked):
    remote: Account
    codes: list[int] = field(default_factory=list)
    warned: set[str] = field(default_factory=set)
    """The paths or names of scripts with a permanent warning, which a broken line is not."""

    def __post_init__(self) -> None:
        self.app, self.plan = self.remote.app, self.remote.plan
        self.store, self.user = self.remote.store, self.remote.user

    def file(self, name: str) -> Path:
        return self.root / "indicators" / f"{name}.pine"

    # -- what people do ------------------------------------------------------------------------

    def edit(self, name: str) -> None:
        """The person saves the file, edited; one that is not there is new, and listed."""
        file = self.file(name)
        text = file.read_text() if file.exists() else START.replace("campaign", name)
        file.write_text(self.marked(text, "L"))

    def web_save(self, name: str) -> None:
        pine_id = self.remote.id_of(name)
        self.remote.web_save(pine_id, self.marked(self.store.get(pine_id).source, "W"))

    # -- what pinesync does --------------------------------------------------------------------

    def command(self, act: Callable[[Setup], Run]) -> int:
        """Run a command and return its exit code. Record its warnings about scripts left alone."""
        try:
            run = act(self.setup())
            code = run.exit_code
            self.warned |= {o.path for o in run.outcomes if o.exit_code == 3 or "tab" in o.message}
        except PinesyncError as error:
            code = error.exit_code
        assert code in CODES
        self.codes.append(code)
        return code

    def sync(self) -> list[int]:
        return [self.command(pull), self.command(push)]

    def heal(self) -> None:
        """No more faults: requests on their way arrive, time passes, and two syncs follow."""
        self.plan.clear()
        self.plan.release()
        for _ in range(2):
            self.clock.wait(SETTLE + 1)
            self.sync()

    # -- what must hold ------------------------------------------------------------------------

    def logs(self) -> dict[str, list[tuple[str, str]]]:
        """The versions of each script by its id: author and text."""
        return {
            info.pine_id: [
                (version.author, version.source) for version in self.store.history(info.pine_id)
            ]
            for info in self.store.list(self.user)
        }

    def check_converged(self) -> None:
        self.check_always()
        self.check_nothing_left()
        self.check_one_save_is_one_version()
        self.check_nothing_lost_in_silence()
        before = self.everything()
        codes = self.sync()
        assert self.everything() == before, "one more run did something"
        assert not {EXIT_ACCESS, EXIT_LATER} & set(codes), "it is not healed"

    def check_one_save_is_one_version(self) -> None:
        ours = [(i, text) for i, log in self.logs().items() for by, text in log if by != Account.BY]
        assert len(ours) == len(set(ours)), "a text was saved twice"

    def check_nothing_lost_in_silence(self) -> None:
        """A clean script has every mark in its newest version, or somebody was warned; for any
        other script, somebody was warned."""
        logs = self.logs()
        for line in status(self.setup()).lines:
            if line.word != "clean":
                assert line.path in self.warned, f"nobody was told of {line}"
            elif line.path not in self.warned and line.pine_id:
                log = logs[line.pine_id]
                made = set().union(*(marks_of(text) for _, text in log))
                made |= marks_of((self.root / line.path).read_text())
                assert made <= marks_of(log[-1][1]), "lost in silence"
                here = canonical((self.root / line.path).read_text())
                assert marks_of(here) == marks_of(log[-1][1])

    def everything(self) -> tuple[object, ...]:
        files = {p: p.read_bytes() for p in sorted(self.root.rglob("*")) if p.is_file()}
        return files, self.logs(), self.plan.asked("save_next"), self.plan.asked("save_new")


@contextmanager
def opened(base: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ManyScripts]:
    clock = Clock()
    world = ManyScripts(pinesync_home=base, remote=Account(base / "sandbox", clock), clock=clock)
    with world.wired(monkeypatch):
        yield world
    world.remote.close()
