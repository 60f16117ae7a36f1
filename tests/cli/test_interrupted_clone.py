"""New workspaces that were interrupted: nothing is left behind, and the same command works
again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pinesync import atomic
from pinesync.app import parallel
from pinesync.workspace.files import tree
from tests.campaign.disk import Disk, watched
from tests.campaign.served import ROOT
from tests.campaign.test_kill import KILLED_AT
from tests.world import Ran, World

LONG = 20.0

BREAKS_OFF = """
import os, sys
real, moved = os.rename, []
def rename(*args, **more):
    real(*args, **more)
    moved.append(args)
    if "dst_dir_fd" in more and len(moved) == {after}:
        raise KeyboardInterrupt
os.rename = rename
from pinesync.cli.error_handler import run
sys.exit(run(["clone", "--sandbox", "scripts"]))
"""
KILLED = """
import os
os.link = lambda *_, **__: os._exit(137)
from pinesync.cli.error_handler import run
run(["init"])
"""


def python(world: World, code: str) -> int:
    return subprocess.run([sys.executable, "-c", code], cwd=world.place, check=False).returncode


def test_an_interrupted_clone_removes_its_folder_completely(world: World) -> None:
    """Ctrl-C while a thread is about to write a file."""
    writing, write = threading.Event(), atomic.write_temp

    def slowly(*args: Any) -> None:
        if threading.current_thread() is not threading.main_thread():
            writing.set()
            threading.Event().wait(0.3)
        write(*args)

    def interrupted(*_: Any) -> None:
        assert writing.wait(LONG)
        raise KeyboardInterrupt

    world.monkeypatch.setattr(tree, "write_temp", slowly)
    world.monkeypatch.setattr(parallel._Results, "results", interrupted)
    before = set(world.place.iterdir())
    assert world("clone", "--remote", world.remote_name, "scripts").code == 130
    assert set(world.place.iterdir()) == before


@pytest.mark.parametrize("after", [1, 2, 4])
def test_an_interrupted_clone_leaves_an_empty_folder_empty(world: World, after: int) -> None:
    """Interrupted at each of the moves into a folder that may be a shell's current one."""
    world.folder.mkdir()
    inode = world.folder.stat().st_ino
    assert python(world, BREAKS_OFF.format(after=after)) == 130
    assert list(world.folder.iterdir()) == []
    world("clone", "--sandbox", "scripts", cwd=world.place, code=0)
    assert world.folder.stat().st_ino == inode
    assert world.statuses() == {}


@pytest.mark.parametrize("after", [1, 2, 4])
def test_a_killed_clone_into_an_empty_folder_can_be_restored(world: World, after: int) -> None:
    """The existing part is a workspace, and a restore downloads the rest."""
    world.folder.mkdir()
    dies = BREAKS_OFF.replace("raise KeyboardInterrupt", "os._exit(137)")
    assert python(world, dies.format(after=after)) == 137
    again = world("clone", "--sandbox", "scripts", cwd=world.place)
    assert (again.code, "`pinesync restore .` what is missing" in again.err) == (2, True)
    assert set(world.statuses().values()) <= {"missing"}
    assert world("restore", ".").code == 0
    assert world.statuses() == {}


def clone_in_process(world: World, source: str, *arguments: object) -> subprocess.Popen[str]:
    before = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
    command = [sys.executable, "-c", before + source, *map(str, arguments)]
    return subprocess.Popen(command, cwd=world.place, stdin=-1, stdout=-1, stderr=-1, text=True)


CLONE = ("clone", "--sandbox", "scripts")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("history", [(), ("--history",)], ids=["plain", "history"])
@pytest.mark.parametrize("then", ["scripts", "other"])
def test_a_clone_killed_at_any_call_can_be_repeated(
    world: World, then: str, history: tuple[str, ...], request: pytest.FixtureRequest
) -> None:
    """The next clone, to any folder, removes the leftovers; one to the same folder reads only the
    missing texts."""
    before = set(world.place.iterdir())
    step = 1 if request.config.getoption("--deep") else 13
    names, spared, left = set(), set(), 0
    for number in range(1, 400, step):
        with clone_in_process(world, KILLED_AT, number, *CLONE, *history) as child:
            out, err = child.communicate(timeout=60)
        if child.returncode == 0:
            break
        assert child.returncode == -signal.SIGKILL, err
        names.add(out.split()[-1])
        if world.folder.exists():
            # The clone is complete and in place; the next command cleans up.
            assert world("verify", cwd=world.folder).code == 0
            shutil.rmtree(world.folder)
            world.forget()
            continue
        left += bool(set(world.place.iterdir()) - before)
        again = world("clone", "--sandbox", then, *history, cwd=world.place, code=0)
        assert set(world.place.iterdir()) == {*before, world.place / then}
        spared.add(again.requests.count("get"))
        world("verify", cwd=world.place / then, code=0)
        shutil.rmtree(world.place / then)
        world.forget()
    else:
        raise AssertionError("it never came to its end")
    assert left, "no clone left anything"
    assert {"mkdir", "write", "link"} & names
    assert (len(spared) > 1) == (then == "scripts")


