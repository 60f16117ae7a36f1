"""Hours of somebody's day in a moment: random saves on both sides, and a service that fails."""

from __future__ import annotations

import random
import time

import pytest

from pinesync.commands.watching.events import Done, Held, Told
from tests.cli.world import BREAKOUT_PATH, TOOLS_PATH, TREND_PATH
from tests.watching.conftest import Watching

NAMES = {TREND_PATH: "Trend", BREAKOUT_PATH: "Breakout", TOOLS_PATH: "Tools"}
FAULTS = (
    *("list:1:500", "list:1:reset", "check:1:503", "get:1:truncate", "get:1:429"),
    *("save_next:1:reset:before", "save_next:1:reset:after", "save_next:1:500:after"),
    *("save_next:1:truncate:after", "save_next:1:429", "*:1:html", "*:3:garbage"),
)


@pytest.mark.timeout(1800)
def test_at_rest_every_file_is_the_newest_version_or_is_reported(
    watching: Watching, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten minutes with --deep."""
    seconds = 600.0 if request.config.getoption("--deep") else 8.0
    monkeypatch.setattr("pinesync.commands.watching.sending._LATER_SECONDS", (0.05, 0.1))
    monkeypatch.setattr("pinesync.remote.session.PAUSES", ())
    dice = random.Random(20261123)
    watching.settle = 0.0
    watching.start(poll=0.2, bring=True)
    end = time.monotonic() + seconds
    steps = 0
    while time.monotonic() < end:
        steps += 1
        path = dice.choice(list(NAMES))
        dice.choice([_save_here, _save_here, _save_there, _fail, _by_hand])(
            watching, path, steps, dice
        )
        watching.until_quiet(dice.choice((0.001, 0.05, 0.2)))
    watching.world.plan.clear()
    for _ in range(3):
        watching.press("p")
        watching.until_quiet(1.5)
    told = watching.stop()
    reported = {e.path for e in told if isinstance(e, Told)}
    reported |= {e.outcome.path for e in told if isinstance(e, Done) and e.outcome.exit_code}
    reported |= {path for e in told if isinstance(e, Held) for path in e.paths}
    left = watching.world.words()
    assert left.keys() <= reported, (left, steps)
    assert "modified" not in left.values()
    for name in NAMES.values():
        there = watching.world.saved(name)
        assert len(there) == len(set(there)), "one save became two versions"
    assert steps > 20


def _save_here(watching: Watching, path: str, step: int, _: random.Random) -> None:
    text = watching.world.read(path)
    if "<<<<<<<" not in text:
        watching.world.write(f"{text}// here {step}\n", path)


def _save_there(watching: Watching, path: str, step: int, _: random.Random) -> None:
    newest = watching.world.saved(NAMES[path])[-1]
    first, rest = newest.split("\n", 1)
    watching.world.web_save(f"{first}\n// there {step}\n{rest}", NAMES[path])


def _fail(watching: Watching, _: str, __: int, dice: random.Random) -> None:
    watching.world.plan.clear()
    watching.world.plan.add(dice.choice(FAULTS))
    watching.press("p")


def _by_hand(watching: Watching, path: str, _: int, dice: random.Random) -> None:
    """What a person does about a divergence, while the watching goes on."""
    verb = dice.choice((["pull"], ["pull", "--theirs"], ["pull", "--ours"], ["push"]))
    watching.world(*verb, path)
    if "<<<<<<<" in watching.world.read(path):
        watching.world("resolve", dice.choice(("--ours", "--theirs")), path)
