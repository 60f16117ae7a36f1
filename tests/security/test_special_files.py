"""Links, pipes, folders and endless files in the state directory, or as temporary files in the
workspace, are refused by name. Nothing they lead to is read, written or removed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pinesync.model import PineId
from tests.security.planting import contents, neighbour, plant, refused
from tests.world import LONGER, SLOWER, TREND, TREND_PATH, World

if os.name != "posix":
    pytest.skip("links and pipes are made in another way there", allow_module_level=True)

FOLDERS = ("objects", "saved", "records", "replaced", "tmp")


@pytest.mark.promise("S10")
@pytest.mark.parametrize("name", [*FOLDERS, "lock", "watch", "."])
@pytest.mark.parametrize("command", ["status", "pull", "push"])
def test_a_link_in_the_state_is_refused_by_its_name(clone: World, command: str, name: str) -> None:
    outside = neighbour(clone)
    clone.web_save(SLOWER)
    clone.write(LONGER)
    place = clone.state_folder / name
    if place.is_dir():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    place.symlink_to(outside / "victim" if name in ("lock", "watch") else outside)
    before = contents(outside)
    refused(clone(command), place)
    assert contents(outside) == before


@pytest.mark.parametrize("kind", ["objects", "saved"])
def test_links_deeper_in_the_state_are_refused(clone: World, kind: str) -> None:
    """Where the next object would be written: one of 256 folders, or that of a script."""
    outside = neighbour(clone)
    clone.web_save(SLOWER)
    place = clone.state_folder / kind
    names = [f"{n:02x}" for n in range(256)] if kind == "objects" else [PineId(clone.id_of()).hex]
    shutil.rmtree(place)
    place.mkdir()
    for name in names:
        (place / name).symlink_to(outside)
    before = contents(outside)
    refused(clone("pull"), place)
    assert contents(outside) == before


def link(file: Path, outside: Path) -> None:
    file.symlink_to(outside / "victim")


def pipe(file: Path, outside: Path) -> None:
    os.mkfifo(file)


def folder(file: Path, outside: Path) -> None:
    file.mkdir()


def giant(file: Path, outside: Path) -> None:
    """A sparse file, without any block on disk."""
    file.touch()
    os.truncate(file, 1 << 40)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("make", [link, pipe, folder, giant])
@pytest.mark.parametrize("kind", ["objects", "saved", "records", "replaced", "tmp"])
def test_only_plain_files_are_read(
    clone: World, kind: str, make: Callable[[Path, Path], None]
) -> None:
    outside = neighbour(clone)
    clone.web_save_and_pull(SLOWER)
    clone.web_save(TREND)
    plant(clone)
    files = [p for p in (clone.state_folder / kind).rglob("*") if p.is_file()]
    for file in files or [clone.state_folder / kind / "1"]:
        file.unlink(missing_ok=True)
        make(file, outside)
    before = contents(outside)
    for command in (["status"], ["pull"], ["restore", TREND_PATH, "--kept"]):
        ran = clone(*command)
        assert ran.code in (0, 1), ran
        assert ran.code == 0 or str(clone.state_folder / kind) in ran.err, ran
    assert contents(outside) == before
    assert clone.read() in (TREND, SLOWER)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("make", [link, pipe, folder, giant])
def test_a_planted_temporary_file_is_not_followed(
    clone: World, make: Callable[[Path, Path], None]
) -> None:
    outside = neighbour(clone)
    clone.web_save(SLOWER)
    planted = (clone.folder / TREND_PATH).with_name(".pinesync-1-aa.tmp")
    make(planted, outside)
    before = contents(outside)
    pulled = clone("pull")
    assert pulled.code == 0 or (pulled.code == 1 and planted.name in pulled.err), pulled
    assert contents(outside) == before
