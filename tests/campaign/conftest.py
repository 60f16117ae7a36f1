"""Worlds for histories."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.world import OneScript
from tests.world.one_script import opened

Opened = Callable[[], AbstractContextManager[OneScript]]


@pytest.fixture
def worlds(home: Path, monkeypatch: pytest.MonkeyPatch) -> Opened:
    """Opens one world after another."""

    @contextmanager
    def one() -> Iterator[OneScript]:
        with tempfile.TemporaryDirectory(dir=home, prefix="pinesync-test-") as base:
            with opened(Path(base), monkeypatch) as world:
                yield world

    return one


@pytest.fixture
def world(worlds: Opened) -> Iterator[OneScript]:
    with worlds() as one:
        yield one
