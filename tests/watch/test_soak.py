"""Hours of work in a moment: random saves on both sides, and a failing service."""

import itertools
import random
import time
from collections.abc import Iterator

import pytest

from pinesync.watch.events import Done, Held, Notice
from tests.watch.conftest import Watching
from tests.watch.test_git import commit
from tests.world import BREAKOUT_PATH, TOOLS_PATH, TREND_PATH, World, git

pytestmark = pytest.mark.promise(31)

NAMES = {TREND_PATH: "Trend", BREAKOUT_PATH: "Breakout", TOOLS_PATH: "Tools"}
FAULTS = (
    *("list:1:500", "list:1:reset", "check:1:503", "get:1:truncate", "get:1:429"),
    *("save_next:1:reset:before", "save_next:1:reset:after", "save_next:1:500:after"),
    *("save_next:1:truncate:after", "save_next:1:429", "*:1:html", "*:3:garbage"),
)


def rounds(request: pytest.FixtureRequest, few: int) -> Iterator[int]:
    """A few, numbered from 1; with --deep, as many as fit into ten minutes."""
    end = time.monotonic() + 600.0
    for number in itertools.count(1):
        if time.monotonic() > end if request.config.getoption("--deep") else number > few:
            return
        yield number


@pytest.mark.timeout(1800)
def test_every_file_ends_as_the_newest_version_or_is_reported(
    watching: Watching, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten minutes with --deep."""
    monkeypatch.setattr("pinesync.watch.uploader._RETRY_SECONDS", (0.05, 0.1))
    monkeypatch.setattr("pinesync.tradingview.http.PAUSES", ())
    dice = random.Random(20261123)
    watching.settle = 0.0
    watching.start(poll=0.2, pull=True)
    for steps in rounds(request, 30):
        path = dice.choice(list(NAMES))
        dice.choice([_save_here, _save_here, _save_there, _fail, _by_hand])(
            watching, path, steps, dice
        )
        watching.until_quiet(dice.choice((0.001, 0.05, 0.2)))
    watching.world.plan.clear()
    for _ in range(3):
        watching.press("p")
        watching.until_quiet(1.5)
    events = watching.stop()
    reported = {e.path for e in events if isinstance(e, Notice)}
    reported |= {e.outcome.path for e in events if isinstance(e, Done) and e.outcome.exit_code}
    reported |= {path for e in events if isinstance(e, Held) for path in e.paths}
    words = watching.world.statuses()
    assert words.keys() <= reported, (words, steps)
    assert "modified" not in words.values()
    for name in NAMES.values():
        saved = watching.world.saved(name)
        assert len(saved) == len(set(saved)), "one save became two versions"


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
    """A user resolves a divergence while `watch` runs."""
    verb = dice.choice((["pull"], ["pull", "--theirs"], ["pull", "--ours"], ["push"]))
    watching.world(*verb, path)
    if "<<<<<<<" in watching.world.read(path):
        watching.world("resolve", dice.choice(("--ours", "--theirs")), path)


# -- with git -------------------------------------------------------------------------------------


@pytest.mark.timeout(1800)
def test_git_writes_never_become_versions(
    watching: Watching, request: pytest.FixtureRequest
) -> None:
    """Bursts of saves, commits, branch switches that merge, a stash, single files out of other
    commits, and a slow service: what git wrote never becomes a version, and no burst is missed."""
    dice = random.Random(20261129)
    world = watching.world
    typed = {path: [world.read(path).replace("\r\n", "\n")] for path in NAMES}
    world.write("pine.toml\n", ".gitignore")
    git(world, "init", "-q")
    commit(world)
    git(world, "branch", "other")
    watching.start()
    for bursts in rounds(request, 8):
        path = dice.choice(list(NAMES))
        world.plan.clear()
        world.plan.add(dice.choice(("*:1:slow:seconds=0.2", "save_next:1:slow:seconds=0.5")))
        for number in range(dice.choice((1, 3, 10))):
            text = f"{world.read(path)}// {bursts}.{number}\n".replace("\r\n", "\n")
            world.write(text, path)
            typed[path].append(text)
            watching.until_quiet(dice.choice((0.001, 0.03, 0.1)))
        while world.saved(NAMES[path])[-1] != typed[path][-1]:
            assert watching.done(path).exit_code == 0
        for _ in range(dice.choice((1, 3))):
            dice.choice((_commits, _switches, _stashes, _restores, _resets))(world, path, dice)
            watching.until_quiet(dice.choice((0.001, 0.1)))
    watching.stop()
    for path, name in NAMES.items():
        versions = [text.replace("\r\n", "\n") for text in world.saved(name)]
        assert set(versions) <= set(typed[path]), (path, bursts)
        assert len(versions) == len(set(versions))


def _run(world: World, *words: str) -> None:
    """It may fail and leave a conflict: then the merge is aborted."""
    git(world, *words, code=None)
    if any("<<<<<<<" in world.read(path) for path in NAMES):
        for given_up in (("merge", "--abort"), ("rebase", "--abort"), ("reset", "-q", "--hard")):
            git(world, *given_up, code=None)


def _commits(world: World, _: str, __: random.Random) -> None:
    _run(world, "commit", "-q", "-a", "-m", "more")


def _switches(world: World, _: str, dice: random.Random) -> None:
    _run(world, "checkout", "-q", dice.choice(("-m", "-f")), dice.choice(("main", "other")))


def _stashes(world: World, _: str, __: random.Random) -> None:
    _run(world, "stash", "-q")
    _run(world, "rebase", "-q", "--autostash", "other")
    _run(world, "stash", "pop", "-q")


def _restores(world: World, path: str, dice: random.Random) -> None:
    _run(world, "restore", "--source", dice.choice(("HEAD~1", "other", "main")), path)


def _resets(world: World, path: str, dice: random.Random) -> None:
    _run(world, *dice.choice((("checkout", "--", path), ("reset", "-q", "--hard"))))
