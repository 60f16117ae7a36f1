"""Many saves at the same time: few pushes, and no save waits for all the others."""

from dataclasses import replace

import pytest

from pinesync.app.project import SETTLE_SECONDS, open_project
from pinesync.model import RelPath
from pinesync.text.canonical import digest
from pinesync.watch import uploader as sending
from pinesync.watch.events import Checking, Done
from tests.watch.conftest import Watching
from tests.world import BREAKOUT_PATH, TOOLS_PATH, TREND_PATH, World
from tests.world.scripts import BREAKOUT, EXTRA, LONGER, SLOWER, TOOLS, TREND


def test_many_saves_at_once_are_one_push(
    watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One list for all; for each there is a `checking` event, then its outcome."""
    monkeypatch.setattr(sending, "_FIRST_BATCH", 100)
    world, paths = _with_more(watching)
    watching.start(allow_many=True)
    before = len(world.plan.log)
    _save_all(world, paths)
    for path in paths:
        assert watching.done(path).done == "saved"
    lists = [call for call in world.plan.log[before:] if "list" in str(call)]
    assert 1 <= len(lists) <= 2, "what was written while it looked is the next push"
    events = watching.stop()
    for path in paths:
        checked = [at for at, e in enumerate(events) if isinstance(e, Checking) and e.path == path]
        ended = [
            at for at, e in enumerate(events) if isinstance(e, Done) and e.outcome.path == path
        ]
        assert len(checked) == len(ended) == 1
        assert checked < ended
    assert world.statuses() == {}


def test_a_fresh_save_goes_before_waiting_ones(
    watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By hand: two wait, one is sent, and somebody saves a third."""
    monkeypatch.setattr(sending, "BATCH_SECONDS", 0.0)
    world, batch = watching.world, _by_hand(watching, monkeypatch)
    for path, text in {BREAKOUT_PATH: BREAKOUT, TOOLS_PATH: TOOLS}.items():
        _add(world, batch, path, text + "// all\n")
    assert _pushed(batch) == [TOOLS_PATH]
    _add(world, batch, TREND_PATH, LONGER)
    _add(world, batch, TREND_PATH, SLOWER)
    assert [_pushed(batch), _pushed(batch)] == [[TREND_PATH], [BREAKOUT_PATH]]
    assert not batch.has_queued
    assert world.saved() == [TREND, SLOWER]
    assert world.statuses() == {}


def test_a_failed_script_is_retried_alone_and_last(
    watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By hand: a save that hangs again delays no other."""
    world, batch = watching.world, _by_hand(watching, monkeypatch, first=100)
    batch.failing[RelPath(TREND_PATH)] = 1
    for path, text in {BREAKOUT_PATH: BREAKOUT, TOOLS_PATH: TOOLS, TREND_PATH: TREND}.items():
        _add(world, batch, path, text + "// all\n")
    assert sorted(_pushed(batch)) == [TOOLS_PATH, BREAKOUT_PATH]
    assert _pushed(batch) == [TREND_PATH]
    assert (batch.has_queued, batch.failing) == (False, {})


def test_a_web_page_during_a_batch_fails_only_unsent_saves(
    watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By hand: earlier saves are finished, and are not sent again."""
    on_handled: list[str] = []
    world, batch = watching.world, _by_hand(watching, monkeypatch, on_handled, first=100)
    world.plan.add("save_next:2:html:after")
    for path, text in {BREAKOUT_PATH: BREAKOUT, TOOLS_PATH: TOOLS, TREND_PATH: TREND}.items():
        _add(world, batch, path, text + "// all\n")
    _pushed(batch)
    assert batch.paused
    unsent = {path for path, text in world.statuses().items()} - set(on_handled)
    assert unsent
    assert batch.failing.keys() >= unsent
    assert not batch.failing.keys() & set(on_handled)
    assert all(len(world.saved(name)) <= 2 for name in ("Trend", "Breakout", "Tools"))


def test_the_outcome_of_an_earlier_save_does_not_settle_the_current_text(
    watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By hand: a save is given up, and then the list fails. The current text is still to be
    sent."""
    monkeypatch.setattr(sending, "_RETRY_SECONDS", (0.0,))
    monkeypatch.setattr("pinesync.app.project.PAUSES", ())
    monkeypatch.setattr("pinesync.tradingview.http.PAUSES", ())
    on_handled: list[str] = []
    world, batch = watching.world, _by_hand(watching, monkeypatch, on_handled, settle=0.0)
    world.plan.add("save_next:1:reset:before")
    _add(world, batch, TREND_PATH, LONGER)
    _pushed(batch)
    world.plan.clear()
    world.plan.add("list:1+:500")
    batch.add([(RelPath(TREND_PATH), digest(LONGER))])
    _pushed(batch)
    assert (on_handled, [*batch.failing]) == ([], [TREND_PATH])
    world.plan.clear()
    batch.add([(RelPath(TREND_PATH), digest(LONGER))])
    _pushed(batch)
    assert (on_handled, world.saved()) == ([TREND_PATH], [TREND, LONGER])


def test_a_removed_script_does_not_fail_the_others(
    watching: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By hand: pine.toml forgets one of two before they are sent."""
    world, batch = watching.world, _by_hand(watching, monkeypatch, first=100)
    for path, text in {BREAKOUT_PATH: BREAKOUT, TREND_PATH: TREND}.items():
        _add(world, batch, path, text + "// all\n")
    assert world("rm", BREAKOUT_PATH).code == 0
    assert _pushed(batch) == [TREND_PATH]
    assert (batch.failing, len(world.saved()), len(world.saved("Breakout"))) == ({}, 2, 1)


def _by_hand(
    watching: Watching,
    monkeypatch: pytest.MonkeyPatch,
    on_handled: list[str] | None = None,
    first: int = 1,
    settle: float = SETTLE_SECONDS,
) -> sending.Uploader:
    monkeypatch.setattr(sending, "_FIRST_BATCH", first)

    def deal(path: RelPath, _: object) -> None:
        if on_handled is not None:
            on_handled.append(path)

    project = open_project(replace(watching.setup, settle_seconds=settle))
    return sending.Uploader(project, lambda: 0.0, 0.0, deal, lambda *_: None)


def _add(world: World, batch: sending.Uploader, path: str, text: str) -> None:
    world.write(text, path)
    batch.add([(RelPath(path), digest(text))])


def _pushed(batch: sending.Uploader) -> list[str]:
    """The scripts of the next push."""
    return [str(event.path) for event in batch.send() if isinstance(event, Checking)]


def _with_more(watching: Watching) -> tuple[World, list[str]]:
    """A clone with five scripts, not yet watched, and their files."""
    world = watching.world
    for number in range(2):
        world.web_save(EXTRA.replace("Extra", f"More {number}"), f"More {number}")
    assert world("pull").code == 0
    return world, sorted(path for path in world.files() if path.endswith(".pine"))


def _save_all(world: World, paths: list[str]) -> None:
    for path in paths:
        world.write(world.read(path) + "// all\n", path)
