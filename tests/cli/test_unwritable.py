"""If nothing can be written here, nothing is sent, or the save is reported."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from pinesync.workspace.files import exchange
from tests.campaign.disk import Disk, Trouble, watched
from tests.world import EXTRA, LONGER, SLOWER, TREND_PATH, World

pytestmark = pytest.mark.promise(7)


def mount(*words: str) -> int:
    return subprocess.run(["mount", *words], capture_output=True, check=False).returncode


@pytest.fixture(params=["mount", "mode"])
def sealed(clone: World, request: pytest.FixtureRequest) -> Iterator[Callable[[], None]]:
    """Makes the folder read-only, as a mount or by its mode."""
    folder = str(clone.folder)
    if request.param == "mode":
        if os.name != "posix" or os.geteuid() == 0:
            pytest.skip("root may write anywhere")
        yield lambda: clone.folder.chmod(0o555)
        clone.folder.chmod(0o755)
        return
    if sys.platform != "linux" or mount("--bind", folder, folder):
        pytest.skip("who may mount nothing here cannot try it")

    def seal() -> None:
        assert mount("-o", "remount,ro,bind", folder) == 0

    yield seal
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.mark.parametrize(
    "command",
    [
        ("push",),
        ("push", "indicators/Extra.pine"),
        ("rename", TREND_PATH, "Another"),
        ("rm", "--remote", TREND_PATH, "--yes", "Trend"),
    ],
    ids=["save", "create", "rename", "delete"],
)
def test_an_unwritable_workspace_sends_nothing(
    clone: World, sealed: Callable[[], None], command: tuple[str, ...]
) -> None:
    if command == ("push",):
        clone.write(LONGER)
    clone.write(EXTRA, "indicators/Extra.pine")
    assert clone("add", "indicators/Extra.pine").code == 0
    sealed()
    before = clone.account(), clone.files()
    ran = clone(*command, code=1)
    assert "nothing was sent" in ran.err
    assert not {"save_next", "save_new", "rename", "delete"} & set(ran.requests)
    assert (clone.account(), clone.files(), clone.records()) == (*before, [])


@pytest.mark.parametrize(
    ("calls", "fault"),
    [
        (("exchange", "link"), ""),
        (("exchange", "link"), "save_next:1:reset:after"),
        (("open", "write"), ""),
    ],
)
@pytest.mark.parametrize("path", [TREND_PATH, "indicators/Extra.pine"])
def test_an_unrecorded_save_is_reported_and_recovered(
    clone: World, path: str, calls: tuple[str, ...], fault: str
) -> None:
    """The disk is unwritable once the save is stored: pine.toml, or the state."""
    if fault:
        clone.plan.add(fault.replace("next", "next" if path == TREND_PATH else "new"))
    clone.write(LONGER if path == TREND_PATH else EXTRA, path)
    if path != TREND_PATH:
        assert clone("add", path).code == 0
    name = Path(path).stem

    def trouble(disk: Disk, call: str) -> None:
        endpoints = {seen.endpoint for seen in clone.plan.log}
        if call in calls and {"save_next", "save_new"} & endpoints:
            raise OSError(errno.ENOSPC, "No space left on device")

    with watched(Disk(trouble)):
        ran = clone("push", path)
    assert ran.code == 1, ran
    saved = clone.saved(name)
    assert f"{path}: saved on TradingView as {len(saved)}.0, but not recorded here: " in ran.err
    assert "No space left" in ran.err
    assert "it was not changed" not in ran.err
    again = clone("push")
    assert (again.code, clone.saved(name)) == (0, saved)
    assert f"an earlier save was stored as {len(saved)}.0" in again.output
    assert clone.statuses() == {}
    assert not list(clone.folder.rglob("*.tmp"))


# -- what cannot be kept --------------------------------------------------------------------------

MINE = f"{LONGER}// mine\n"


def readable(world: World) -> set[str]:
    """Every text in the folder's scripts, and every stored text that can be restored."""
    files = (body for path, body in world.files().items() if path.endswith(".pine"))
    stored = (body for path, body in world.state_files().items() if "/objects/" in path)
    return {body.decode() for body in (*files, *stored)}


