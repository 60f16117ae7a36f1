"""The built packages are complete, have one version, and work in a session without the checkout."""

import os
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest

from pinesync import __version__
from tests.release.installed import Installed, first_session, git_clone, run, vscode

ROOT = Path(__file__).parents[1]


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
    brought = ("templates/", "docs/guides/", "docs/reference/")
    tracked = run("git", "ls-files", "-z", "pinesync", *brought, cwd=ROOT).split("\0")
    wanted = {f"pinesync/{n}" if n.startswith(brought) else n for n in tracked if n}
    info = f"pinesync-{__version__}.dist-info/"
    extra = {name for name in names - wanted if not name.startswith(info)}
    assert wanted <= names
    assert extra == {f"pinesync-{__version__}.data/data/share/man/man1/pinesync.1"}
    assert f"{info}licenses/LICENSE" in names


def test_wheel_and_sdist_have_one_version(wheel: Path) -> None:
    metadata = contents(wheel)[f"pinesync-{__version__}.dist-info/METADATA"].decode()
    assert f"\nVersion: {__version__}\n" in metadata
    output = run(sys.executable, "-m", "pinesync", "--version", cwd=ROOT)
    assert output.startswith(f"pinesync {__version__} (Python ")


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
    (here := tmp_path / "empty").mkdir()
    pinesync = Installed(place, here)
    paths = {"base": str(place), "platbase": str(place)}
    site = Path(sysconfig.get_path("purelib", "venv", paths))
    # The dependencies, by their folder: its .pth files, an editable pinesync among them, are not
    # read, since only the environment's own are.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    python = pinesync.scripts / "python"
    run(
        sys.executable, "-m", "pip", "--python", python, "install", "--no-index",
        "--no-deps", "--quiet", wheel, cwd=tmp_path,
    )  # fmt: skip
    _, where = pinesync("--version").rstrip("\n").split(" from ")
    assert Path(where).is_relative_to(place)
    for part in (first_session, git_clone, vscode):
        part(pinesync)
    assert (place / "share" / "man" / "man1" / "pinesync.1").is_file()
    # What came from an index has no such file, and its version is there for the team's jobs.
    (site / f"pinesync-{__version__}.dist-info" / "direct_url.json").unlink()
    pinesync("init", "--sandbox", "--template", "team", "team")
    workflow = (here / "team" / ".github" / "workflows" / "pinesync.yml").read_text("utf-8")
    assert f'PINESYNC: "{__version__}"\n' in workflow
