"""An edit made during an upload does not change what was sent."""

from collections.abc import Callable

import pytest

from pinesync.app.sync.push import push
from pinesync.app.sync.status import status
from tests.fakes import Turn
from tests.world import OneScript

pytestmark = pytest.mark.promise(18)


def edits(world: OneScript) -> None:
    world.edit()


def deletes(world: OneScript) -> None:
    world.file.unlink()


def renames(world: OneScript) -> None:
    world.file.rename(world.file.with_name("other.pine"))


@pytest.mark.parametrize("act", [edits, deletes, renames])
@pytest.mark.parametrize("when", ["before", "after"])
def test_an_edit_during_the_upload_stays_an_edit(
    world: OneScript, act: Callable[[OneScript], None], when: str
) -> None:
    world.edit()
    sent = world.file.read_text()
    turn = Turn(before=lambda: act(world)) if when == "before" else Turn(after=lambda: act(world))
    world.remote.next_save(turn)
    run = push(world.setup())
    assert [outcome.done for outcome in run.outcomes] == ["saved"]
    assert world.newest == sent
    assert world.base_version().major == 2
    world.check_always()
    word = {line.path: line.word for line in status(world.setup()).lines}[world.path]  # type: ignore[index]
    assert word == ("modified" if act is edits else "missing")


def test_conflict_markers_written_after_the_plan_are_not_sent(world: OneScript) -> None:
    world.edit()
    marked = world.file.read_text() + "<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n"
    world.remote.at_next("list_scripts", lambda: world.file.write_text(marked))
    run = push(world.setup())
    assert [outcome.done for outcome in run.outcomes] == ["refused"]
    assert len(world.log) == 1
