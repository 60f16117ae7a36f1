"""Every promise of docs/safety.md names tests that exist."""

import re
from pathlib import Path

import pytest

from tests.conftest import CAMPAIGN

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
    campaign = set(re.findall(r"`(tests/[^`]+)` \(campaign\)", shown))
    assert campaign == {place for place in named if _is_campaign(place)}, "said wrongly"
    assert campaign != set(named), f"`make test` shows nothing of promise {number}"
    for place in named:
        file, _, test = place.partition("::")
        source = (ROOT / file).read_text("utf-8")
        assert not test or re.search(rf"^def {test}\(", source, re.M), place


def _is_campaign(place: str) -> bool:
    return not CAMPAIGN.isdisjoint((place, place.partition("::")[0]))


@pytest.mark.parametrize("place", sorted(CAMPAIGN))
def test_the_campaign_names_what_is_there(place: str) -> None:
    file, _, test = place.partition("::")
    source = (ROOT / file).read_text("utf-8")
    assert not test or re.search(rf"^def {test}\(", source, re.M)
    assert not test or file not in CAMPAIGN, f"all of {file} is listed"
