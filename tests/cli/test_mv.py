"""mv: a file gets another path and stays the same script, even if it was moved by hand."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any, NoReturn

import pytest

from pinesync.model import RelPath
from pinesync.workspace.files import Tree, add_new_name, exchange, remove_old_name
from tests.world import BREAKOUT_PATH, TOOLS_PATH, TREND_PATH, World, both_ways
from tests.world.scripts import EXTRA, FASTER, LONGER, SLOWER, TOOLS, TREND

NEW = "moved/here/Trend 2.pine"


def there(world: World) -> set[str]:
    """The files of the folder, without pine.toml."""
    return set(world.files()) - {"pine.toml"}


@pytest.fixture(params=["second names", "one name", "one name, and an old system"])
def disks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """File systems with and without hard links."""

    def refused(*_: object, **__: object) -> NoReturn:
        raise OSError(errno.EPERM, "not known here")

    if request.param.startswith("one name"):
        monkeypatch.setattr(os, "link", refused)
    if request.param.endswith("old system"):
        real = exchange._rename

        def old(*names: Any) -> None:
            if names[-1] == exchange._NOT_OVER:
                refused()
            real(*names)

        monkeypatch.setattr(exchange, "_rename", old)
    return str(request.param)


# -- by pinesync ----------------------------------------------------------------------------------


def test_a_file_moves_with_its_entry_and_state(clone: World, disks: str) -> None:
    before = clone.entry()
    ran = clone("mv", TREND_PATH, NEW, code=0)
    assert ran.out == f"moved      {TREND_PATH} → {NEW}  1.0\n"
    assert before["pine_id"] in ran.err
    assert ran.requests == ()
    assert clone.entry(NEW) == before
    assert clone.read(NEW) == TREND
    assert there(clone) == {NEW, TOOLS_PATH, BREAKOUT_PATH}
    assert clone.statuses() == {}
    assert clone.records() == []


def test_an_edited_file_keeps_its_edit_and_its_bytes(clone: World, disks: str) -> None:
    mine = TOOLS + "// mine\r\n"
    clone.write(mine, TOOLS_PATH)
    (clone.folder / TOOLS_PATH).chmod(0o640)
    assert clone("mv", TOOLS_PATH, "own/").code == 0
    assert clone.read("own/Tools.pine") == mine
    assert (clone.folder / "own/Tools.pine").stat().st_mode & 0o777 == 0o640
    assert clone.statuses() == {"own/Tools.pine": "modified"}
    assert clone("push").code == 0
    assert len(clone.saved("Tools")) == 2


def test_mv_into_a_folder_keeps_the_name(clone: World) -> None:
    assert clone("mv", TREND_PATH, "strategies").code == 0
    assert clone("mv", "strategies/Trend.pine", ".").code == 0
    assert clone("mv", "Trend.pine", "a/b/").code == 0
    assert clone("mv", "Trend.pine", "..", cwd=clone.folder / "a/b").code == 0
    assert there(clone) == {"a/Trend.pine", TOOLS_PATH, BREAKOUT_PATH}
    assert (clone.folder / "indicators").is_dir(), "an empty folder stays"


def test_mv_changes_the_case_of_a_name(clone: World, disks: str) -> None:
    assert clone("mv", TREND_PATH, "indicators/trend.pine").code == 0
    assert there(clone) == {"indicators/trend.pine", TOOLS_PATH, BREAKOUT_PATH}
    assert clone.statuses() == {}


def test_a_new_file_moves_before_its_first_push(clone: World) -> None:
    clone.write(EXTRA, "x.pine")
    clone("add", "x.pine")
    assert clone("mv", "x.pine", "y.pine").code == 0
    assert clone.statuses() == {"y.pine": "new"}
    assert clone("push").code == 0
    assert clone.saved("Extra") == [EXTRA]


def test_an_undecodable_file_moves(clone: World) -> None:
    clone.write(b"plot(\xff)")
    assert clone("mv", TREND_PATH, NEW).code == 0
    assert (clone.folder / NEW).read_bytes() == b"plot(\xff)"


@pytest.mark.parametrize(
    ("new", "code"),
    [
        (TOOLS_PATH, 3),
        ("libraries/tools.pine", 3),
        ("other.pine", 3),
        ("OTHER.pine", 3),
        ("no-script.txt", 2),
        ("../outside.pine", 2),
        (".hidden/x.pine", 2),
        ("con.pine", 2),
        (f"{TOOLS_PATH}/x.pine", 2),
        ("linked/x.pine", 1),
    ],
)
def test_an_invalid_target_is_refused(clone: World, tmp_path: Path, new: str, code: int) -> None:
    clone.write(EXTRA, "other.pine")
    (tmp_path / "elsewhere").mkdir()
    (clone.folder / "linked").symlink_to(tmp_path / "elsewhere")
    before = clone.files()
    ran = clone("mv", TREND_PATH, new, code=code)
    assert "hint:" in ran.err or new.startswith(("linked", ".."))
    assert (clone.files(), clone.records()) == (before, [])
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((TREND_PATH,), 2),
        ((TREND_PATH, "a.pine", "b.pine"), 2),
        (("other.pine", "a.pine"), 2),
        (("nowhere.pine", "a.pine"), 2),
        (("indicators", "a.pine"), 2),
    ],
)
def test_an_invalid_source_is_refused(clone: World, arguments: tuple[str, ...], code: int) -> None:
    clone.write(EXTRA, "other.pine")
    before = clone.files()
    assert clone("mv", *arguments).code == code
    assert clone.files() == before


def test_mv_to_the_same_path_does_nothing(clone: World) -> None:
    before = clone.files()
    assert clone("mv", TREND_PATH, TREND_PATH).code == 0
    assert clone.files() == before


def test_mv_is_refused_while_a_save_is_pending(
    clone: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pinesync.app.project.PAUSES", ())
    clone.write(LONGER)
    clone.plan.add("save_next:1:reset")
    assert clone("push").code == 7
    before = clone.files()
    assert clone("mv", TREND_PATH, NEW).code == 7
    assert clone.files() == before
    assert clone("mv", TOOLS_PATH, "own/").code == 0


def test_mv_keeps_a_concurrent_save(clone: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both texts exist afterwards, and a message says so."""
    real = os.replace

    def replace(source: Any, target: Any, **more: Any) -> None:
        if source == "Trend.pine":
            monkeypatch.setattr(os, "replace", real)
            mine = clone.folder / "indicators/mine"
            mine.write_text(LONGER)
            mine.replace(clone.folder / TREND_PATH)
        real(source, target, **more)

    monkeypatch.setattr(os, "replace", replace)
    assert "has changed since" in clone("mv", TREND_PATH, NEW, code=3).err
    assert (clone.read(), clone.read(NEW)) == (LONGER, TREND)
    assert clone.entry(NEW)["version"] == "1.0"
    assert not list(clone.folder.rglob("*.tmp"))


