"""What a person does with git between a fetch and a push: nobody's save and no file is lost."""

from __future__ import annotations

import re

import pytest

from tests.git_remote.conftest import Folder
from tests.world import World
from tests.world.scripts import EXTRA, LONGER, SLOWER, TREND, TREND_PATH

pytestmark = pytest.mark.promise(39)
NOTES = EXTRA + "// notes\n"


def test_a_merge_that_ignores_a_save_is_refused_and_says_what_helps(
    folder: Folder, world: World
) -> None:
    world.web_save(SLOWER)
    folder.git("fetch")
    folder.edit("notes\n", "notes.md")
    folder.git("merge", "-q", "-s", "ours", "--no-edit", "origin/main")
    folder.git("push", code=1)
    assert f"`pinesync pull {TREND_PATH}` brings it" in folder.said
    assert world("pull", TREND_PATH, cwd=folder.root).code == 0
    folder.git("commit", "-qam", "With their save")
    folder.git("push")
    assert folder.read(TREND_PATH) == SLOWER
    assert world.saved() == [TREND, SLOWER]
    assert folder.is_sound()


@pytest.mark.parametrize("event", ["new", "renamed"])
def test_a_file_that_is_not_listed_is_not_overwritten_by_a_fetch(
    folder: Folder, world: World, event: str
) -> None:
    folder.edit(NOTES, "indicators/Extra.pine")
    folder.git("push")
    if event == "new":
        world.web_save(EXTRA, "Extra")
    else:
        world.store.rename(world.user, world.id_of(), "Extra")
    folder.git("pull", "--no-rebase", "--no-edit")
    assert folder.read("indicators/Extra.pine") == NOTES
    assert [p.read_text() for p in (folder.root / "indicators").glob("Extra-*.pine")] == [
        EXTRA if event == "new" else TREND
    ]
    folder.git("push")
    assert folder.is_sound()


@pytest.mark.parametrize("setting", ["id", "remote"])
def test_a_commit_of_another_workspace_is_refused(
    folder: Folder, world: World, setting: str
) -> None:
    held = folder.read("pine.toml")
    other = re.sub(rf'^{setting} = "(.*)"$', rf'{setting} = "sandbox:other"', held, flags=re.M)
    (folder.root / TREND_PATH).write_text(LONGER)
    folder.edit(other, "pine.toml")
    folder.git("push", code=1)
    assert "another workspace" in folder.said
    assert world.saved() == [TREND]
    folder.edit(held, "pine.toml")
    folder.git("push")
    assert world.saved() == [TREND, LONGER]
    assert folder.is_sound()
