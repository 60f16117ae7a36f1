"""Each call that changes the disk is once the last one, and once a failing one."""

import errno
from collections.abc import Callable, Iterator

import pytest

from pinesync.app.project import open_project
from pinesync.workspace.files import exchange
from tests.campaign.conftest import Opened, noting
from tests.campaign.disk import Disk, Trouble, dies_at, fails_at, is_full_from, watched
from tests.world import OneScript, marks_of

pytestmark = pytest.mark.promise(4)


def pulls(world: OneScript) -> None:
    world.web_fresh()


def pushes(world: OneScript) -> None:
    world.edit()


def merges(world: OneScript) -> None:
    world.web_fresh()
    world.edit()


def conflicts(world: OneScript) -> None:
    world.remote.web_save(world.pine_id, world.newest.replace("// part 3", "// part three"))
    world.file.write_text(world.file.read_text().replace("// part 3", "// part III"))


def races_an_editor(world: OneScript) -> None:
    """The user saves the file during the exchange."""
    world.web_fresh()


def pulls_a_new_script(world: OneScript) -> None:
    world.remote.add("Another", "//@version=6\nindicator('another')\n// mark W9\n")


JOBS = (pulls, pushes, merges, conflicts, races_an_editor, pulls_a_new_script)
ERRORS = (errno.ENOSPC, errno.EACCES, errno.EIO)

Job = Callable[[OneScript], None]


@pytest.fixture(params=["exchange", "link and replace"])
def ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Exchanging files with the system call, and without."""
    if request.param != "exchange":

        def not_there(*args: object) -> None:
            raise OSError(errno.ENOSYS, "no such call")

        monkeypatch.setattr(exchange, "_renameat2", not_there)
    return str(request.param)


def editor_of(world: OneScript, job: Job) -> Callable[[], None] | None:
    return world.edit if job is races_an_editor else None


def calls_of(worlds: Opened, job: Job) -> int:
    with worlds() as world:
        job(world)
        with watched(Disk(editor=editor_of(world, job))) as disk:
            world.sync()
        return len(disk.calls)


def troubles(
    worlds: Opened, job: Job, make: Callable[[int], Trouble], step: int
) -> Iterator[tuple[OneScript, str, int]]:
    """Run the job with trouble at each call in turn; yield the world afterwards and the call."""
    for number in range(1, calls_of(worlds, job) + 1, step):
        with worlds() as world:
            job(world)
            with watched(Disk(make(number), editor=editor_of(world, job))) as disk:
                world.sync()
            yield world, disk.calls[-1], number


@pytest.mark.promise(2)
@pytest.mark.timeout(900)
@pytest.mark.parametrize("job", JOBS)
def test_work_survives_a_crash_at_any_call(worlds: Opened, job: Job, ways: str) -> None:
    for world, name, number in troubles(worlds, job, dies_at, 1):
        where = f"{job.__name__} died before {name}, call {number}, by {ways}"
        with noting(where):
            world.check_always()
            check_whole(world)
            base_is_not_ahead(world)
            check_convergence(world, job)


@pytest.mark.promise(7)
@pytest.mark.timeout(900)
@pytest.mark.parametrize("job", JOBS)
@pytest.mark.parametrize("code", ERRORS, ids=lambda code: errno.errorcode[code])
def test_work_survives_a_failure_at_any_call(
    worlds: Opened, job: Job, code: int, request: pytest.FixtureRequest
) -> None:
    step = 1 if request.config.getoption("--deep") else 2
    for world, name, number in troubles(worlds, job, lambda n: fails_at(n, code), step):
        check_recovery(world, job, f"{job.__name__}: {name}, call {number}, failed once")


@pytest.mark.promise(7)
@pytest.mark.timeout(900)
@pytest.mark.parametrize("job", JOBS)
def test_work_survives_a_full_disk_from_any_call_on(worlds: Opened, job: Job) -> None:
    for world, name, number in troubles(worlds, job, is_full_from, 1):
        check_recovery(world, job, f"{job.__name__}: no room from {name}, call {number}, on")


def base_is_not_ahead(world: OneScript) -> None:
    """After the next run finishes or undoes the work, the file contains the base."""
    with open_project(world.setup()).transaction("test"):
        base = world.log[world.base_version().major - 1]
        assert marks_of(base) <= marks_of(world.file.read_text()), "the base is ahead of the file"


def check_recovery(world: OneScript, job: Job, where: str) -> None:
    """No half-written or leftover file, and the next runs finish the interrupted work."""
    with noting(where):
        world.check_always()
        check_whole(world)
        world.warnings.clear()
        check_convergence(world, job)


def check_convergence(world: OneScript, job: Job) -> None:
    world.heal()
    if job is not conflicts:
        world.check_converged()


def check_whole(world: OneScript) -> None:
    """The file has one complete text: that of a version, the edited one, or a merge."""
    text = world.file.read_text()
    assert text.startswith("//@version=6\n")
    assert text.endswith("\n")
    assert "// part 11" in text or "another" in text
