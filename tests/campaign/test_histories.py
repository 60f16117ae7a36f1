"""Every history of up to three events: no work is lost silently, and a second run finishes it."""

import pytest

from tests.campaign.conftest import Opened
from tests.campaign.histories import EVENTS, PRELUDES, explore, live

pytestmark = pytest.mark.promise(3, 19)

LENGTHS = {"a fresh clone": 3, "after a push and a pull": 2}


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("first", EVENTS)
@pytest.mark.parametrize("prelude", PRELUDES)
def test_every_short_history_converges(
    worlds: Opened, first: str, prelude: str, request: pytest.FixtureRequest
) -> None:
    begun = (*PRELUDES[prelude], first)
    with worlds() as world:
        had_a_point = live(world, begun)
    deep = request.config.getoption("--deep")
    rest = LENGTHS[prelude] - 1 + deep
    if had_a_point:
        assert list(explore(worlds, begun, rest)), "no history goes on from here"
