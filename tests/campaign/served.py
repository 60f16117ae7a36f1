"""The campaign's world for the command line: an account over HTTP, and real processes."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.world import TOOLS, TREND, Account, World

ROOT = Path(__file__).parents[2]


@contextmanager
def served(
    home: Path, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[World]:
    """An account with two scripts, served on loopback, and a clone of it. A sent save that is
    not found is given up immediately, and retries do not pause."""
    account = Account(home / "pinesync" / "sandbox")
    world = World(
        pinesync_home=home / "pinesync",
        remote=account,
        place=place,
        capsys=capsys,
        monkeypatch=monkeypatch,
    )
    for name, text in (("Trend", TREND), ("Tools", TOOLS)):
        world.web_save(text, name)
    with world.served():
        monkeypatch.setenv("PINESYNC_SETTLE_SECONDS", "0")
        monkeypatch.setattr("pinesync.app.project.PAUSES", ())
        world.clone()
        yield world
    account.close()


def program(world: World, source: str, *arguments: object, **more: Any) -> Any:
    """Start a Python program in the clone that can import the tests' modules."""
    before = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
    command = [sys.executable, "-c", before + source, *map(str, arguments)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, cwd=world.folder, text=True, **{**pipes, **more})


def check_converged(world: World) -> None:
    """A pull and a push finish the interrupted work; a third run sends and writes nothing."""
    for _ in range(2):
        for verb in ("pull", "push"):
            result = world(verb)
            assert result.code == 0, result
    before = world.files(), world.state(), world.account()
    for verb in ("pull", "push"):
        result = world(verb)
        assert (result.code, result.out, result.requests) == (0, "", ("list",)), result
    assert (world.files(), world.state(), world.account()) == before
    assert world.statuses() == {}
    assert not [path for path in world.folder.rglob("*") if path.name.endswith(".tmp")]
