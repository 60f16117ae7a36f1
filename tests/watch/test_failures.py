"""Trouble during a watch: no session, a full disk, a folder that disappears."""

import errno
import os
import threading
from collections.abc import Collection
from typing import Any

import pytest

from pinesync.app.sync.push import push
from pinesync.errors import FileError, Locked, Misuse
from pinesync.model import Account, RelPath
from pinesync.sandbox.faults import Fault
from pinesync.tradingview import cookies, signins
from pinesync.watch import uploader as sending
from pinesync.watch.events import Done
from pinesync.watch.files import Files
from pinesync.workspace.state.text_store import TextStore
from tests.watch.conftest import Watching
from tests.world import BREAKOUT, BREAKOUT_PATH, LONGER, SLOWER, TREND, both_ways

pytestmark = both_ways


@pytest.mark.parametrize("kind", ["html", "html-login", "redirect"])
def test_a_bot_check_is_reported_and_ends_the_requests(watching: Watching, kind: str) -> None:
    world = watching.start(poll=0.02).world
    world.plan.add(f"*:*:{kind}")
    assert watching.trouble().exit_code == 5
    before = len(world.plan.log)
    world.write(LONGER)
    watching.until(lambda event: event.event == "quiet" and event.waiting == 1)
    assert len(world.plan.log) == before
    world.plan.clear()
    watching.press("p")
    assert watching.done().done == "saved"
    assert world.saved() == [TREND, LONGER]


def test_watch_continues_after_a_login(watching: Watching) -> None:
    world = watching.start().world
    world.plan.add("*:*:html")
    world.write(LONGER)
    assert watching.trouble().exit_code == 5
    world.plan.clear()
    config = watching.setup.places.config
    signins.store(config, cookies.parse(world.user.cookie), Account("sandbox"), 0)
    assert watching.done().done == "saved"


def test_a_removed_folder_ends_watch(watching: Watching) -> None:
    world = watching.start().world
    world.folder.rename(world.place / "elsewhere")
    with pytest.raises(Misuse, match="scripts: the folder is gone"):
        watching.until(lambda event: False)


def test_a_second_watch_of_a_folder_is_refused(watching: Watching) -> None:
    watching.start()
    second = Watching(watching.world)
    with pytest.raises(Locked, match="another `pinesync watch`"):
        second.start()
    assert watching.world("watch", "--poll", "3600").code == 7
    watching.stop()
    second.start()
    second.saves(LONGER)
    second.stop()


def test_a_save_waits_while_the_disk_is_full(
    watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is reported once for all retries, and again when it works."""
    monkeypatch.setattr(sending, "_RETRY_SECONDS", (0.0,))
    world = watching.start().world
    whole, tries = TextStore.keep, threading.Semaphore(0)

    def full(*_: object, **__: object) -> None:
        tries.release()
        raise FileError(f"state: {os.strerror(errno.ENOSPC)}")

    monkeypatch.setattr(TextStore, "keep", full)
    world.write(LONGER)
    assert watching.done().exit_code == 1
    for _ in range(5):
        assert tries.acquire(timeout=60)
    assert world.saved() == [TREND]
    monkeypatch.setattr(TextStore, "keep", whole)
    assert watching.done().done == "saved"
    assert world.saved() == [TREND, LONGER]
    assert watching.until(lambda event: event.event == "quiet").waiting == 0
    outcomes = [event.outcome.done for event in watching.events if isinstance(event, Done)]
    assert outcomes == ["failed", "saved"]


def test_a_refused_save_is_not_sent_again(
    watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "_RETRY_SECONDS", (0.0,))
    world = watching.start().world
    world.plan.add(Fault("save_next", "answer", status=413, body=b'{"message":"too long"}'))
    world.write(LONGER)
    assert watching.done().done == "failed"
    assert watching.until(lambda event: event.event == "quiet").waiting == 0
    watching.saves(SLOWER)
    assert world.saved() == [TREND, SLOWER]


def test_a_save_that_waited_for_a_hanging_one_is_sent_next(
    watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TradingView is polled only after that."""
    world = watching.world
    polls: list[int] = []
    noticed = threading.Event()
    hear = Files.note_changes

    def hearing(self: Files, paths: Collection[RelPath], **how: bool) -> None:
        hear(self, paths, **how)
        if BREAKOUT_PATH in paths:
            noticed.set()

    def hanging(*arguments: Any, **more: Any) -> Any:
        polls.append(len(world.plan.log))
        if not noticed.is_set():
            world.write(BREAKOUT + "// waits\n", BREAKOUT_PATH)
            assert noticed.wait(60)
        run = push(*arguments, **more)
        polls.append(len(world.plan.log))
        return run

    monkeypatch.setattr(Files, "note_changes", hearing)
    monkeypatch.setattr(sending, "push", hanging)
    watching.start(poll=0.0)
    watching.saves(LONGER)
    assert watching.done(BREAKOUT_PATH).done == "saved"
    watching.stop()
    assert polls[1] == polls[2]
