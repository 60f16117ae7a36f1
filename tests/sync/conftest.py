"""The engine on its ports in memory, with a clock that only moves when told."""

import pytest

from tests.fakes.bench import Bench


@pytest.fixture
def bench() -> Bench:
    return Bench()
