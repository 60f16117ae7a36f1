"""Real processes, killed for good at a call that changes the disk.

The k-th such call of a command is its last; every third k in each run, all with --deep. Whatever
was begun, files are whole, the base is not ahead, and the same commands end the work.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.campaign.conftest import noting
from tests.campaign.served import check_converged, program, served
from tests.world import EXTRA, LONGER, MERGED, SLOWER, TREND, TREND_PATH, World

pytestmark = pytest.mark.promise(2)

KILLED_AT = """
import os, signal
from pinesync.cli.error_handler import run
from tests.campaign.disk import Disk, watched

def trouble(disk, name):
    if len(disk.calls) == int(sys.argv[1]):
        print(name, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

with watched(Disk(trouble)):
    sys.exit(run(sys.argv[2:]))
"""
MOST = 300
"""More calls than any of the commands makes."""

Job = Callable[[World], str]
Fresh = Callable[[], AbstractContextManager[World]]


def pulls(world: World) -> str:
    world.web_save(SLOWER)
    return "pull"


def pushes(world: World) -> str:
    world.write(LONGER)
    return "push"


def merges(world: World) -> str:
    world.web_save(SLOWER)
    world.write(LONGER)
    return "pull"


def pulls_a_new_script(world: World) -> str:
    world.web_save(EXTRA, "Extra")
    return "pull"


def creates(world: World) -> str:
    world.write(EXTRA, "indicators/Extra.pine")
    world("add", "indicators/Extra.pine")
    return "push"


JOBS = (pulls, pushes, merges, pulls_a_new_script, creates)
END: dict[Job, dict[str, list[str]]] = {
    pulls: {"Trend": [TREND, SLOWER]},
    pushes: {"Trend": [TREND, LONGER]},
    merges: {"Trend": [TREND, SLOWER, MERGED]},
    pulls_a_new_script: {"Trend": [TREND], "Extra": [EXTRA]},
    creates: {"Trend": [TREND], "Extra": [EXTRA]},
}
"""All versions of the account once the job is done: one save is one version."""


@pytest.fixture
def fresh(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Fresh:
    """Opens one world after another, all at the same place."""

    @contextmanager
    def one() -> Iterator[World]:
        with served(home, tmp_path, monkeypatch, capsys) as world:
            yield world
        shutil.rmtree(home / "pinesync")
        shutil.rmtree(world.folder)

    return one


def check_whole(world: World) -> None:
    """Right after the kill: whole texts, and no base ahead of the file or of the service."""
    text, version = world.read(), world.version()
    assert text in (TREND, SLOWER, LONGER, MERGED)
    assert version in [f"{n + 1}.0" for n in range(len(world.saved()))]
    if version == "2.0":
        assert text == world.saved()[1] or text == MERGED
    extra = world.folder / "indicators/Extra.pine"
    assert not extra.exists() or extra.read_text() == EXTRA
    if world.account().get("Extra") is None and extra.exists():
        assert world.entry("indicators/Extra.pine")["version"] is None


def check_recovery(world: World, job: Job, where: str) -> None:
    with noting(where):
        check_whole(world)
        check_converged(world)
        saved = world.account()
        assert {name: saved.get(name) for name in END[job]} == END[job]
        assert world.read() == END[job]["Trend"][-1]


@pytest.mark.promise(4)
@pytest.mark.timeout(900)
@pytest.mark.parametrize("job", JOBS)
def test_work_survives_a_kill_at_any_call(
    fresh: Fresh, job: Job, request: pytest.FixtureRequest
) -> None:
    step = 1 if request.config.getoption("--deep") else 3
    names = set()
    for number in range(1, MOST, step):
        with fresh() as world:
            verb = job(world)
            with program(world, KILLED_AT, number, verb) as child:
                out, err = child.communicate(timeout=60)
            if child.returncode == 0:
                break
            assert child.returncode == -signal.SIGKILL, err
            names.add(out.split()[-1])
            check_recovery(world, job, f"{verb} was killed before call {number}, {names}")
    else:
        raise AssertionError("it never came to its end")
    assert {"open", "write", "fsync"} & names, "no kill point was reached"


# -- by the kernel --------------------------------------------------------------------------------

STRACE = shutil.which("strace")
COMMAND = [sys.executable, "-m", "pinesync"]


def traces() -> bool:
    """Whether strace exists and may trace and inject here."""
    if STRACE is None:
        return False
    tried = [STRACE, "-f", "-qq", "-o", os.devnull, "-e", "inject=fsync:signal=KILL", "true"]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


needs_strace = pytest.mark.skipif(not traces(), reason="needs the program strace, allowed to trace")


def strace(world: World, verb: str, call: str, when: int, log: Path) -> int:
    """Run the command under strace, killed at the given call, and return its exit code."""
    inject = ["-e", f"inject={call}:signal=KILL:when={when}"] if when else []
    command = [str(STRACE), "-f", "-qq", "-o", str(log), "-e", f"trace={call}", *inject]
    result = subprocess.run(
        [*command, *COMMAND, verb], cwd=world.folder, capture_output=True, check=False, timeout=60
    )
    return result.returncode


def calls_in(log: Path) -> list[str]:
    return [line for line in log.read_text().splitlines() if re.search(r"\w\(", line)]


@needs_strace
@pytest.mark.timeout(900)
@pytest.mark.parametrize("call", ["renameat2", "fsync", "unlink", "unlinkat", "rename", "openat"])
@pytest.mark.parametrize("job", [pulls, pushes, merges])
def test_work_survives_a_kill_at_any_system_call(
    fresh: Fresh, job: Job, call: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """The same for system calls. A run without a kill shows which calls exist."""
    log = tmp_path / "calls"
    with fresh() as world:
        assert strace(world, job(world), call, 0, log) == 0
        count = len(calls_in(log))
    # Only the last files opened are pinesync's own, and the others are modules.
    first = max(1, count - 60) if call == "openat" else 1
    points = range(first, count + 1)
    some = max(1, len(points) // 3) if not request.config.getoption("--deep") else 1
    killed = 0
    for when in points[::some]:
        with fresh() as world:
            verb = job(world)
            code = strace(world, verb, call, when, log)
            assert code in (0, -signal.SIGKILL, 128 + signal.SIGKILL)
            killed += code != 0
            check_recovery(world, job, f"{verb} was killed at {call} {when}, of {count}")
    assert killed or not count


def test_each_job_gives_the_expected_result_without_a_kill(fresh: Fresh) -> None:
    """Without a kill: the result that the other tests compare with."""
    for job in JOBS:
        with fresh() as world:
            assert world(job(world)).code == 0
            check_recovery(world, job, "not killed")
            assert world.version(TREND_PATH) == f"{len(world.saved())}.0"
