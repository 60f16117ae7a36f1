"""A move, a rename and a deletion that are interrupted at any call.

While a file moves there is never a moment in which pine.toml names a path without its file, and the
same command, or whichever writes next, ends what was begun.
"""

import errno
import os
import signal
from typing import Any, NoReturn

import pytest

from tests.campaign.disk import Disk, Trouble, dies_at, fails_at, is_full_from, watched
from tests.campaign.served import program
from tests.campaign.test_kill import KILLED_AT
from tests.campaign.test_power_cut import Cache, cached, unsafe_at_manifest
from tests.world import EXTRA, LONGER, TREND, TREND_PATH, Crash, World

pytestmark = pytest.mark.promise(4)

MOST = 200
"""More calls than a move makes."""


@pytest.fixture
def world(served: World) -> World:
    return served


@pytest.fixture(params=["second names", "one name"])
def disks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "one name":

        def refused(*_: object, **__: object) -> NoReturn:
            raise OSError(errno.EPERM, "no second names here")

        monkeypatch.setattr(os, "link", refused)
    return str(request.param)


def lies_at(world: World) -> str:
    """The path that pine.toml has for Trend."""
    pine_id = world.id_of()
    lines = world("status", "--json", "--offline").json["lines"]
    (path,) = [line["path"] for line in lines if line["pine_id"] == pine_id]
    return str(path)


def files(world: World) -> set[str]:
    return {path for path in world.files() if path.endswith(".pine") and "Tools" not in path}


def check_whole(world: World, old: str, new: str, disks: str) -> None:
    """Right after the crash: pine.toml has one of the two paths, and its file exists."""
    listed = lies_at(world)
    assert listed in (old, new)
    assert files(world) <= {old, new}
    assert files(world)
    assert all(world.read(path) == LONGER for path in files(world))
    if disks == "second names":
        assert listed in files(world), "pine.toml names a file that is not there"
    assert world.entry(listed)["pine_id"] == world.id_of()
    assert world.entry(listed)["version"] == "1.0"


def ended(world: World, old: str, new: str, number: int) -> None:
    """The same move finishes it, and so does any command that writes; then nothing is left to
    do."""
    if number % 2:
        assert world("restore", "libraries/Tools.pine").code == 0
        listed = lies_at(world)
        assert files(world) == {listed}
        if listed == old:
            assert world("mv", old, new).code == 0
    elif (
        world.records() or lies_at(world) == old
    ):  # otherwise the command was done, and only the log is lost
        assert world("mv", old, new).code == 0
    assert files(world) == {new}
    assert world.statuses() == {new: "modified"}
    assert world.read(new) == LONGER
    assert world.records() == []
    assert not list(world.folder.rglob("*.tmp"))


def moves(world: World, disks: str, trouble: Any, *, fails: bool = False) -> int:
    """Move the file repeatedly, with trouble at one call after another, until a move succeeds."""
    world.write(LONGER)
    old = TREND_PATH
    for number in range(1, MOST):
        new = f"folder {number}/Trend {number}.pine"
        disk = Disk(trouble(number))
        code = None
        try:
            with watched(disk):
                code = world("mv", old, new).code
        except Crash:
            pass
        try:
            check_whole(world, old, new, disks)
            assert code in ((0, 1) if fails else (0, None))
            if code == 0 and number > len(disk.calls):
                assert files(world) == {new}
                return number - 1
            if code != 0 or lies_at(world) != new or files(world) != {new}:
                ended(world, old, new, number)
        except BaseException as error:
            error.add_note(f"call {number}, {disk.calls[-1:]}, ended with {code}")
            raise
        old = new
    raise AssertionError("it never came to its end")


def test_a_move_survives_a_crash_at_any_call(world: World, disks: str) -> None:
    assert moves(world, disks, dies_at) > 15


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO], ids=errno.errorcode.get)
def test_a_move_survives_a_failure_at_any_call(world: World, disks: str, code: int) -> None:
    def trouble(number: int) -> Trouble:
        return fails_at(number, code)

    assert moves(world, disks, trouble, fails=True) > 15


def test_a_move_survives_a_full_disk_from_any_call_on(world: World) -> None:
    assert moves(world, "second names", is_full_from, fails=True) > 15


def test_a_move_survives_a_kill_at_any_call(world: World, request: pytest.FixtureRequest) -> None:
    step = 1 if request.config.getoption("--deep") else 6
    world.write(LONGER)
    old, names = TREND_PATH, set()
    for number in range(1, MOST, step):
        new = f"folder {number}/Trend {number}.pine"
        source = KILLED_AT.replace("sys.argv[2:]", "sys.argv[2].split('|')")
        with program(world, source, number, f"mv|{old}|{new}") as child:
            out, err = child.communicate(timeout=60)
        if child.returncode == 0:
            break
        assert child.returncode == -signal.SIGKILL, err
        names.add(out.split()[-1])
        check_whole(world, old, new, "second names")
        ended(world, old, new, number)
        old = new
    assert names


def saves_at(world: World, number: int, path: str, text: str) -> Trouble:
    """An editor saves right before this call: it writes another file and renames it."""

    def trouble(disk: Disk, _: str) -> None:
        if len(disk.calls) == number:
            disk.trouble = lambda *_: None
            world.write(text, "mine~")
            (world.folder / "mine~").replace(world.folder / path)

    return trouble


