"""Absence never propagates: a list without some scripts changes nothing; without many, it stops
the run."""

from pathlib import Path

import pytest

from pinesync.app.sync.pull import pull
from pinesync.app.sync.push import push
from pinesync.app.sync.status import status
from pinesync.errors import ActionRequired, NoAccess, NotAccessible, PinesyncError, SessionExpired
from pinesync.model import PineId
from tests.world import OneScript


def files(world: OneScript) -> dict[str, bytes]:
    return {
        str(path.relative_to(world.root)): path.read_bytes()
        for path in sorted(world.root.rglob("*"))
        if path.is_file()
    }


def with_scripts(world: OneScript, count: int) -> list[PineId]:
    """This number of scripts in total, each with a file."""
    for number in range(1, count):
        world.remote.add(f"script {number}", f"//@version=6\nindicator('{number}')\n")
    world.sync()
    return list(world.remote.scripts)


def stopped(world: OneScript) -> PinesyncError | None:
    """Return the error of a pull and a push, which must be equal. Nothing may change."""
    before, posted = files(world), list(world.remote.posted)
    ends = []
    for command in (pull, push):
        try:
            ends.append(command(world.setup()).stopped)
        except PinesyncError as error:
            ends.append(error)
    assert files(world) == before
    assert world.remote.posted == posted
    assert type(ends[0]) is type(ends[1])
    return ends[0]


@pytest.mark.promise(20)
def test_an_empty_list_from_an_expired_session_stops_the_run(world: OneScript) -> None:
    world.remote.signed_in = False
    assert isinstance(stopped(world), SessionExpired)


def test_an_unexplained_empty_list_stops_the_run(
    world: OneScript, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.remote, "list_scripts", lambda: ())
    assert isinstance(stopped(world), NoAccess)


@pytest.mark.promise(21)
@pytest.mark.parametrize(
    ("tracked", "gone", "mass"),
    [(1, 1, True), (5, 3, False), (5, 4, True), (20, 4, False), (20, 5, True), (30, 6, False)],
)
def test_too_many_missing_scripts_stop_the_run(
    world: OneScript, tracked: int, gone: int, mass: bool
) -> None:
    ids = with_scripts(world, tracked)
    for pine_id in ids[:gone]:
        world.remote.web_delete(pine_id)
    end = stopped(world)
    if mass:
        assert isinstance(end, ActionRequired)
    else:
        assert end is None
        words = [str(line.word) for line in status(world.setup()).lines]
        assert words.count("gone") == gone


def test_a_script_is_gone_after_two_refusals(world: OneScript) -> None:
    ids = with_scripts(world, 6)
    real = world.remote.list_scripts
    world.remote.list_scripts = lambda: real()[1:]  # type: ignore[method-assign]
    world.remote.fail_next("get", NotAccessible(404, "once"))
    words = [str(line.word) for line in status(world.setup()).lines]
    assert "gone" not in words
    assert len(ids) == len(words)


def test_a_gone_script_is_recreated_only_on_request(world: OneScript) -> None:
    ids = with_scripts(world, 6)
    world.remote.web_delete(ids[0])
    assert push(world.setup()).exit_code == 3
    assert len(world.remote.scripts) == 5
    run = push(world.setup(), recreate=True)
    assert [outcome.done for outcome in run.outcomes] == ["created"]
    assert len(world.remote.scripts) == 6
    assert Path(world.file).exists()


@pytest.mark.promise(19)
def test_a_missing_file_deletes_nothing(world: OneScript) -> None:
    world.file.unlink()
    world.sync()
    assert world.pine_id in world.remote.scripts
    assert not world.file.exists()
    assert [line.word for line in status(world.setup()).lines] == ["missing"]