def is_full(world: World, number: int, editor: Callable[[], None] | None = None) -> Trouble:
    """The disk of the state has no room from its number-th new file on; the folder's has. The
    editor saves as the file is about to be put back."""
    state, seen, exchanged = str(world.home / "pinesync" / "state"), 0, 0

    def trouble(disk: Disk, call: str) -> None:
        nonlocal seen, exchanged
        exchanged += call == "exchange"
        if call == "exchange" and exchanged == 2 and editor:
            editor()
        seen += call == "open" and disk.opens.startswith(state)
        if call == "open" and disk.opens.startswith(state) and seen >= number:
            raise OSError(errno.ENOSPC, "No space left on device")

    return trouble


@pytest.mark.parametrize("write", ["exchange", "link and replace"])
@pytest.mark.parametrize("command", [("restore", "."), ("pull",), ("pull", "--theirs")])
def test_a_full_state_disk_loses_no_edit(
    clone: World, command: tuple[str, ...], write: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The edit is in its file or in a backup."""
    if write != "exchange":

        def not_there(*_: object) -> None:
            raise OSError(errno.ENOSYS, "no such call")

        monkeypatch.setattr(exchange, "_renameat2", not_there)
    refused = 0
    for number in range(1, 30):
        clone.write(MINE)
        if command[0] == "pull":
            clone.web_save(SLOWER.replace("50", str(50 + number)))
        with watched(Disk(is_full(clone, number))) as disk:
            ran = clone(*command)
        try:
            assert MINE in readable(clone), "it is in no file and is not kept"
            assert not list(clone.folder.rglob("*.tmp"))
            if ran.code == 0:
                break
            refused += 1
            assert clone.read() == MINE, "the file was not put back"
            assert ran.code == 1
            assert "No space left" in ran.err
        except BaseException as error:
            error.add_note(f"file {number}, {disk.calls[-3:]}: {ran}")
            raise
        assert clone("pull", "--theirs").code == 0
    else:
        raise AssertionError("it never came to its end")
    assert refused > 3
    assert clone("restore", "--kept", TREND_PATH).code == 0


def test_a_concurrent_save_survives_a_failed_pull(clone: World) -> None:
    """Its text stays in the file. The older edit stays in a temporary file that is reported."""
    saved = f"{MINE}// and more\n"

    def editor() -> None:
        clone.write(saved, "mine~")
        (clone.folder / "mine~").replace(clone.folder / TREND_PATH)

    number = 1
    while True:
        clone.write(MINE)
        with watched(Disk(is_full(clone, number, editor))):
            ran = clone("restore", TREND_PATH)
        if clone.read() == saved:
            break
        number += 1
        assert ran.code == 1, "the editor never came"
    (leftover,) = clone.folder.rglob("*.tmp")
    assert leftover.read_text() == MINE
    assert (ran.code, f"exists only in indicators/{leftover.name}:" in ran.err) == (1, True), ran
    assert clone("pull").code == 0
    assert clone.read() == saved
    assert MINE in readable(clone)
    assert not leftover.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="tmpfs exists only on Linux")
@pytest.mark.parametrize("pages", range(12))
def test_a_really_full_disk_loses_no_edit(clone: World, pages: int) -> None:
    """The state is on its own disk with this number of free pages."""
    state = clone.home / "pinesync" / "state"
    moved = state.with_name("moved")
    state.rename(moved)
    state.mkdir()
    if mount("-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", str(state)):
        pytest.skip("who may mount nothing here cannot try it")
    try:
        shutil.copytree(moved, state, dirs_exist_ok=True)
        with (state / "filler").open("wb", buffering=0) as filler:
            with suppress(OSError):
                while filler.write(bytes(4096)):
                    pass
            filler.truncate(filler.tell() // 4096 * 4096 - 4096 * pages)
        clone.write(MINE)
        ran = clone("restore", ".")
        assert MINE in readable(clone)
        assert (clone.read() == MINE) == (ran.code == 1), ran
        assert not list(clone.folder.rglob("*.tmp"))
        assert ran.code == 0 or "No space left" in ran.err
        (state / "filler").unlink()
        assert clone("restore", ".").code == 0
        assert clone.statuses() == {}
        assert clone("restore", "--back", "1", TREND_PATH).code == 0
        assert clone.read() == MINE
    finally:
        subprocess.run(["umount", "--lazy", str(state)], check=True)
