"""What a person saves is sent, and nothing else."""

import os
from collections.abc import Generator

import pytest

from pinesync.watch.events import Checking, Done, Ended, Held, Notice, Trouble
from pinesync.watch.session import WatchOptions, watch
from tests.watch.conftest import Watching
from tests.world import BREAKOUT_PATH, TOOLS_PATH, TREND_PATH, both_ways
from tests.world.scripts import BREAKOUT, BROKEN, EXTRA, LONGER, SLOWER, TOOLS, TREND


@both_ways
def test_a_save_becomes_the_newest_version(watching: Watching) -> None:
    world = watching.start().world
    world.write(LONGER)
    saved = watching.done()
    assert (saved.done, str(saved.version)) == ("saved", "2.0")
    assert world.saved() == [TREND, LONGER]
    world.write(SLOWER)
    assert str(watching.done().version) == "3.0"
    assert world.statuses() == {}
    events = watching.stop()
    assert sum(isinstance(event, Checking) for event in events) == 2
    assert isinstance(events[-1], Ended)


def test_a_text_that_does_not_compile_is_reported_and_not_sent(watching: Watching) -> None:
    world = watching.start().world
    world.write(BROKEN)
    refused = watching.done()
    assert (refused.done, refused.exit_code) == ("refused", 4)
    assert "undeclared" in refused.diagnostics[0].message
    assert watching.until(lambda event: event.event == "quiet").broken == 1
    watching.saves(LONGER)
    assert watching.until(lambda event: event.event == "quiet").broken == 0
    assert world.saved() == [TREND, LONGER]


def test_saving_the_same_text_sends_nothing(watching: Watching) -> None:
    """Touched, rewritten, replaced by an equal file, or edited there and back."""
    world = watching.start().world
    file = world.folder / TREND_PATH
    os.utime(file)
    world.write(TREND)
    world.write(TREND.replace("\n", "\r\n"))
    other = file.with_name("other.tmp")
    other.write_text(TREND)
    other.replace(file)
    watching.saves(BREAKOUT + "// one\n", BREAKOUT_PATH)
    assert world.saved() == [TREND]
    assert not any(isinstance(e, Checking) and e.path == TREND_PATH for e in watching.stop())


def test_an_earlier_edit_is_held_until_a_key_is_pressed(watching: Watching) -> None:
    world = watching.world
    world.write(LONGER)
    watching.start()
    hold = next(event for event in watching.events if isinstance(event, Held))
    assert hold.paths == (TREND_PATH,)
    world.write(BREAKOUT + "// one\n", BREAKOUT_PATH)
    watching.done(BREAKOUT_PATH)
    assert world.saved() == [TREND]
    watching.press("p")
    assert watching.done().done == "saved"
    assert world.saved() == [TREND, LONGER]


def test_many_saves_at_once_wait_for_a_key(watching: Watching) -> None:
    world = watching.world
    for number in range(2):
        world.web_save(EXTRA.replace("Extra", f"More {number}"), f"More {number}")
    assert world("pull").code == 0
    watching.start()
    paths = [f"indicators/More {number}.pine" for number in range(2)]
    for path in [*paths, TREND_PATH, BREAKOUT_PATH]:
        world.write(world.read(path) + "// all\n", path)
    assert set(watching.held().paths) == {*paths, TREND_PATH, BREAKOUT_PATH}
    world.write(TOOLS + "// one\n", TOOLS_PATH)
    watching.done(TOOLS_PATH)
    assert world.saved() == [TREND]
    watching.press("y")
    for path in sorted([*paths, TREND_PATH, BREAKOUT_PATH]):
        assert watching.done(path).done == "saved"
    assert world.statuses() == {}


def test_many_saves_at_once_are_sent_with_the_option(watching: Watching) -> None:
    world = watching.world
    for number in range(2):
        world.web_save(EXTRA.replace("Extra", f"More {number}"), f"More {number}")
    assert world("pull").code == 0
    watching.start(allow_many=True)
    paths = sorted(path for path in world.files() if path.endswith(".pine"))
    for path in paths:
        world.write(world.read(path) + "// all\n", path)
    for path in paths:
        assert watching.done(path).done == "saved"


