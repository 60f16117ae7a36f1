"""Git restores an older file without its entry, or the entry without the file: `undoes` and
`rolled-back`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pinesync.app.sync.push import push
from pinesync.app.sync.status import status
from tests.campaign.conftest import Opened
from tests.world import OneScript, git, marks_of, start

pytestmark = pytest.mark.promise(33, 37)


@pytest.fixture
def kept(worlds: Opened, home: Path) -> Iterator[OneScript]:
    """A workspace whose folder is a git repository with one commit."""
    with worlds() as world:
        yield start(world)


@pytest.fixture
def discarded(kept: OneScript) -> OneScript:
    """Pulled, and then git put the file back."""
    kept.web_fresh()
    kept.sync()
    git(kept, "checkout", "-q", "--", kept.path)
    return kept


def commit(world: OneScript) -> None:
    git(world, "add", "-A")
    git(world, "commit", "-q", "-m", "all")


def pull(world: OneScript) -> None:
    """Somebody else's save is pulled and committed."""
    world.web_fresh()
    world.sync()
    commit(world)


def word(world: OneScript) -> str:
    (line,) = status(world.setup()).lines
    return line.word


def test_a_discarded_file_after_a_pull_is_not_pushed(discarded: OneScript) -> None:
    assert word(discarded) == "undoes"
    run = push(discarded.setup())
    assert run.exit_code == 3
    assert len(discarded.log) == 2
    discarded.told.clear()
    discarded.sync()
    assert word(discarded) == "clean"
    assert "W1" in discarded.file.read_text()


def test_a_discarded_file_is_not_pushed_over_a_newer_save(discarded: OneScript) -> None:
    """Merging would take the pulled lines out of the newest version without a word."""
    discarded.web_fresh()
    assert word(discarded) == "undoes"
    discarded.rest()
    discarded.check_rest()
    assert {"W1", "W2"} <= discarded.made
    assert "W1" in discarded.newest
    assert "W2" in discarded.newest


def test_a_discarded_file_does_not_stop_an_edited_one(discarded: OneScript) -> None:
    discarded.edit()
    assert word(discarded) == "undoes"
    discarded.rest()
    assert "W1" in discarded.newest
    assert "L2" in discarded.newest


def test_an_older_text_of_ours_can_be_pushed_again(kept: OneScript) -> None:
    """A text saved from here is ours to undo."""
    kept.edit()
    kept.sync()
    kept.file.write_text(kept.log[0])
    assert word(kept) == "modified"
    kept.sync()
    assert kept.newest == kept.log[0]


def test_push_over_saves_a_rolled_back_file(discarded: OneScript) -> None:
    refused = push(discarded.setup(), [discarded.path], over="1.0")
    assert refused.exit_code == 3
    done = push(discarded.setup(), [discarded.path], over="2.0")
    assert done.exit_code == 0
    assert discarded.newest == discarded.log[0]
    assert word(discarded) == "clean"


def test_an_older_branch_is_behind_and_fast_forwards(kept: OneScript) -> None:
    git(kept, "branch", "old")
    pull(kept)
    git(kept, "checkout", "-q", "old")
    assert word(kept) == "behind"
    kept.sync()
    assert word(kept) == "clean"
    assert len(kept.log) == 2


def test_a_revert_of_a_pushed_commit_is_pushed_not_pulled(kept: OneScript) -> None:
    kept.edit()
    kept.sync()
    commit(kept)
    git(kept, "revert", "--no-edit", "HEAD")
    assert word(kept) == "rolled-back"
    kept.sync()
    assert kept.newest == kept.log[0]
    assert len(kept.log) == 3
    assert word(kept) == "clean"


def test_a_revert_of_a_pulled_commit_is_neither_pushed_nor_stuck(kept: OneScript) -> None:
    pull(kept)
    git(kept, "revert", "--no-edit", "HEAD")
    assert word(kept) == "rolled-back"
    refused = push(kept.setup())
    assert refused.exit_code == 3
    assert "--over 2.0" in refused.outcomes[0].hint
    assert len(kept.log) == 2
    kept.sync()
    assert "W1" in kept.file.read_text()
    assert word(kept) == "clean"


def test_a_web_revert_to_a_recorded_text_is_still_pulled(kept: OneScript) -> None:
    """The same text was recorded before, but as another version: that is news."""
    pull(kept)
    kept.web_revert()
    assert word(kept) == "behind"
    kept.sync()
    assert "W1" not in kept.file.read_text()
    assert len(kept.log) == 3


@pytest.mark.promise(27)
def test_a_lost_state_does_not_change_the_status(discarded: OneScript) -> None:
    import shutil

    shutil.rmtree(discarded.pinesync_home / "state")
    assert word(discarded) == "undoes"


def test_a_killed_pull_does_not_move_the_base_once_git_reset_the_file(kept: OneScript) -> None:
    """The merged text is gone again, so the base does not move."""
    kept.edit()
    kept.web_fresh()
    kept.sync(crash_at="commit")
    assert {"L1", "W2"} <= marks_of(kept.file.read_text())
    git(kept, "reset", "-q", "--hard")
    push(kept.setup())
    assert kept.base_version().major == 1
    kept.sync()
    assert "W2" in kept.newest
    assert "W2" in kept.file.read_text()


def test_a_killed_pull_is_finished_although_the_file_was_edited(kept: OneScript) -> None:
    """It still has what was brought, so the pull is finished."""
    kept.edit()
    kept.web_fresh()
    kept.sync(crash_at="commit")
    kept.edit()
    push(kept.setup())
    assert {"L1", "W2", "L3"} <= marks_of(kept.newest)
