"""Every promise of docs/safety.md names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "safety.md").read_text("utf-8")
ROWS = re.findall(r"^\| (\d+) \| (.+?) \| (.+) \|$", PAGE, re.M)


def test_all_promises_are_there() -> None:
    assert [int(number) for number, _, _ in ROWS] == list(range(1, 39))


@pytest.mark.parametrize(("number", "promise", "shown"), ROWS, ids=[row[0] for row in ROWS])
def test_a_promise_names_its_tests(number: str, promise: str, shown: str) -> None:
    assert promise
    named = re.findall(r"`(tests/[^`]+)`", shown)
    assert named, f"promise {number} is shown by nothing"
    for place in named:
        file, _, test = place.partition("::")
        source = (ROOT / file).read_text("utf-8")
        assert not test or re.search(rf"^def {test}\(", source, re.M), place
