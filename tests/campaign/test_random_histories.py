"""Random histories of two scripts on the real commands, workspace, client and sandbox, with
crashes and faults. Hypothesis shrinks a failing one."""

import os
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from pinesync.app.project import Setup
from pinesync.app.sync.pull import pull
from pinesync.app.sync.push import push
from pinesync.app.sync.status import status
from pinesync.cli.scripts.add import add
from pinesync.cli.scripts.rm import rm
from pinesync.cli.sync.resolve import Side, resolve
from pinesync.cli.versions.restore import restore
from pinesync.errors import PinesyncError
from pinesync.sync.outcome import Run
from tests.world import MARK, SETTLE, Account, Crash, Fuse
from tests.world.many_scripts import ManyScripts, opened

pytestmark = pytest.mark.promise(6, 19)

NAMES = ("one", "two")
names = st.sampled_from(NAMES)
FAULTS = [
    f"{endpoint}:{calls}:{kind}:{when}"
    for endpoint in ("list", "get", "save_next", "save_new")
    for calls in ("1", "2", "1+")
    for kind in ("500", "html", "reset", "truncate", "expire", "delay")
    for when in ("before", "after")
] + [f"save_next:1:{kind}:{when}" for kind in ("foreign", "foreign-rename") for when in ("before",)]


class Machine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        base = self.stack.enter_context(
            tempfile.TemporaryDirectory(dir=os.environ["HOME"], prefix="pinesync-test-")
        )
        patch = self.stack.enter_context(pytest.MonkeyPatch.context())
        self.facade: ManyScripts = self.stack.enter_context(opened(Path(base), patch))
        self.cleanly = True
        """Whether a pull or push came to its end since the last crash."""

    def teardown(self) -> None:
        try:
            self.heals()
        finally:
            self.stack.close()

    # -- people --------------------------------------------------------------------------------

    @initialize()
    def begin(self) -> None:
        self.facade.put(*NAMES)

    @rule(name=names)
    def edits(self, name: str) -> None:
        if self.facade.file(name).exists():
            self.facade.edit(name)

    @rule(name=names)
    def saves_in_the_web_editor(self, name: str) -> None:
        self.facade.web_save(name)

    @rule(name=names)
    def goes_back_in_the_web_editor(self, name: str) -> None:
        store, user = self.facade.store, self.facade.user
        found = store.find(user, name)
        assert found
        if len(log := store.history(found.pine_id)) > 1:
            store.save_next(user, found.pine_id, log[-2].source, author=Account.BY)

    @rule(name=names)
    def removes_the_file(self, name: str) -> None:
        """A text that is in no version is backed up before the file is deleted."""
        file = self.facade.file(name)
        if file.exists():
            self.facade.made -= set(MARK.findall(file.read_text()))
            file.unlink()

    # -- commands ------------------------------------------------------------------------------

    def run(self, act: Callable[[], object], at: int | None = None) -> None:
        self.facade.fuse = Fuse(at)
        try:
            with suppress(PinesyncError):
                act()
        except Crash:
            self.cleanly = False
        finally:
            self.facade.fuse = Fuse()

    def syncs(self, verb: Callable[[Setup], Run], at: int | None) -> None:
        self.cleanly = True
        self.run(lambda: self.facade.command(verb), at)

    @rule(at=st.none() | st.integers(1, 14))
    def pulls(self, at: int | None) -> None:
        self.syncs(pull, at)

    @rule(at=st.none() | st.integers(1, 14))
    def pushes(self, at: int | None) -> None:
        self.syncs(push, at)

    @rule()
    def looks(self) -> None:
        before = self.facade.everything()
        self.run(lambda: status(self.facade.setup()))
        assert self.facade.everything() == before

    @rule(name=names, at=st.none() | st.integers(1, 5))
    def restores(self, name: str, at: int | None) -> None:
        path = f"indicators/{name}.pine"
        self.run(lambda: self.facade.command(lambda setup: restore(setup, [path])), at)

    @rule(name=names, side=st.sampled_from(["ours", "theirs", "merged"]))
    def resolves(self, name: str, side: Side) -> None:
        path = f"indicators/{name}.pine"
        self.run(lambda: self.facade.command(lambda setup: resolve(setup, [path], side)))

    @rule(name=names)
    def forgets_and_lists(self, name: str) -> None:
        path = f"indicators/{name}.pine"
        self.run(lambda: rm(self.facade.setup(), [path]))
        found = self.facade.store.find(self.facade.user, name)
        assert found
        self.run(lambda: add(self.facade.setup(), [path], pine_id=found.pine_id))

    # -- the world -----------------------------------------------------------------------------

    @rule(fault=st.sampled_from(FAULTS))
    def goes_wrong(self, fault: str) -> None:
        self.facade.plan.add(fault)

    @rule()
    def is_well_again(self) -> None:
        self.facade.plan.clear()

    @rule()
    def arrives_late(self) -> None:
        self.facade.plan.release()

    @rule()
    def time_passes(self) -> None:
        self.facade.clock.wait(SETTLE + 1)

    # -- what must hold ------------------------------------------------------------------------

    @invariant()
    def always(self) -> None:
        if self.facade.root.exists():
            self.facade.check_always()

    @precondition(lambda self: self.cleanly)
    @invariant()
    def nothing_is_left_over(self) -> None:
        assert not list(self.facade.root.rglob(".pinesync*"))

    def heals(self) -> None:
        """Synced three times, the third run sends and writes nothing."""
        if not self.facade.root.exists():
            return
        self.facade.heal()
        self.facade.check_always()
        before = self.facade.everything()
        self.facade.sync()
        assert self.facade.everything() == before, "the third run did something"


@pytest.mark.timeout(1800)
def test_random_histories_lose_no_work(home: Path, request: pytest.FixtureRequest) -> None:
    deep = request.config.getoption("--deep")
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=3_000 if deep else 250,
            stateful_step_count=40 if deep else 20,
            phases=set(Phase) - {Phase.explain},
        ),
    )
