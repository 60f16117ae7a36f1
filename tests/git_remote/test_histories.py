"""Git commands between a fetch and a push: no save and no file is lost."""

from __future__ import annotations

import re

import pytest

from tests.git_remote.conftest import Folder
from tests.world import World
from tests.world.scripts import EXTRA, LONGER, MERGED, SLOWER, TREND, TREND_PATH

pytestmark = pytest.mark.promise(39)
NOTES = EXTRA + "// notes\n"


def test_a_merge_that_drops_a_save_is_refused_with_a_hint(folder: Folder, world: World) -> None:
    world.web_save(SLOWER)
    folder.git("fetch")
    folder.edit("notes\n", "notes.md")
    folder.git("merge", "-q", "-s", "ours", "--no-edit", "origin/main")
    folder.git("push", code=1)
    assert f"`pinesync pull {TREND_PATH}` restores " in folder.output
    assert world("pull", TREND_PATH, cwd=folder.root).code == 0
    folder.git("commit", "-qam", "With their save")
    folder.git("push")
    assert folder.read(TREND_PATH) == SLOWER
    assert world.saved() == [TREND, SLOWER]
    assert folder.is_sound()


@pytest.mark.parametrize("event", ["new", "renamed"])
def test_an_unlisted_file_is_not_overwritten_by_a_fetch(
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


@pytest.mark.parametrize(("setting", "value"), [("id", "other"), ("remote", "sandbox:other")])
def test_a_commit_of_another_workspace_is_refused(
    folder: Folder, world: World, setting: str, value: str
) -> None:
    text = folder.read("pine.toml")
    other = re.sub(rf'^{setting} = "(.*)"$', rf'{setting} = "{value}"', text, flags=re.M)
    (folder.root / TREND_PATH).write_text(LONGER)
    folder.edit(other, "pine.toml")
    folder.git("push", code=1)
    assert "another workspace" in folder.output
    assert world.saved() == [TREND]
    folder.edit(text, "pine.toml")
    folder.git("push")
    assert world.saved() == [TREND, LONGER]
    assert folder.is_sound()


@pytest.mark.parametrize("name", ["Extra", "Breakout"])
def test_an_unusable_script_does_not_block_the_others(
    folder: Folder, world: World, name: str
) -> None:
    world.web_save(EXTRA + "// \0\n", name)
    folder.git("fetch")
    assert "NUL" in folder.output
    folder.edit(LONGER, TREND_PATH)
    folder.git("push", code=0 if name == "Extra" else 1)
    assert "fetch first" not in folder.output
    assert name == "Extra" or "`pinesync pull strategies/Breakout.pine`" in folder.output
    assert world.saved() == [TREND, LONGER][: 2 if name == "Extra" else 1]
    assert folder.is_sound()


def test_a_submodule_has_its_own_state(folder: Folder, world: World) -> None:
    folder.git("init", "-q", "above")
    above = Folder(world, folder.root / "above")
    allowed = ("-c", "protocol.pinesync.allow=always")
    above.git(*allowed, "submodule", "--quiet", "add", folder.address, "sub")
    sub = Folder(world, above.root / "sub")
    sub.edit(LONGER, TREND_PATH)
    sub.git("push")
    result = world("oplog", cwd=sub.root)
    assert "Trend" in result.out, result


def test_a_renamed_remote_continues_its_history(folder: Folder, world: World) -> None:
    folder.edit(LONGER, TREND_PATH)
    folder.git("push")
    folder.git("remote", "rename", "origin", "tradingview")
    folder.edit(MERGED, TREND_PATH)
    folder.git("push", "tradingview", "main")
    assert world.saved() == [TREND, LONGER, MERGED]
    folder.git("fetch", "tradingview")
    assert folder.ref("tradingview/main") == folder.ref("HEAD")
    assert folder.is_sound()


def test_a_forged_record_is_refused_with_a_hint(folder: Folder, world: World) -> None:
    folder.edit(LONGER, TREND_PATH)
    folder.git("push")
    folder.git("update-ref", "refs/pinesync/origin/record", "HEAD")
    folder.edit(MERGED, TREND_PATH)
    folder.git("push", code=128)
    assert "`git update-ref -d refs/pinesync/origin/record`" in folder.output
    folder.git("update-ref", "-d", "refs/pinesync/origin/record")
    folder.git("push", code=1)
    assert "fetch first" in folder.output
    folder.git("pull", "--no-rebase", "--no-edit", "-X", "ours")
    folder.git("push")
    assert world.saved() == [TREND, LONGER, MERGED]
    assert folder.is_sound()
