"""Git moves a file without its entry, or the entry back: the rows `undoes` and `rolled-back`."""

from __future__ import annotations

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


def commit(world: OneScript) -> None:
    git(world, "add", "-A")
    git(world, "commit", "-q", "-m", "all")


def word(world: OneScript) -> str:
    (line,) = status(world.setup()).lines
    return line.word


def test_a_discarded_file_after_a_pull_is_not_pushed(kept: OneScript) -> None:
    kept.web_fresh()
    kept.sync()
    git(kept, "checkout", "-q", "--", kept.path)
    assert word(kept) == "undoes"
    run = push(kept.setup())
    assert run.exit_code == 3
    assert len(kept.log) == 2
    kept.told.clear()
    kept.sync()
    assert word(kept) == "clean"
    assert "W1" in kept.file.read_text()


def test_a_discarded_file_while_the_service_moves_on(kept: OneScript) -> None:
    """Merging would take the pulled lines out of the newest version without a word."""
    kept.web_fresh()
    kept.sync()
    git(kept, "checkout", "-q", "--", kept.path)
    kept.web_fresh()
    assert word(kept) == "undoes"
    kept.rest()
    kept.check_rest()
    assert {"W1", "W2"} <= kept.made
    assert "W1" in kept.newest
    assert "W2" in kept.newest


def test_a_discarded_file_with_an_edit_beside(kept: OneScript) -> None:
    kept.web_fresh()
    kept.sync()
    git(kept, "checkout", "-q", "--", kept.path)
    kept.edit()
    assert word(kept) == "undoes"
    kept.rest()
    assert "W1" in kept.newest
    assert "L2" in kept.newest


def test_an_older_push_of_ours_may_be_taken_back(kept: OneScript) -> None:
    """What came from here is ours to undo."""
    kept.edit()
    kept.sync()
    kept.file.write_text(kept.log[0])
    assert word(kept) == "modified"
    kept.sync()
    assert kept.newest == kept.log[0]


def test_saving_over_what_was_taken_back_is_possible_when_named(kept: OneScript) -> None:
    kept.web_fresh()
    kept.sync()
    git(kept, "checkout", "-q", "--", kept.path)
    refused = push(kept.setup(), [kept.path], over="1.0")
    assert refused.exit_code == 3
    done = push(kept.setup(), [kept.path], over="2.0")
    assert done.exit_code == 0
    assert kept.newest == kept.log[0]
    assert word(kept) == "clean"


def test_a_branch_with_its_own_base_is_a_plain_fast_forward(kept: OneScript) -> None:
    git(kept, "branch", "old")
    kept.web_fresh()
    kept.sync()
    commit(kept)
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
    kept.web_fresh()
    kept.sync()
    commit(kept)
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
    kept.web_fresh()
    kept.sync()
    commit(kept)
    kept.web_revert()
    assert word(kept) == "behind"
    kept.sync()
    assert "W1" not in kept.file.read_text()
    assert len(kept.log) == 3


@pytest.mark.promise(27)
def test_a_lost_state_changes_no_word(kept: OneScript) -> None:
    import shutil

    kept.web_fresh()
    kept.sync()
    git(kept, "checkout", "-q", "--", kept.path)
    shutil.rmtree(kept.pinesync_home / "state")
    assert word(kept) == "undoes"


def test_a_killed_pull_whose_file_git_put_back(kept: OneScript) -> None:
    """The merged text is gone again, so the base stays where it was."""
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


def test_a_killed_pull_whose_file_was_edited_since(kept: OneScript) -> None:
    """It still has what was brought, so the pull is finished."""
    kept.edit()
    kept.web_fresh()
    kept.sync(crash_at="commit")
    kept.edit()
    push(kept.setup())
    assert {"L1", "W2", "L3"} <= marks_of(kept.newest)