def test_a_missing_file_is_reported_and_nothing_is_deleted(watching: Watching) -> None:
    world = watching.start().world
    world.remove()
    assert watching.news().word == "missing"
    watching.saves(LONGER)
    assert world.saved() == [TREND, LONGER]


def test_a_script_added_while_watching_is_sent_once_saved(
    watching: Watching,
) -> None:
    world = watching.start().world
    world.write(EXTRA, "indicators/Extra.pine")
    assert world("add", "indicators/Extra.pine").code == 0
    world.write(LONGER)
    watching.done()
    assert "Extra" not in world.account()
    world.write(EXTRA + "// saved\n", "indicators/Extra.pine")
    assert watching.done("indicators/Extra.pine").done == "created"
    assert world.saved("Extra") == [EXTRA + "// saved\n"]


def test_push_and_pull_work_while_watching(watching: Watching) -> None:
    world = watching.start().world
    world.write(BROKEN)
    watching.done()
    world.web_save(BREAKOUT + "// there\n", "Breakout")
    assert world("pull").code == 0
    assert world("push", "--allow-broken").code == 4
    watching.saves(LONGER)
    assert world.saved() == [TREND, BROKEN, LONGER]
    assert len(world.saved("Breakout")) == 2


# -- the other direction --------------------------------------------------------------------------


def test_a_save_on_tradingview_is_reported_once(watching: Watching) -> None:
    world = watching.start(poll=0.05).world
    world.web_save(SLOWER)
    news = watching.news()
    assert (news.word, str(news.version)) == ("behind", "2.0")
    world.web_save(LONGER)
    assert str(watching.news().version) == "3.0"
    assert world.read() == TREND
    before = len(world.plan.log)
    watching.world.web_save(BREAKOUT + "// x\n", "Breakout")
    watching.news(BREAKOUT_PATH)
    assert len(world.plan.log) > before
    words = [event.word for event in watching.stop() if isinstance(event, Notice)]
    assert words == ["behind"] * 3


def test_a_save_on_tradingview_is_pulled_with_the_option(watching: Watching) -> None:
    world = watching.start(poll=0.05, pull=True).world
    world.web_save(SLOWER)
    assert watching.done().done == "pulled"
    assert world.read() == SLOWER
    world.web_save(EXTRA, "Extra")
    assert watching.done("indicators/Extra.pine").done == "written"
    watching.stop()
    assert world.saved() == [TREND, SLOWER]
    outcomes = [event.outcome.done for event in watching.events if isinstance(event, Done)]
    assert outcomes == ["pulled", "written"]


def test_a_diverged_script_does_not_stop_the_others(watching: Watching) -> None:
    world = watching.start(pull=True, poll=0.05).world
    world.write(BROKEN)
    watching.done()
    world.web_save(SLOWER)
    assert watching.news().word == "diverged"
    world.write(LONGER)
    assert watching.done().exit_code == 3
    watching.saves(BREAKOUT + "// one\n", BREAKOUT_PATH)
    assert world.read() == LONGER
    assert world.saved() == [TREND, SLOWER]
    events = [e for e in watching.stop() if isinstance(e, Notice) and e.word == "diverged"]
    assert len(events) == 1


# -- trouble --------------------------------------------------------------------------------------


def test_an_unavailable_service_is_reported_once_and_retried(watching: Watching) -> None:
    world = watching.start().world
    world.plan.add("list:*:503")
    world.write(LONGER)
    trouble = watching.trouble()
    assert trouble.exit_code == 7
    world.plan.clear()
    assert watching.done().done == "saved"
    assert world.saved() == [TREND, LONGER]


def test_a_lost_response_makes_no_second_version(watching: Watching) -> None:
    watching.world.plan.add("save_next:1:reset:after")
    world = watching.start().world
    world.write(LONGER)
    assert watching.done().exit_code == 0
    assert world.saved() == [TREND, LONGER]


def test_an_interrupt_during_an_error_report_ends_the_run(watching: Watching) -> None:
    watching.world.plan.add("list:*:503")
    events = watch(watching.setup, WatchOptions())
    assert isinstance(events, Generator)
    while not isinstance(next(events), Trouble):
        pass
    try:
        last = events.throw(KeyboardInterrupt())
    except KeyboardInterrupt:
        pytest.fail("it ended as if a save were under way")
    assert isinstance(last, Ended)
