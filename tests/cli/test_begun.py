"""New folders that were not finished: nothing is left behind, and the same command works again."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pinesync.commands import pool
from pinesync.workspace.files import folder, tree
from tests.cli.world import World

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
from pinesync.cli.boundary import run
sys.exit(run(["clone", "--sandbox", "scripts"]))
"""
KILLED = """
import os
os.link = lambda *_, **__: os._exit(137)
from pinesync.cli.boundary import run
run(["init"])
"""


def python(world: World, code: str) -> int:
    return subprocess.run([sys.executable, "-c", code], cwd=world.place, check=False).returncode


def test_an_interrupted_clone_writes_nothing_into_what_it_removes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while a thread is about to write a file."""
    writing, write = threading.Event(), folder.write_temp

    def slowly(*args: Any) -> None:
        if threading.current_thread() is not threading.main_thread():
            writing.set()
            threading.Event().wait(0.3)
        write(*args)

    def interrupted(*_: Any) -> None:
        assert writing.wait(LONG)
        raise KeyboardInterrupt

    monkeypatch.setattr(tree, "write_temp", slowly)
    monkeypatch.setattr(pool._Ended, "results", interrupted)
    before = set(world.place.iterdir())
    assert world("clone", "--remote", world.remote, "scripts").code == 130
    assert set(world.place.iterdir()) == before


@pytest.mark.parametrize("after", [1, 2, 4])
def test_a_clone_into_an_empty_folder_that_was_interrupted(world: World, after: int) -> None:
    """At each of the moves into a folder that somebody may stand in."""
    world.folder.mkdir()
    inode = world.folder.stat().st_ino
    assert python(world, BREAKS_OFF.format(after=after)) == 130
    assert list(world.folder.iterdir()) == []
    again = world("clone", "--sandbox", "scripts", cwd=world.place)
    assert again.code == 0, again.said
    assert world.folder.stat().st_ino == inode
    assert world.words() == {}


@pytest.mark.parametrize("after", [1, 2, 4])
def test_a_clone_into_an_empty_folder_that_was_killed(world: World, after: int) -> None:
    """What is there by then is a workspace, and a restore brings the rest."""
    world.folder.mkdir()
    dies = BREAKS_OFF.replace("raise KeyboardInterrupt", "os._exit(137)")
    assert python(world, dies.format(after=after)) == 137
    again = world("clone", "--sandbox", "scripts", cwd=world.place)
    assert (again.code, "`pinesync restore .` what is missing" in again.err) == (2, True)
    assert set(world.words().values()) <= {"missing"}
    assert world("restore", ".").code == 0
    assert world.words() == {}


@pytest.fixture
def volume(world: World) -> Iterator[Path]:
    """An empty folder on a file system of its own, as a container has it."""
    world.folder.mkdir()
    command = ["mount", "-t", "tmpfs", "tmpfs", str(world.folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("who may mount nothing here cannot try it")
    yield world.folder
    subprocess.run(["umount", "--lazy", str(world.folder)], check=True)


@pytest.mark.skipif(sys.platform != "linux", reason="tmpfs is Linux's")
def test_a_clone_into_a_volume(world: World, volume: Path) -> None:
    made = world("clone", "--remote", world.remote, "scripts", cwd=world.place)
    assert made.code == 0, made.said
    assert os.path.ismount(volume)
    found = {path.name for path in volume.iterdir()}
    assert found == {"indicators", "strategies", "libraries", "pine.toml"}
    assert world.words() == {}


def test_an_init_that_was_killed_is_run_again(world: World) -> None:
    assert python(world, KILLED) == 137
    again = world("init", "--sandbox", cwd=world.place)
    assert again.code == 0, again.said


def test_of_two_inits_one_makes_the_folder(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other finds it made, a moment after it looked."""
    exists = Path.exists
    monkeypatch.setattr(Path, "exists", lambda p: p.name != "pine.toml" and exists(p))
    assert world("init", "--sandbox", cwd=world.place).code == 0
    before = (world.place / "pine.toml").read_bytes()
    other = world("init", "--sandbox", cwd=world.place)
    assert (other.code, "is a pinesync folder already" in other.err) == (2, True)
    assert (world.place / "pine.toml").read_bytes() == before
    assert not list(world.place.glob(".pinesync-*"))


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_init_where_a_link_to_nothing_stands(world: World) -> None:
    (world.place / "pine.toml").symlink_to("nowhere")
    refused = world("init", "--sandbox", cwd=world.place)
    assert (refused.code, "there is a pine.toml" in refused.err) == (2, True)
    assert not list(world.place.glob(".pinesync-*"))
    assert not (world.place / "nowhere").exists()
