"""The counterexamples of the protocol's model, each as a fixed history.

Without a rule, the model finds a shortest history in which work is lost: each is a test here, where
no work may be lost.
"""

import pytest

from pinesync.cli.sync.resolve import resolve
from pinesync.errors import NetworkError
from tests.fakes import Turn
from tests.world import OneScript


def end(world: OneScript) -> None:
    world.heal()
    world.check_converged()


def end_late(world: OneScript) -> None:
    """The late save arrives, and everything is settled."""
    world.arrive()
    end(world)


def late(world: OneScript) -> None:
    """An edit is sent, and has not arrived."""
    world.edit()
    world.sync(turn=world.delayed())


def given_up(world: OneScript) -> None:
    """The late save is given up, and its text saved again."""
    late(world)
    world.wait()
    world.sync()


def stale_tab(world: OneScript) -> None:
    """Somebody saves from a browser tab that does not have our edit."""
    world.edit()
    world.sync()
    world.web_stale()


def nobody_saved_twice(world: OneScript) -> None:
    pairs = zip(world.log, world.log[1:], strict=False)
    assert all(one != other for one, other in pairs), "the same text was saved twice in a row"


def test_retry_does_not_save_twice(world: OneScript) -> None:
    world.edit()
    world.sync(turn=world.lost())
    end(world)
    nobody_saved_twice(world)


def test_retry_does_not_undo_a_revert(world: OneScript) -> None:
    world.edit()
    world.sync(turn=Turn(stores=True, error=NetworkError("reset"), after=world.web_revert))
    end(world)


def test_retry_does_not_drop_a_web_save(world: OneScript) -> None:
    world.edit()
    world.sync(turn=Turn(stores=True, error=NetworkError("reset"), after=world.web_fresh))
    end(world)
    assert not [text for text in world.log[3:] if "L1" in text and "W2" not in text]


@pytest.mark.promise(14)
def test_a_web_revert_after_a_late_save_stays(world: OneScript) -> None:
    late(world)
    world.sync()
    world.web_revert()
    end_late(world)


@pytest.mark.promise(14)
def test_a_web_save_before_a_late_save_is_not_hidden(world: OneScript) -> None:
    given_up(world)
    world.web_fresh()
    end_late(world)


@pytest.mark.promise(12)
def test_a_web_revert_just_before_a_save_is_a_conflict(world: OneScript) -> None:
    world.web_fresh()
    world.sync()
    world.edit()
    world.sync(turn=Turn(before=world.web_revert))
    end(world)
    assert any("conflict" in warning for warning in world.warnings)


@pytest.mark.promise(12)
def test_a_web_save_just_before_a_save_is_reported(world: OneScript) -> None:
    world.edit()
    world.sync(turn=world.slipped())
    end(world)
    assert any("somebody else" in warning for warning in world.warnings)


@pytest.mark.promise(14)
def test_a_web_revert_after_a_given_up_save_stays(world: OneScript) -> None:
    given_up(world)
    world.web_revert()
    end_late(world)


@pytest.mark.promise(14)
def test_a_late_save_over_a_web_save_is_reported(world: OneScript) -> None:
    late(world)
    world.web_fresh()
    world.wait()
    world.sync()
    end_late(world)
    assert world.warnings


@pytest.mark.promise(4)
def test_a_web_revert_after_a_pull_stays(world: OneScript) -> None:
    for crash_at in range(1, 12):
        world.web_fresh()
        world.sync(crash_at=crash_at)
        world.check_always()
        world.web_revert()
        world.sync(crash_at=crash_at)
        world.check_always()
    end(world)


@pytest.mark.promise(3)
def test_a_pull_that_crashed_after_the_file_survives_a_web_revert_and_an_edit(
    world: OneScript,
) -> None:
    world.web_fresh()
    world.sync(crash_at="commit")
    assert "W1" in world.file.read_text()
    assert world.base_version().major == 1
    world.web_revert()
    world.edit()
    end(world)


def test_a_pull_that_crashed_before_the_manifest_does_not_undo_a_web_revert(
    world: OneScript,
) -> None:
    world.web_fresh()
    world.sync(crash_at="commit")
    world.web_revert()
    end(world)
    assert "W1" not in world.newest


def test_a_web_revert_right_after_a_save_stays(world: OneScript) -> None:
    world.edit()
    world.sync(turn=Turn(stores=True, error=NetworkError("reset"), after=world.web_revert))
    world.sync()
    end(world)
    assert "L1" not in world.newest


def test_an_edit_during_a_pull_stays(world: OneScript) -> None:
    world.web_fresh()
    world.remote.at_next("list_scripts", lambda: None)
    world.remote.at_next("get", world.edit)
    world.sync()
    end(world)
    assert {"W1", "L2"} <= {*world.made}
    assert "L2" in world.newest
    assert "W1" in world.newest


@pytest.mark.promise(13)
def test_a_stale_tab_save_after_a_push_is_reported(world: OneScript) -> None:
    stale_tab(world)
    end(world)
    assert any("browser tab" in warning for warning in world.warnings)


def test_a_stale_tab_is_reported_once(world: OneScript) -> None:
    stale_tab(world)
    world.sync()
    assert any("browser tab" in warning for warning in world.warnings)
    world.warnings.clear()
    world.web_fresh()
    world.sync()
    assert not world.warnings


def test_a_stale_tab_is_reported_after_an_interrupted_pull(world: OneScript) -> None:
    """Found by going through all histories of four events."""
    stale_tab(world)
    world.sync(crash_at="commit")
    end(world)
    assert any("browser tab" in warning for warning in world.warnings)


@pytest.mark.promise(14)
def test_a_late_save_equal_to_the_base_over_a_web_save_is_reported(world: OneScript) -> None:
    given_up(world)  # the base has the text now
    world.web_fresh()
    world.arrive()
    world.sync()
    assert any("somebody else" in warning for warning in world.warnings)
    end(world)


@pytest.mark.promise(12)
def test_a_web_save_and_its_revert_just_before_a_save_are_reported(world: OneScript) -> None:
    world.edit()

    def there_and_back() -> None:
        world.web_fresh()
        world.web_revert()

    world.sync(turn=Turn(before=there_and_back))
    assert any("somebody else" in warning for warning in world.warnings)
    end(world)


@pytest.mark.promise(14)
def test_a_deliberate_revert_before_an_equal_late_save_stays(world: OneScript) -> None:
    given_up(world)
    ours = world.newest
    world.web_fresh()
    world.sync()
    world.remote.web_save(world.pine_id, ours)  # back to our text, on purpose
    world.removed.add("W2")
    world.sync()
    resolve(world.setup(), [world.path], "ours")
    world.web_fresh()
    world.sync()
    assert "W3" in world.file.read_text()
    world.warnings.clear()
    world.arrive()  # the late save hides W3
    world.sync()
    assert any("somebody else" in warning for warning in world.warnings)