def test_an_editor_saves_by_renaming_at_every_call_of_a_move(world: World, disks: str) -> None:
    """The move is done, or did nothing, and the editor's save is in the folder."""
    old, codes = TREND_PATH, set()
    for number in range(1, MOST):
        new = f"folder {number}/Trend {number}.pine"
        edited = f"{world.read(old)}// edit {number}\n"
        disk = Disk(saves_at(world, number, old, edited))
        with watched(disk):
            ran = world("mv", old, new)
        try:
            codes.add(ran.code)
            assert ran.code in (0, 3), ran
            if "nothing was moved" in ran.err:
                assert files(world) == {old}, "a copy is left"
            listed = lies_at(world)
            assert listed in files(world)
            assert world.records() == []
            assert not list(world.folder.rglob("*.tmp"))
            if number > len(disk.calls):
                break
            assert any(world.read(path) == edited for path in files(world))
            # The last saved text is kept, at the listed path.
            for path in files(world):
                world.remove(path)
            world.write(edited, listed)
        except BaseException as error:
            error.add_note(f"call {number}, {disk.calls[-1:]}, ended with {ran}")
            raise
        old = listed
    else:
        raise AssertionError("it never came to its end")
    assert codes == {0, 3}


def test_a_file_created_at_the_new_path_is_not_overwritten(world: World) -> None:
    """No other file has that text, so it stays."""
    new = "folder/Trend.pine"
    met = False

    def trouble(disk: Disk, name: str) -> None:
        nonlocal met
        if not met and (world.folder / new).exists():
            met = True
            for path in (TREND_PATH, new):
                world.write(f"{TREND}// {path}\n", "mine~")
                (world.folder / "mine~").replace(world.folder / path)

    with watched(Disk(trouble)):
        ran = world("mv", TREND_PATH, new)
    assert (ran.code, met) == (3, True)
    assert "saved by another program" in ran.err
    assert files(world) == {TREND_PATH, new}
    assert all(world.read(path) == f"{TREND}// {path}\n" for path in files(world))
    assert not list(world.folder.rglob("*.tmp"))


def test_git_removes_the_entry_at_every_call_of_a_move(world: World) -> None:
    """Like a `git checkout` of an older commit; what git wrote is not overwritten."""
    without = (world.folder / "pine.toml").read_text().replace("Trend.pine", "Other.pine")
    seen = set()
    for number in range(1, MOST):
        world.write(LONGER)
        listed = (world.folder / "pine.toml").read_text()
        new = f"folder {number}/Trend.pine"

        def checkout(disk: Disk, _: str, number: int = number) -> None:
            if len(disk.calls) == number:
                disk.trouble = lambda *_: None
                world.write(without, "pine.toml")

        disk = Disk(checkout)
        with watched(disk):
            ran = world("mv", TREND_PATH, new)
        try:
            assert ran.code in (0, 2, 3), ran
            assert files(world)
            seen.add(ran.code)
            assert all(world.read(path) == LONGER for path in files(world))
            if "nothing was moved" in ran.err:
                assert files(world) == {TREND_PATH}
            assert not list(world.folder.rglob("*.tmp"))
            if number > len(disk.calls):
                break
        except BaseException as error:
            error.add_note(f"call {number}, {disk.calls[-1:]}, ended with {ran}")
            raise
        for path in files(world):
            world.remove(path)
        world.write(listed, "pine.toml")
    else:
        raise AssertionError("it never came to its end")
    assert seen == {0, 2, 3}


def test_a_moved_file_is_flushed_before_pine_toml(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = Cache()
    seen = unsafe_at_manifest(cache, monkeypatch, "scripts/", "records")
    with cached(cache):
        assert world("mv", TREND_PATH, "a/b/Trend.pine").code == 0
    assert seen == [[]]
    assert not cache.unsafe("scripts/", "records")
    assert world.read("a/b/Trend.pine") == TREND


# -- on TradingView -------------------------------------------------------------------------------


def killed(world: World, number: int, *arguments: str) -> bool:
    """Return whether the command reached this call, at which it is killed."""
    try:
        with watched(Disk(dies_at(number))):
            assert world(*arguments).code == 0
    except Crash:
        return True
    return False


def test_a_rename_survives_a_kill_at_any_call(world: World) -> None:
    """The script gets no other name, and the same command finishes the rename."""
    before = "Trend"
    for number in range(1, MOST):
        name = f"Trend {number}"
        ended_early = killed(world, number, "rename", TREND_PATH, name)
        names = set(world.account()) - {"Tools"}
        assert names in ({before}, {name})
        assert world.entry()["name"] in {before, *names}, "pine.toml is ahead"
        assert world("rename", TREND_PATH, name).code == 0
        assert world.entry()["name"] == name
        assert world.records() == []
        assert world.saved(name) == [TREND]
        if not ended_early:
            break
        before = name
    else:
        raise AssertionError("it never came to its end")
    assert number > 15


def test_a_deletion_survives_a_kill_at_any_call(world: World) -> None:
    """A deleted script has its backup at any moment; a dropped entry stays dropped."""
    path = "indicators/Doomed.pine"
    for number in range(1, MOST):
        texts = [EXTRA, f"{EXTRA}// {number}\n"]
        for text in texts:
            world.web_save(text, "Doomed")
        pine_id = world.id_of("Doomed")
        assert world("pull").code == 0
        command = ("rm", "--remote", path, "--yes", "Doomed")
        ended_early = killed(world, number, *command)
        listed = path in (world.folder / "pine.toml").read_text()
        if "Doomed" in world.account():
            assert listed, "it was forgotten before it was gone"
        else:
            assert world.stored_texts(pine_id, 2) == texts
        if listed:
            assert world(*command).code == 0
        assert set(world.account()) == {"Trend", "Tools"}
        assert world.stored_texts(pine_id, 2) == texts
        assert world.read(path) == texts[-1]
        world.remove(path)
        assert world("pull").code == 0
        assert (world.statuses(), world.records()) == ({}, [])
        if not ended_early:
            break
    else:
        raise AssertionError("it never came to its end")
    assert number > 15
