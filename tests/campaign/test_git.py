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
def repo(worlds: Opened, home: Path) -> Iterator[OneScript]:
    """A workspace whose folder is a git repository with one commit."""
    with worlds() as world:
        yield start(world)


@pytest.fixture
def discarded(repo: OneScript) -> OneScript:
    """Pulled, and then git put the file back."""
    repo.web_fresh()
    repo.sync()
    git(repo, "checkout", "-q", "--", repo.path)
    return repo


def commit(world: OneScript) -> None:
    git(world, "add", "-A")
    git(world, "commit", "-q", "-m", "all")


def pull(world: OneScript) -> None:
    """A foreign save is pulled and committed."""
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
    discarded.warnings.clear()
    discarded.sync()
    assert word(discarded) == "clean"
    assert "W1" in discarded.file.read_text()


def test_a_discarded_file_is_not_pushed_over_a_newer_save(discarded: OneScript) -> None:
    """Merging would silently remove the pulled lines from the newest version."""
    discarded.web_fresh()
    assert word(discarded) == "undoes"
    discarded.heal()
    discarded.check_converged()
    assert {"W1", "W2"} <= discarded.made
    assert "W1" in discarded.newest
    assert "W2" in discarded.newest


def test_a_discarded_file_does_not_stop_an_edited_one(discarded: OneScript) -> None:
    discarded.edit()
    assert word(discarded) == "undoes"
    discarded.heal()
    assert "W1" in discarded.newest
    assert "L2" in discarded.newest


def test_an_older_text_of_ours_can_be_pushed_again(repo: OneScript) -> None:
    """A text saved from here is ours to undo."""
    repo.edit()
    repo.sync()
    repo.file.write_text(repo.log[0])
    assert word(repo) == "modified"
    repo.sync()
    assert repo.newest == repo.log[0]


def test_push_over_saves_a_rolled_back_file(discarded: OneScript) -> None:
    refused = push(discarded.setup(), [discarded.path], over="1.0")
    assert refused.exit_code == 3
    result = push(discarded.setup(), [discarded.path], over="2.0")
    assert result.exit_code == 0
    assert discarded.newest == discarded.log[0]
    assert word(discarded) == "clean"


def test_an_older_branch_is_behind_and_fast_forwards(repo: OneScript) -> None:
    git(repo, "branch", "old")
    pull(repo)
    git(repo, "checkout", "-q", "old")
    assert word(repo) == "behind"
    repo.sync()
    assert word(repo) == "clean"
    assert len(repo.log) == 2


def test_a_revert_of_a_pushed_commit_is_pushed_not_pulled(repo: OneScript) -> None:
    repo.edit()
    repo.sync()
    commit(repo)
    git(repo, "revert", "--no-edit", "HEAD")
    assert word(repo) == "rolled-back"
    repo.sync()
    assert repo.newest == repo.log[0]
    assert len(repo.log) == 3
    assert word(repo) == "clean"


def test_a_revert_of_a_pulled_commit_is_neither_pushed_nor_stuck(repo: OneScript) -> None:
    pull(repo)
    git(repo, "revert", "--no-edit", "HEAD")
    assert word(repo) == "rolled-back"
    refused = push(repo.setup())
    assert refused.exit_code == 3
    assert "--over 2.0" in refused.outcomes[0].hint
    assert len(repo.log) == 2
    repo.sync()
    assert "W1" in repo.file.read_text()
    assert word(repo) == "clean"


def test_a_web_revert_to_a_recorded_text_is_still_pulled(repo: OneScript) -> None:
    """The same text was recorded before, but as another version, so it is pulled."""
    pull(repo)
    repo.web_revert()
    assert word(repo) == "behind"
    repo.sync()
    assert "W1" not in repo.file.read_text()
    assert len(repo.log) == 3


@pytest.mark.promise(27)
def test_a_lost_state_does_not_change_the_status(discarded: OneScript) -> None:
    import shutil

    shutil.rmtree(discarded.pinesync_home / "state")
    assert word(discarded) == "undoes"


def test_a_killed_pull_does_not_move_the_base_once_git_reset_the_file(repo: OneScript) -> None:
    """The merged text is gone again, so the base does not move."""
    repo.edit()
    repo.web_fresh()
    repo.sync(crash_at="commit")
    assert {"L1", "W2"} <= marks_of(repo.file.read_text())
    git(repo, "reset", "-q", "--hard")
    push(repo.setup())
    assert repo.base_version().major == 1
    repo.sync()
    assert "W2" in repo.newest
    assert "W2" in repo.file.read_text()


def test_a_killed_pull_is_finished_although_the_file_was_edited(repo: OneScript) -> None:
    """The file still has the downloaded lines, so the pull is finished."""
    repo.edit()
    repo.web_fresh()
    repo.sync(crash_at="commit")
    repo.edit()
    push(repo.setup())
    assert {"L1", "W2", "L3"} <= marks_of(repo.newest)
