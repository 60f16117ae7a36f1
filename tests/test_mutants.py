"""Every mutant still fits the code, and names tests that exist."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutants.__main__ import ALL
from tests.mutants.breakages import Mutant

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("mutant", ALL, ids=lambda mutant: mutant.rule)
def test_a_mutant_fits(mutant: Mutant) -> None:
    text = (ROOT / mutant.file).read_text("utf-8")
    assert text.count(mutant.old) == 1
    assert not mutant.also[0] or text.count(mutant.also[0]) == 1
    assert mutant.old != mutant.new
    for test in mutant.tests:
        assert (ROOT / test).exists(), f"there is no {test}"
