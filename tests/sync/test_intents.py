"""The life cycle of an intent, and its age: wrong clocks can only lengthen the wait."""

from dataclasses import replace

import pytest

from pinesync.model import Digest, PineId, RelPath, Version
from pinesync.sync.intents import Now, State, Upload, age, with_state

pytestmark = pytest.mark.promise(26)

YEARS = 10 * 365 * 24 * 3600.0
WALL = 1_700_000_000.0
UPLOAD = Upload(
    key="k",
    path=RelPath("a.pine"),
    name="A",
    digest=Digest("M"),
    pine_id=PineId("USER;" + "1" * 32),
    parent=Version(1),
)


def intent_written_in(boot_id: str, mono: float = 5_000.0) -> Upload:
    return replace(UPLOAD, wall=WALL, mono=mono, boot_id=boot_id)


@pytest.mark.parametrize("drift", [-YEARS, -3600.0, 0.0, 3600.0, YEARS])
@pytest.mark.parametrize("elapsed", [0.0, 1.0, 179.0, 180.0, 100_000.0])
def test_the_wall_clock_does_not_matter_within_one_boot(drift: float, elapsed: float) -> None:
    now = Now(WALL + elapsed + drift, 5_000.0 + elapsed, "boot-1")
    assert age(intent_written_in("boot-1"), now) == elapsed


@pytest.mark.parametrize("drift", [-YEARS, 0.0, YEARS])
@pytest.mark.parametrize("uptime", [0.0, 10.0, 200.0])
def test_an_intent_of_an_earlier_boot_is_as_old_as_this_boot(drift: float, uptime: float) -> None:
    now = Now(WALL + uptime + drift, uptime, "boot-2")
    assert age(intent_written_in("boot-1"), now) == uptime


@pytest.mark.parametrize("boot_id", ["", "boot-1"])
@pytest.mark.parametrize("drift", [-YEARS, -1.0, 0.0, 1.0, YEARS])
@pytest.mark.parametrize("elapsed", [0.0, 1.0, 179.0, 1000.0])
def test_an_unknown_boot_never_raises_the_age(elapsed: float, drift: float, boot_id: str) -> None:
    now = Now(WALL + elapsed + drift, 5_000.0 + elapsed, "")
    assert 0.0 <= age(intent_written_in(boot_id), now) <= elapsed


@pytest.mark.parametrize("now", [0.0, 4_999.0])
def test_a_clock_set_back_makes_an_intent_no_older(now: float) -> None:
    assert age(intent_written_in("boot-1"), Now(WALL - YEARS, now, "boot-1")) == 0.0
    assert age(intent_written_in(""), Now(WALL - YEARS, now, "")) == 0.0


@pytest.mark.parametrize(
    ("state", "is_open"),
    [("prepared", True), ("sent", True), ("landed", False), ("abandoned", False)],
)
def test_prepared_and_sent_intents_are_open(state: State, is_open: bool) -> None:
    assert replace(UPLOAD, state=state).is_open == is_open


@pytest.mark.parametrize(
    ("state", "reachable"),
    [
        ("prepared", "prepared sent"),
        ("sent", "sent landed abandoned"),
        ("landed", "landed"),
        ("abandoned", "abandoned"),
    ],
)
def test_an_intent_state_never_goes_back(state: State, reachable: str) -> None:
    states: tuple[State, ...] = ("prepared", "sent", "landed", "abandoned")
    for new_state in states:
        if new_state in reachable.split():
            assert with_state(replace(UPLOAD, state=state), new_state).state == new_state
        else:
            with pytest.raises(ValueError, match="does not become"):
                with_state(replace(UPLOAD, state=state), new_state)
