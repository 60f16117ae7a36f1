"""Files of pinesync are private to their owner, and no package index that a stranger can fill is
used."""

from __future__ import annotations

import os
import re
import stat
import tomllib
from pathlib import Path

import pytest

from pinesync.atomic import make_private
from tests.world import LONGER, World

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
posix = pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX only")

ASKS_AN_INDEX = r"pinesync\[|(pip3?|pipx|uv|uvx)( pip| tool)? install [^`\n]*(?<![/.\w-])pinesync\b"


@pytest.mark.promise("S2")
@posix
@pytest.mark.parametrize("umask", [0o000, 0o022])
@pytest.mark.parametrize("words", [("push",), ("sandbox", "seed")])
def test_every_folder_of_pinesync_is_private(
    clone: World, words: tuple[str, ...], umask: int
) -> None:
    """In an empty home, without even the parent folders for configuration and state."""
    home = clone.place / "deep" / "er" / "home"
    clone.write(LONGER)
    before = os.umask(umask)
    try:
        clone.process(*words, PINESYNC_HOME=str(home))
    finally:
        os.umask(before)
    made = [clone.place / "deep", *(clone.place / "deep").rglob("*")]
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in made if path.is_dir()}
    assert len(modes) > 3
    assert set(modes.values()) == {0o700}, modes


@pytest.mark.promise("S2")
@posix
def test_each_created_parent_folder_is_private(tmp_path: Path) -> None:
    parent = tmp_path / "there"
    parent.mkdir(mode=0o755)
    before = os.umask(0)
    try:
        make_private(parent / "a" / "b" / "c")
        make_private(parent / "a" / "d")
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (parent, *parent.rglob("*"))}
    assert modes == {"there": 0o755, "a": 0o700, "b": 0o700, "c": 0o700, "d": 0o700}


def test_no_requirement_names_pinesync() -> None:
    extras = PYPROJECT["project"]["optional-dependencies"]
    groups = PYPROJECT["dependency-groups"]
    listed = (PYPROJECT["project"]["dependencies"], *extras.values(), *groups.values())
    every = [requirement for packages in listed for requirement in packages]
    assert not [requirement for requirement in every if requirement.startswith("pinesync")]
    assert groups == {"dev": extras["dev"]}
    assert set(extras["docs"]) <= set(extras["dev"])


def test_no_page_or_hint_installs_pinesync_from_an_index() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "docs" / "pinesync.1"]
    code = [*(ROOT / "pinesync").rglob("*.py"), *(ROOT / "templates").rglob("*")]
    for file in (*pages, *code):
        if file.is_file() and "_build" not in file.parts:
            found = re.search(ASKS_AN_INDEX, file.read_text("utf-8"))
            assert not found, f"{file.name}: {found}"
