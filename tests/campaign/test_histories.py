"""Every history of up to three events: no work is lost in silence, and running again ends it.

How many there are is written down in `numbers.json`, so that a change that makes histories
pointless shows; `--record` writes it anew (in one process: `-n 0`).
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.campaign.conftest import Opened
from tests.campaign.histories import EVENTS, PRELUDES, explore, live

NUMBERS = Path(__file__).with_name("numbers.json")
LENGTHS = {"a fresh clone": 3, "after a push and a pull": 2}


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("first", EVENTS)
@pytest.mark.parametrize("prelude", PRELUDES)
def test_every_short_history(
    worlds: Opened, first: str, prelude: str, request: pytest.FixtureRequest
) -> None:
    begun = (*PRELUDES[prelude], first)
    with worlds() as world:
        had_a_point = live(world, begun)
    deep = request.config.getoption("--deep")
    rest = LENGTHS[prelude] - 1 + deep
    lived = sum(1 for _ in explore(worlds, begun, rest)) if had_a_point else 0
    if request.config.getoption("--record"):
        record(prelude, first, lived)
    elif not deep:
        assert lived == json.loads(NUMBERS.read_text("utf-8"))[prelude][first]


def record(prelude: str, first: str, lived: int) -> None:
    held = json.loads(NUMBERS.read_text("utf-8")) if NUMBERS.exists() else {}
    held.setdefault(prelude, {})[first] = lived
    NUMBERS.write_text(json.dumps(held, indent=1, sort_keys=True) + "\n", "utf-8")
