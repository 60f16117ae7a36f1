"""A usual first day: a folder of hand-copied files and an account of saved scripts."""

from __future__ import annotations

import pytest

from tests.world import World, both_ways
from tests.world.scripts import BREAKOUT, EXTRA, LONGER, SLOWER, TOOLS, TREND


@pytest.fixture
def copies(world: World) -> World:
    """Files that were once copied from the web editor."""
    world.web_save(SLOWER)
    world.web_save(EXTRA, "Saved as this")
    world.folder.mkdir()
    world.write(TREND, "trend old.pine")  # by title, an older text
    world.write(BREAKOUT.replace("\n", "\r\n"), "a copy.pine")  # by text
    world.write(TOOLS + "// edited\r\n", "lib/tools.pine")  # by name, edited since
    world.write("//@version=6\nindicator('Nobody knows me')\n", "own.pine")
    world.write(b"\xff", "binary.pine")
    world.write("notes", "README.md")
    return world


@both_ways
def test_files_are_linked_by_text_name_and_title(copies: World) -> None:
    before = copies.files()
    made = copies("init", "--link", "--remote", copies.remote_name, code=0)
    rows = [line.split("  ") for line in made.out.splitlines()[:3]]
    assert [[cell.strip() for cell in row if cell] for row in rows] == [
        ["a copy.pine", "Breakout", "by text", "1.0"],
        ["lib/tools.pine", "Tools", "by name", "1.0"],
        ["trend old.pine", "Trend", "by title", "1.0 → 2.0"],
    ]
    assert (
        "own.pine: no saved script matches; `pinesync add` lists it for the next push" in made.out
    )
    assert "binary.pine: not UTF-8" in made.err
    assert "1 saved script has no file here" in made.err
    after = copies.files()
    assert {path: body for path, body in after.items() if path != "pine.toml"} == before
    assert copies.statuses() == {
        "binary.pine": "unreadable",
        "lib/tools.pine": "modified",
        "own.pine": "untracked",
        "indicators/Saved as this.pine": "remote-only",
        "trend old.pine": "behind",
    }


def test_an_expired_session_links_nothing(copies: World) -> None:
    before = copies.files()
    copies.plan.expire()
    assert copies("init", "--link", "--sandbox").code == 5
    assert copies.files() == before


def test_a_dry_run_writes_nothing(copies: World) -> None:
    before = copies.files(), copies.state()
    made = copies("init", "--link", "--dry-run", "--sandbox", code=0)
    assert made.err.splitlines()[-1] == "nothing was written"
    assert (copies.files(), copies.state()) == before
    assert copies("init", "--dry-run").code == 2


def test_push_and_pull_work_after_linking(copies: World) -> None:
    copies("init", "--link", "--sandbox")
    copies.remove("binary.pine")
    assert copies("pull").code == 0
    assert copies.read("trend old.pine") == SLOWER
    assert copies.read("indicators/Saved as this.pine") == EXTRA
    assert copies("push").code == 0
    assert len(copies.saved("Tools")) == 2
    assert copies.saved("Trend") == [TREND, SLOWER]
    assert copies.statuses() == {"own.pine": "untracked"}


def test_a_file_is_linked_by_its_title(world: World) -> None:
    world.web_save('//@version=6\nindicator("My title")\n', "Saved name")
    world.folder.mkdir()
    world.write('//@version=6\nindicator("My title")\nplot(close)\n', "file.pine")
    made = world("init", "--link", "--sandbox")
    assert made.out.startswith("file.pine  Saved name  by title  1.0\n")
    assert world.statuses()["file.pine"] == "modified"


def test_a_file_that_matches_two_scripts_is_not_linked(world: World) -> None:
    world.web_save(EXTRA, "One")
    world.web_save(EXTRA, "Two")
    world.folder.mkdir()
    world.write(EXTRA, "mine.pine")
    made = world("init", "--link", "--sandbox", "--json")
    assert made.json["linked"] == []
    assert made.json["unlinked"] == ["mine.pine"]


def test_two_files_that_match_one_script_are_not_linked(world: World) -> None:
    world.folder.mkdir()
    world.write(TREND, "a.pine")
    world.write(TREND, "b.pine")
    made = world("init", "--link", "--sandbox", "--json")
    assert made.json["linked"] == []
    assert made.json["unlinked"] == ["a.pine", "b.pine"]


def test_an_edited_old_copy_merges_and_reverts_nothing(world: World) -> None:
    """The text equals no version, so the base is the first version, which at worst causes a
    merge."""
    world.web_save(SLOWER)
    world.folder.mkdir()
    world.write(LONGER, "trend.pine")
    world("init", "--link", "--sandbox")
    assert world.version("trend.pine") == "1.0"
    assert world.statuses()["trend.pine"] == "diverged"
    assert world("pull", "trend.pine").code == 0
    assert world.read("trend.pine") == SLOWER + "plot(close)\n"


def test_init_sends_no_request_and_tracks_nothing(world: World) -> None:
    world.folder.mkdir()
    world.write(TREND, "indicators/Trend.pine")
    assert world("init", "--sandbox", code=0).requests == ()
    assert "scripts" not in (world.folder / "pine.toml").read_text("utf-8").replace("scripts/", "")
    assert world.statuses() == {
        "strategies/Breakout.pine": "remote-only",
        "libraries/Tools.pine": "remote-only",
    }


def test_init_creates_a_folder_once(world: World) -> None:
    assert world("init", "--sandbox", "deep/new").code == 0
    assert (world.place / "deep" / "new" / "pine.toml").is_file()
    again = world("init", "--sandbox", "deep/new", code=2)
    (world.place / "file").write_text("in the way")
    assert "file/new" in world("init", "--sandbox", "file/new", code=1).err
    assert "already a workspace" in again.err
