"""A folder and an account on the real sandbox, through the real client, all in this process.

Every edit is a line with a mark of its own, as in `world`; what is saved in the web editor says so
in the version's author, so that our own saves can be counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pinesync.commands import project
from pinesync.commands.clone import clone
from pinesync.commands.pull import pull
from pinesync.commands.push import push
from pinesync.commands.status import status
from pinesync.errors import EXIT_ACCESS, EXIT_LATER, PinesyncError
from pinesync.remote import credentials
from pinesync.remote.client import PineClient
from pinesync.remote.session import Session, Transport
from pinesync.sandbox.account import USER_NAME, open_sandbox
from pinesync.sandbox.adapter import IN_PROCESS_URL, WSGIAdapter
from pinesync.sandbox.app import SandboxApp
from pinesync.sync.intents import Now
from pinesync.sync.outcome import Run
from pinesync.text import canonical, digest
from tests.campaign.world import SETTLE, START, Fuse, Fused

MARK = re.compile(r"// (?:mark|edited in the web editor after) ([\w.]+)")
BY = "web editor"
CODES = frozenset((0, 1, 2, 3, 4, 5, 6, 7))
"""What a command may end with: 70 is a bug, and 130 is for people."""


@dataclass
class Facade:
    base: Path
    clock: float = 1_000_000.0
    fuse: Fuse = field(default_factory=Fuse)
    codes: list[int] = field(default_factory=list)
    told: set[str] = field(default_factory=set)
    """The scripts' paths, or names, that somebody was told of for good: not for a broken line."""
    marks: int = 0
    completed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        store = open_sandbox(self.base / "sandbox", "default", lambda: self.clock)
        self.user = store.ensure_user(USER_NAME)
        self.app = SandboxApp(store)
        self.store, self.plan = store, self.app.plan
        self.secret = credentials.parse(self.user.cookie, IN_PROCESS_URL)

    @property
    def root(self) -> Path:
        return self.base / "scripts"

    def file(self, name: str) -> Path:
        return self.root / "indicators" / f"{name}.pine"

    def setup(self, cwd: Path | None = None) -> project.Setup:
        places = project.Places(self.base / "config", self.base / "state", self.base / "sandbox")
        return project.Setup(cwd or self.root, places, jobs=1, settle_seconds=SETTLE)

    def client(self) -> PineClient:
        transport = Transport(adapter=WSGIAdapter(self.app), sleep=lambda _: None)
        return PineClient(Session(IN_PROCESS_URL, self.secret, transport))

    def begin(self, *names: str) -> Facade:
        for name in names:
            title = START.replace("campaign", name)
            self.store.save_new(self.user, name, title, author=BY)
        clone(self.setup(self.base), "scripts", remote="tradingview")
        return self

    # -- what people do ------------------------------------------------------------------------

    def marked(self, text: str, kind: str) -> str:
        self.marks += 1
        place = f"// part {self.marks % 12}\n"
        marked = text.replace(place, f"{place}// mark {kind}{self.marks}\n", 1)
        self.completed |= marks_of(marked)
        return marked

    def edit(self, name: str) -> None:
        """The person saves the file, edited; one that is not there is new, and listed."""
        file = self.file(name)
        text = file.read_text() if file.exists() else START.replace("campaign", name)
        file.write_text(self.marked(text, "L"))

    def web_save(self, name: str) -> None:
        newest = self.store.find(self.user, name)
        assert newest
        text = self.store.get(newest.pine_id).source
        self.store.save_next(self.user, newest.pine_id, self.marked(text, "W"), author=BY)

    # -- what pinesync does --------------------------------------------------------------------

    def command(self, act: Callable[[project.Setup], Run]) -> int:
        """Run a command; its exit code. What it tells of a script that is left alone is noted."""
        try:
            run = act(self.setup())
            code = run.exit_code
            self.told |= {o.path for o in run.outcomes if o.exit_code == 3 or "tab" in o.message}
        except PinesyncError as error:
            code = error.exit_code
        assert code in CODES
        self.codes.append(code)
        return code

    def sync(self) -> list[int]:
        return [self.command(pull), self.command(push)]

    def heal(self) -> None:
        """Nothing more goes wrong, what is under way arrives, time passes, and two syncs follow."""
        self.plan.clear()
        self.plan.release()
        for _ in range(2):
            self.clock += SETTLE + 1
            self.sync()

    # -- what must hold ------------------------------------------------------------------------

    def logs(self) -> dict[str, list[tuple[str, str]]]:
        """The versions of each script by its id: author and text."""
        return {
            info.pine_id: [(one.author, one.source) for one in self.store.history(info.pine_id)]
            for info in self.store.list(self.user)
        }

    def check_always(self) -> None:
        """No base is ahead of the service, every mark is readable, no temporary file is left."""
        logs = self.logs()
        for entry in project.open_project(self.setup()).workspace.manifest.entries().values():
            if entry.base is None or entry.pine_id not in logs:
                continue
            log = logs[entry.pine_id]
            assert entry.base.version.major <= len(log), "the base is ahead of the service"
            assert entry.base.digest == digest(log[entry.base.version.major - 1][1])
        texts = [text for log in logs.values() for _, text in log]
        places = (self.root.rglob("*.pine"), (self.base / "state").glob("*/objects/*/*"))
        texts += [path.read_text() for place in places for path in place if path.is_file()]
        texts += [path.read_text() for path in self.root.rglob(".pinesync*")]
        assert self.completed <= set().union(*map(marks_of, texts)), "lost for good"

    def check_rest(self) -> None:
        self.check_always()
        assert not list(self.root.rglob(".pinesync*"))
        self.check_one_save_is_one_version()
        self.check_nothing_lost_in_silence()
        before = self.everything()
        codes = self.sync()
        assert self.everything() == before, "one more run did something"
        assert not {EXIT_ACCESS, EXIT_LATER} & set(codes), "it is not healed"

    def check_one_save_is_one_version(self) -> None:
        ours = [(i, text) for i, log in self.logs().items() for by, text in log if by != BY]
        assert len(ours) == len(set(ours)), "a text was saved twice"

    def check_nothing_lost_in_silence(self) -> None:
        """A clean script has every mark in its newest version, or somebody was told of it; of one
        that is not clean somebody was told."""
        logs = self.logs()
        for line in status(self.setup()).lines:
            if line.word != "clean":
                assert line.path in self.told, f"nobody was told of {line}"
            elif line.path not in self.told and line.pine_id:
                log = logs[line.pine_id]
                made = set().union(*(marks_of(text) for _, text in log))
                made |= marks_of((self.root / line.path).read_text())
                assert made <= marks_of(log[-1][1]), "lost in silence"
                here = canonical((self.root / line.path).read_text())
                assert marks_of(here) == marks_of(log[-1][1])

    def everything(self) -> tuple[object, ...]:
        files = {p: p.read_bytes() for p in sorted(self.root.rglob("*")) if p.is_file()}
        return files, self.logs(), self.plan.asked("save_next"), self.plan.asked("save_new")


def marks_of(text: str) -> set[str]:
    return set(MARK.findall(text))


@contextmanager
def opened(base: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Facade]:
    """Commands reach the account through the real client, the folder and the clock through us."""
    made = project.folder_at
    facade = Facade(base)

    def folder_at(*args: object, **kwargs: object) -> object:
        return Fused(made(*args, **kwargs), facade.fuse)  # type: ignore[arg-type]

    def client(*_: object, **__: object) -> object:
        return Fused(facade.client(), facade.fuse)

    with monkeypatch.context() as patch:
        patch.setattr(project, "folder_at", folder_at)
        patch.setattr(project, "open_remote", client)
        patch.setattr("pinesync.commands.clone.open_remote", client)
        patch.setattr(project, "now", lambda: Now(0.0, facade.clock, "boot"))
        patch.setattr("time.sleep", lambda _: None)
        yield facade
    facade.store.close()
