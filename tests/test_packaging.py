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
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": "", **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def build(source: Path, kind: str, into: Path) -> Path:
    into.mkdir()
    run(sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", into, cwd=source)
    (made,) = into.iterdir()
    return made


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as held:
        return {name: held.read(name) for name in held.namelist()}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, "wheel", tmp_path_factory.mktemp("built") / "wheel")


def test_the_wheel_has_all_of_the_package_and_nothing_else(wheel: Path) -> None:
    held = set(contents(wheel))
    brought = ("templates/", "docs/guides/", "docs/reference/")
    tracked = run("git", "ls-files", "-z", "pinesync", *brought, cwd=ROOT).split("\0")
    wanted = {f"pinesync/{n}" if n.startswith(brought) else n for n in tracked if n}
    info = f"pinesync-{__version__}.dist-info/"
    extra = {name for name in held - wanted if not name.startswith(info)}
    assert wanted <= held
    assert extra == {f"pinesync-{__version__}.data/data/share/man/man1/pinesync.1"}
    assert f"{info}licenses/LICENSE" in held


def test_the_version_is_one(wheel: Path) -> None:
    metadata = contents(wheel)[f"pinesync-{__version__}.dist-info/METADATA"].decode()
    assert f"\nVersion: {__version__}\n" in metadata
    told = run(sys.executable, "-m", "pinesync", "--version", cwd=ROOT)
    assert told == f"pinesync {__version__}\n"


def test_the_sdist_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    sdist = build(ROOT, "sdist", tmp_path / "sdist")
    with tarfile.open(sdist) as held:
        # Older patches of Python 3.11 do not have it.
        wary: Any = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        held.extractall(tmp_path, **wary)
    source = tmp_path / f"pinesync-{__version__}"
    for name in ("Makefile", "docs/conf.py", "tests/test_packaging.py", "SECURITY.md", "LICENSE"):
        assert (source / name).is_file(), f"the sdist lacks {name}"
    assert contents(build(source, "wheel", tmp_path / "again")) == contents(wheel)


def agents_program() -> str:
    """The program that plays the agent in the guide."""
    page = (ROOT / "docs" / "guides" / "agents.md").read_text("utf-8")
    typed = page.partition("<<'END'\n")[2].partition("> END\n")[0]
    return "\n".join(line.removeprefix("> ") for line in typed.splitlines())


def test_a_session_with_the_installed_wheel(wheel: Path, home: Path, tmp_path: Path) -> None:
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
    here = tmp_path / "empty"
    here.mkdir()

    def pinesync(*arguments: str, cwd: Path = here) -> str:
        return run(scripts / "pinesync", *arguments, cwd=cwd)

    where = run(scripts / "python", "-c", "import pinesync; print(pinesync.__file__)", cwd=here)
    assert Path(where.strip()).is_relative_to(place)
    assert pinesync("--version") == f"pinesync {__version__}\n"
    pinesync("sandbox", "seed")
    assert "cloned 13 scripts" in pinesync("clone", "--sandbox", "mine")
    mine = here / "mine"
    for template in ("indicator", "strategy", "library"):
        pinesync("new", f"My {template}", "--template", template, cwd=mine)
    assert pinesync("push", cwd=mine).count("created    ") == 3
    assert pinesync("status", cwd=mine) == "nothing to pull or push, 16 scripts clean\n"
    assert (place / "share" / "man" / "man1" / "pinesync.1").is_file()
    pinesync("init", "--template", "agent", cwd=mine)
    said = run(scripts / "python", "-c", agents_program(), cwd=mine, PATH=str(scripts))
    assert 'push {"done": "saved", "version": "5.0"' in said
    assert 'undo {"done": "saved", "version": "6.0"' in said
