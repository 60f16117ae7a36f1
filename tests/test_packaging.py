"""The built packages are complete, have one version, and work in a session without the checkout."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest

from pinesync import __version__

ROOT = Path(__file__).parents[1]


def run(*command: object, cwd: Path, **env: str) -> str:
    result = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": "", **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert result.returncode == 0, f"{command}\n{result.stdout}{result.stderr}"
    return result.stdout


def build(source: Path, kind: str, into: Path) -> Path:
    into.mkdir()
    run(sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", into, cwd=source)
    (made,) = into.iterdir()
    return made


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, "wheel", tmp_path_factory.mktemp("built") / "wheel")


def test_the_wheel_has_exactly_the_package(wheel: Path) -> None:
    names = set(contents(wheel))
    tracked = run("git", "ls-files", "-z", "pinesync", "templates", cwd=ROOT).split("\0")
    expected = {name.replace("templates/", "pinesync/templates/") for name in tracked if name}
    info = f"pinesync-{__version__}.dist-info/"
    extra = {name for name in names - expected if not name.startswith(info)}
    assert expected <= names
    assert extra == {f"pinesync-{__version__}.data/data/share/man/man1/pinesync.1"}
    assert f"{info}licenses/LICENSE" in names


def test_wheel_and_sdist_have_one_version(wheel: Path) -> None:
    metadata = contents(wheel)[f"pinesync-{__version__}.dist-info/METADATA"].decode()
    assert f"\nVersion: {__version__}\n" in metadata
    output = run(sys.executable, "-m", "pinesync", "--version", cwd=ROOT)
    assert output == f"pinesync {__version__}\n"


def test_the_sdist_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    sdist = build(ROOT, "sdist", tmp_path / "sdist")
    with tarfile.open(sdist) as archive:
        # Older patches of Python 3.11 do not have it.
        wary: Any = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        archive.extractall(tmp_path, **wary)
    source = tmp_path / f"pinesync-{__version__}"
    for name in ("Makefile", "docs/conf.py", "tests/test_packaging.py", "SECURITY.md", "LICENSE"):
        assert (source / name).is_file(), f"the sdist lacks {name}"
    assert contents(build(source, "wheel", tmp_path / "again")) == contents(wheel)


def test_the_installed_wheel_works(wheel: Path, home: Path, tmp_path: Path) -> None:
    """In an environment with the dependencies, and pinesync only from the wheel."""
    place = tmp_path / "venv"
    venv.create(place, symlinks=os.name != "nt")
    scripts = place / ("Scripts" if os.name == "nt" else "bin")
    paths = {"base": str(place), "platbase": str(place)}
    site = Path(sysconfig.get_path("purelib", "venv", paths))
    # The dependencies, by their folder: its .pth files, an editable pinesync among them, are not
    # read, since only the environment's own are.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    run(
        sys.executable, "-m", "pip", "--python", scripts / "python", "install", "--no-index",
        "--no-deps", "--quiet", wheel, cwd=tmp_path,
    )  # fmt: skip
    folder = tmp_path / "empty"
    folder.mkdir()

    def pinesync(*arguments: str, cwd: Path = folder) -> str:
        return run(scripts / "pinesync", *arguments, cwd=cwd)

    where = run(scripts / "python", "-c", "import pinesync; print(pinesync.__file__)", cwd=folder)
    assert Path(where.strip()).is_relative_to(place)
    assert pinesync("--version") == f"pinesync {__version__}\n"
    pinesync("sandbox", "seed")
    assert "cloned 13 scripts" in pinesync("clone", "--sandbox", "mine")
    mine = folder / "mine"
    for template in ("indicator", "strategy", "library"):
        pinesync("new", f"My {template}", "--template", template, cwd=mine)
    assert pinesync("push", cwd=mine).count("created    ") == 3
    assert pinesync("status", cwd=mine) == "nothing to pull or push, 16 scripts clean\n"
    assert (place / "share" / "man" / "man1" / "pinesync.1").is_file()
