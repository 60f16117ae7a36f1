"""Where nothing can be written down here: then nothing is sent, or what was saved is told."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.campaign.disk import Disk, watched
from tests.cli.world import EXTRA, LONGER, TREND_PATH, World


@pytest.fixture(params=["mount", "mode"])
def sealed(clone: World, request: pytest.FixtureRequest) -> Iterator[Callable[[], None]]:
    """Makes the folder read-only, as a mount or by its mode."""
    folder = str(clone.folder)

    def mount(*words: str) -> int:
        return subprocess.run(["mount", *words], capture_output=True, check=False).returncode

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
def test_nothing_is_sent_from_a_folder_that_takes_no_note(
    clone: World, sealed: Callable[[], None], command: tuple[str, ...]
) -> None:
    if command == ("push",):
        clone.write(LONGER)
    clone.write(EXTRA, "indicators/Extra.pine")
    assert clone("add", "indicators/Extra.pine").code == 0
    sealed()
    before = clone.account(), clone.files()
    ran = clone(*command)
    assert ran.code == 1, ran
    assert "nothing was sent" in ran.err
    assert not {"save_next", "save_new", "rename", "delete"} & set(ran.asked)
    assert (clone.account(), clone.files(), clone.records()) == (*before, [])


@pytest.mark.parametrize("calls", [("exchange", "link"), ("open", "write")])
@pytest.mark.parametrize("path", [TREND_PATH, "indicators/Extra.pine"])
def test_a_save_that_cannot_be_noted_is_told_and_found(
    clone: World, path: str, calls: tuple[str, ...]
) -> None:
    """The disk refuses once the save is stored: pine.toml, or all that this machine keeps."""
    clone.write(LONGER if path == TREND_PATH else EXTRA, path)
    if path != TREND_PATH:
        assert clone("add", path).code == 0
    name = Path(path).stem

    def trouble(disk: Disk, call: str) -> None:
        asked = {seen.endpoint for seen in clone.plan.log}
        if call in calls and {"save_next", "save_new"} & asked:
            raise OSError(errno.ENOSPC, "No space left on device")

    with watched(Disk(trouble)):
        ran = clone("push", path)
    assert ran.code == 1, ran
    saved = clone.saved(name)
    assert f"{path}: saved on TradingView as {len(saved)}.0, but not noted here: " in ran.err
    assert "No space left" in ran.err
    assert "nothing of it was changed" not in ran.err
    again = clone("push")
    assert (again.code, clone.saved(name)) == (0, saved)
    assert f"an earlier save is there as {len(saved)}.0" in again.said
    assert clone.words() == {}
    assert not list(clone.folder.rglob("*.tmp"))
