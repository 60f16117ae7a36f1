"""Two processes in one workspace: one writes, the other is refused, and readers never wait."""

import pytest

from tests.campaign.served import check_converged, program
from tests.world import EXTRA, LONGER, SLOWER, TREND, World

pytestmark = pytest.mark.promise(28)

AT_A_BARRIER = """
import os
import pinesync.app.sync.push, pinesync.app.sync.pull
import pinesync.tradingview.client, requests, filelock
from pinesync.cli.error_handler import run
print("ready", flush=True)
os.read(0, 1)
sys.exit(run(sys.argv[1:]))
"""
ROUNDS = 8
LOCKED = "error: another pinesync process is writing to this workspace"


@pytest.fixture
def world(served: World) -> World:
    return served


def together(world: World, *verbs: str) -> list[int]:
    """Run the commands at the same time and return their exit codes. A command without the lock
    must report it."""
    children = [program(world, AT_A_BARRIER, verb) for verb in verbs]
    codes = []
    for child in children:
        assert child.stdout.readline() == "ready\n"
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    for child in children:
        _, stderr = child.communicate(timeout=60)
        assert (child.returncode == 7) == (LOCKED in stderr), stderr
        codes.append(child.returncode)
    assert set(codes) <= {0, 7}
    assert 0 in codes
    return codes


@pytest.mark.timeout(300)
@pytest.mark.parametrize("verbs", [("push", "push"), ("push", "pull"), ("push", "push", "push")])
def test_two_commands_make_one_version_of_one_edit(
    world: World, verbs: tuple[str, ...], request: pytest.FixtureRequest
) -> None:
    text = TREND
    rounds = ROUNDS * (10 if request.config.getoption("--deep") else 1)
    for number in range(rounds):
        text += f"plot({number})\n"
        world.write(text)
        codes = together(world, *verbs)
        if codes[0] == 7 and "push" not in verbs[1:]:
            assert world("push").code == 0  # the pull had the lock, and there was nothing to pull
        assert world.saved()[-1] == text
        assert len(world.saved()) == number + 2
    check_converged(world)


def test_two_pulls_at_once_download_everything(world: World) -> None:
    world.web_save(SLOWER)
    world.web_save(EXTRA, "Extra")
    together(world, "pull", "pull")
    assert world.read() == SLOWER
    check_converged(world)


@pytest.mark.promise(15)
def test_two_pushes_create_one_script(world: World) -> None:
    world.write(EXTRA, "mine.pine")
    world("add", "mine.pine")
    together(world, "push", "push")
    assert world.saved("Extra") == [EXTRA]
    check_converged(world)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_killed_process_leaves_no_lock(world: World, when: str) -> None:
    world.write(LONGER)
    world.plan.add(f"save_next:1:hang:{when}")
    with world.spawn("push") as child:
        world.app.wait_for("/save/next/")
        refused = world("push")
        assert (refused.code, refused.requests) == (7, ())
        assert LOCKED in refused.err
        child.kill()
        child.communicate(timeout=60)
    assert world("push").code == 0
    assert world.saved() == [TREND, LONGER]
    check_converged(world)


@pytest.mark.parametrize("verb", ["status", "diff", "list", "status --offline", "diff --remote"])
def test_readers_never_wait(world: World, verb: str) -> None:
    world.write(LONGER)
    world.plan.add("save_next:1:hang")
    with world.spawn("push") as child:
        world.app.wait_for("/save/next/")
        before = world.files(), world.state(), world.account()
        read = world(*verb.split())
        assert read.code == 0, read
        assert (world.files(), world.state(), world.account()) == before
        assert world("pull").code == 7  # the lock is still the other's
        child.kill()
        child.communicate(timeout=60)


@pytest.mark.parametrize("verb", ["status", "list", "diff --remote"])
def test_readers_block_no_writer(world: World, verb: str) -> None:
    """A process that waits for the response to a read holds no lock."""
    world.write(LONGER)
    world.plan.add("list:1:hang")
    with world.spawn(*verb.split()) as child:
        world.app.wait_for("/list")
        assert world("push").code == 0
        child.kill()
        child.communicate(timeout=60)
    assert world.saved() == [TREND, LONGER]
    check_converged(world)
