"""The engine on ports in memory, with a clock that only tests move."""

import pytest

from tests.fakes.bench import BASE, MINE, Bench, Edited


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def edited(bench: Bench) -> Edited:
    """A script at 3.0 whose file was edited."""
    pine_id, path = bench.script("One", "// 1\n", "// 2\n", BASE)
    bench.write(path, MINE)
    return pine_id, path
