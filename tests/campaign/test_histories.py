"""Every history of up to three events: no work is lost in silence, and running again ends it."""

from __future__ import annotations

import pytest

from tests.campaign.conftest import Opened
from tests.campaign.histories import EVENTS, PRELUDES, explore, live


def _lengths(prelude: str, deep: bool) -> int:
    length = 3 if prelude == "a fresh clone" else 2
    return length + deep


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("first", EVENTS)
@pytest.mark.parametrize("prelude", PRELUDES)
def test_every_short_history(
    worlds: Opened, first: str, prelude: str, request: pytest.FixtureRequest
) -> None:
    begun = (*PRELUDES[prelude], first)
    with worlds() as world:
        if not live(world, begun):
            return
    rest = _lengths(prelude, request.config.getoption("--deep")) - 1
    lived = sum(1 for _ in explore(worlds, begun, rest))
    assert lived, "nothing can follow this event?"