def test_mv_between_two_spellings_of_one_file_works(clone: World) -> None:
    """How some systems treat another letter case in a folder's name."""
    tree, path = Tree(clone.folder), RelPath(TREND_PATH)
    add_new_name(tree, path, path)
    assert remove_old_name(tree, path, path, "0-0")
    assert clone.read() == TREND


@pytest.mark.parametrize("step", ["link", "rename"])
def test_mv_does_not_overwrite_a_concurrently_created_file(clone: World, step: str) -> None:
    """It is never overwritten, regardless of the system call that renames the file."""
    link, rename = os.link, exchange._rename

    def meanwhile() -> None:
        clone.write(EXTRA, NEW)

    def linking(*names: Any, **more: Any) -> None:
        if step == "rename":
            raise OSError(errno.EPERM, "no second names here")
        meanwhile()
        link(*names, **more)

    def renaming(*names: Any) -> None:
        if names[-1] == exchange._NOT_OVER:
            meanwhile()
        rename(*names)

    clone.monkeypatch.setattr(os, "link", linking)
    clone.monkeypatch.setattr(exchange, "_rename", renaming)
    assert clone("mv", TREND_PATH, NEW).code == 3
    assert (clone.read(), clone.read(NEW)) == (TREND, EXTRA)
    assert clone.statuses() == {NEW: "untracked"}
    assert clone.records() == []


def test_backups_move_with_their_file(clone: World) -> None:
    """Also the text that `resolve --ours` needs, during a conflict."""
    clone.write(FASTER)
    clone.web_save(SLOWER)
    assert clone("pull").code == 3
    assert clone("mv", TREND_PATH, NEW).code == 0
    assert clone("resolve", "--ours", NEW).code == 0
    assert clone.read(NEW) == FASTER


