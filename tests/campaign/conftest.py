"""Worlds for histories, and the explanation of a failure in one."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from tests.campaign.served import served as serving
from tests.world import OneScript, World
from tests.world.one_script import opened

W = TypeVar("W")
Opened = Callable[[], AbstractContextManager[OneScript]]


def one_after_another(
    opened: Callable[[Path, pytest.MonkeyPatch], AbstractContextManager[W]],
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[], AbstractContextManager[W]]:
    """Opens one world after another, each in its own folder."""

    @contextmanager
    def one() -> Iterator[W]:
        with tempfile.TemporaryDirectory(dir=home, prefix="pinesync-test-") as base:
            with opened(Path(base), monkeypatch) as world:
                yield world

    return one


@contextmanager
def noting(where: str) -> Iterator[None]:
    """Add the position in the history to a failure."""
    try:
        yield
    except BaseException as error:
        error.add_note(where)
        raise


@pytest.fixture
def worlds(home: Path, monkeypatch: pytest.MonkeyPatch) -> Opened:
    return one_after_another(opened, home, monkeypatch)


@pytest.fixture
def served(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[World]:
    with serving(home, tmp_path, monkeypatch, capsys) as world:
        yield world


@pytest.fixture
def world(worlds: Opened) -> Iterator[OneScript]:
    with worlds() as one:
        yield one