@pytest.mark.parametrize("history", [(), ("--history",)], ids=["plain", "history"])
@pytest.mark.parametrize("fault", ["get:3+:429:seconds=999", "get:3+:reset", "get:3+:html"])
def test_a_second_clone_reuses_what_was_read(
    world: World, fault: str, history: tuple[str, ...]
) -> None:
    world.plan.add(fault)
    words = ("clone", "--remote", world.remote_name, "scripts", "--jobs", 1, *history)
    broken = world(*words, cwd=world.place)
    assert broken.code in (5, 7), broken
    assert not world.folder.exists()
    assert "what was read is kept" in broken.err
    world.plan.clear()
    again = world(*words, cwd=world.place, code=0)
    whole = world("clone", "--remote", world.remote_name, "another", *history, cwd=world.place)
    assert whole.requests.count("get") - again.requests.count("get") == 2
    assert world.statuses() == {}
    assert not list((world.home / "pinesync" / "state").glob("*/clone/*"))


def test_a_second_clone_does_not_reuse_another_accounts_texts(world: World) -> None:
    """Nor the state of an existing workspace."""
    world.plan.add("get:3+:reset")
    words = ("clone", "--remote", world.remote_name, "scripts", "--jobs", 1)
    assert world(*words, cwd=world.place).code == 7
    world.plan.clear()
    (note,) = (world.home / "pinesync" / "state").glob("*/clone/begun.json")
    ours = note.read_text()
    note.write_text(ours.replace('"user_id": "', '"user_id": "9'))
    assert world(*words, cwd=world.place).requests.count("get") == 3
    shutil.rmtree(world.folder)
    note.write_text(ours)
    (note.parent.parent / "records").mkdir()
    assert world(*words, cwd=world.place).requests.count("get") == 3


def test_two_clones_into_one_folder_do_not_mix(world: World) -> None:
    """Only one clone resumes an interrupted one; the folder that it builds is not removed."""
    world.plan.add("get:3+:reset")
    words = ("clone", "--remote", world.remote_name, "scripts", "--jobs", 1)
    assert world(*words, cwd=world.place).code == 7
    world.plan.clear()
    others: list[Ran] = []

    def trouble(disk: Disk, name: str) -> None:
        if name == "link" and not others:
            disk.trouble = lambda *_: None
            building = set(world.place.glob(".scripts-*"))
            assert len(building) == 1
            for target in ("scripts", "another"):
                others.append(
                    world("clone", "--remote", world.remote_name, target, cwd=world.place)
                )
            assert set(world.place.glob(".scripts-*")) == building

    with watched(Disk(trouble)):
        assert world(*words, cwd=world.place).code == 0
    assert [ran.code for ran in others] == [7, 0]
    assert "another pinesync process is writing" in others[0].err
    assert world.statuses() == {}


@pytest.mark.parametrize("change", ["link", "elsewhere", "another name", "file"])
def test_an_altered_clone_note_removes_nothing(world: World, tmp_path: Path, change: str) -> None:
    world.plan.add("get:3+:reset")
    words = ("clone", "--remote", world.remote_name, "scripts", "--jobs", 1)
    assert world(*words, cwd=world.place).code == 7
    (note,) = (world.home / "pinesync" / "state").glob("*/clone/begun.json")
    content = json.loads(note.read_text())
    place = Path(content["building"])
    if change == "elsewhere":
        place = tmp_path / "elsewhere" / place.name
    elif change == "another name":
        place = place.with_name(".scripts-mine")
    victim = tmp_path / "victim"
    victim.mkdir()
    place.parent.mkdir(exist_ok=True)
    if change == "link":
        place.symlink_to(victim)
    elif change == "file":
        place.write_text("mine")
    else:
        place.mkdir()
    (victim / "kept").write_text("mine")
    note.write_text(json.dumps({**content, "building": str(place)}))
    world.plan.clear()
    assert world("clone", "--remote", world.remote_name, "another", cwd=world.place).code == 0
    assert os.path.lexists(place)
    assert (victim / "kept").exists()


@pytest.fixture
def volume(world: World) -> Iterator[Path]:
    """An empty folder that is a mount point, as in a container."""
    world.folder.mkdir()
    command = ["mount", "-t", "tmpfs", "tmpfs", str(world.folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("who may mount nothing here cannot try it")
    yield world.folder
    subprocess.run(["umount", "--lazy", str(world.folder)], check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="tmpfs exists only on Linux")
def test_a_clone_into_a_mount_point_works(world: World, volume: Path) -> None:
    world("clone", "--remote", world.remote_name, "scripts", cwd=world.place, code=0)
    assert os.path.ismount(volume)
    found = {path.name for path in volume.iterdir()}
    assert found == {"indicators", "strategies", "libraries", "pine.toml"}
    assert world.statuses() == {}


def test_a_killed_init_can_be_repeated(world: World) -> None:
    assert python(world, KILLED) == 137
    world("init", "--sandbox", cwd=world.place, code=0)


def test_the_second_of_two_inits_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second finds the folder created right after its check."""
    exists = Path.exists
    monkeypatch.setattr(Path, "exists", lambda p: p.name != "pine.toml" and exists(p))
    assert world("init", "--sandbox", cwd=world.place).code == 0
    before = (world.place / "pine.toml").read_bytes()
    other = world("init", "--sandbox", cwd=world.place)
    assert (other.code, "already a workspace" in other.err) == (2, True)
    assert (world.place / "pine.toml").read_bytes() == before
    assert not list(world.place.glob(".pinesync-*"))


@pytest.mark.skipif(os.name == "nt", reason="Windows restricts links")
def test_init_refuses_a_dangling_link(world: World) -> None:
    (world.place / "pine.toml").symlink_to("nowhere")
    refused = world("init", "--sandbox", cwd=world.place)
    assert (refused.code, "it has a pine.toml" in refused.err) == (2, True)
    assert not list(world.place.glob(".pinesync-*"))
    assert not (world.place / "nowhere").exists()