def test_mv_has_json(clone: World) -> None:
    (outcome,) = clone("mv", TREND_PATH, NEW, "--json").json["outcomes"]
    assert (outcome["done"], outcome["path"], outcome["moved_from"]) == ("moved", NEW, TREND_PATH)
    assert outcome["pine_id"] == clone.id_of()


# -- by hand --------------------------------------------------------------------------------------


def by_hand(world: World, old: str = TREND_PATH, new: str = NEW) -> None:
    (world.folder / new).parent.mkdir(parents=True, exist_ok=True)
    (world.folder / old).rename(world.folder / new)


@both_ways
def test_status_finds_manual_moves(clone: World) -> None:
    by_hand(clone)
    for offline in ([], ["--offline"]):
        lines = {line["path"]: line for line in clone("status", "--json", *offline).json["lines"]}
        assert (lines[TREND_PATH]["word"], lines[TREND_PATH]["moved_to"]) == ("missing", NEW)
        assert (lines[NEW]["word"], lines[NEW]["moved_from"]) == ("untracked", TREND_PATH)
        assert f"add --moved '{NEW}'" in clone("status", *offline).err
    for verb in ("push", "pull"):
        ran = clone(verb, code=0)
        assert f"moved to {NEW}" in ran.err
        assert f"add --moved '{NEW}'" in ran.err
    assert f"add --moved '{NEW}'" in clone("push", NEW).err
    assert clone.account() == {
        "Trend": [TREND],
        "Breakout": clone.saved("Breakout"),
        "Tools": [TOOLS],
    }


def test_add_moved_relinks_a_moved_file(clone: World) -> None:
    before = clone.entry()
    by_hand(clone)
    assert f"add --moved '{NEW}'" in clone("add", NEW, code=3).err
    ran = clone("add", "--moved", NEW, "--json")
    assert (ran.code, ran.requests) == (0, ())
    (added,) = ran.json["added"]
    assert (added["moved_from"], added["pine_id"]) == (TREND_PATH, before["pine_id"])
    assert clone.entry(NEW) == before
    assert clone.statuses() == {}
    assert clone("add", "--moved", NEW).code == 0, "again, and nothing is left to do"
    assert clone("add", "--moved", "--id", before["pine_id"], NEW).code == 2


def test_add_moved_is_all_or_nothing(clone: World) -> None:
    by_hand(clone)
    by_hand(clone, TOOLS_PATH, "moved/Tools.pine")
    clone.write(EXTRA, "moved/Extra.pine")
    before = clone.files()
    assert clone("add", "--moved", NEW, "moved/Extra.pine").code == 3
    assert clone.files() == before
    assert clone("add", "--moved", NEW, "moved/Tools.pine").code == 0
    assert clone.statuses() == {"moved/Extra.pine": "untracked"}


def test_add_moved_refuses_ambiguous_texts(clone: World) -> None:
    clone.web_save_and_pull(TREND, "Twin")
    by_hand(clone)
    (clone.folder / "indicators/Twin.pine").unlink()
    ran = clone("add", "--moved", NEW, code=3)
    assert TREND_PATH in ran.err
    assert "indicators/Twin.pine" in ran.err
    assert "moved" not in clone("status").out.replace(NEW, "")
    assert clone("mv", "indicators/Twin.pine", NEW).code == 0
    assert clone.entry(NEW)["name"] == "Twin"


def test_add_moved_refuses_copies(clone: World) -> None:
    by_hand(clone)
    clone.write(TREND, "copy.pine")
    assert all(not line["moved_from"] for line in clone("status", "--json").json["lines"])
    assert clone("add", "--moved", NEW, "copy.pine").code == 3
    assert clone("add", "--moved", NEW).code == 0


@pytest.mark.parametrize("text", [TREND, LONGER], ids=["as it was", "edited"])
def test_mv_records_a_manual_move(clone: World, text: str) -> None:
    by_hand(clone)
    clone.write(text, NEW)
    if text is LONGER:
        assert TREND_PATH in clone("add", "--moved", NEW, code=3).err
    ran = clone("mv", TREND_PATH, NEW, code=0)
    assert "by hand" in ran.err
    assert ("edited" in ran.err) == (text is LONGER)
    assert clone.statuses() == ({} if text is TREND else {NEW: "modified"})
    assert clone.read(NEW) == text


def test_a_missing_file_is_not_moved(clone: World) -> None:
    clone.remove()
    before = clone.files()
    assert clone("mv", TREND_PATH, NEW).code == 2
    assert clone("add", "--moved", NEW).code == 2
    assert clone.files() == before
