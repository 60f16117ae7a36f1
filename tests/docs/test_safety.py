"""Every promise and every security rule is covered by tests, and the pages name them."""

import re

import pytest

from docs import safety
from tests.conftest import CAMPAIGN
from tests.docs.pages import ROOT, page


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("docs/safety.md", safety.promises),
        ("SECURITY.md", safety.rules),
        ("SECURITY.md", safety.agents),
    ],
)
def test_the_tables_are_generated_from_the_markers(name: str, table) -> None:
    assert table() in page(name), "`make docs` writes it anew"


@pytest.mark.parametrize("number", safety.PROMISES)
def test_every_promise_has_a_test_in_make_test(number: str) -> None:
    places = safety.shown_by().get(number, [])
    assert places, f"no test is marked with promise {number}"
    assert not all(map(safety.is_campaign, places)), f"`make test` shows nothing of {number}"


def test_every_marker_names_an_existing_promise() -> None:
    assert safety.shown_by().keys() <= safety.PROMISES.keys()


@pytest.mark.parametrize("place", sorted(CAMPAIGN))
def test_the_campaign_names_existing_tests(place: str) -> None:
    file, _, test = place.partition("::")
    source = (ROOT / file).read_text("utf-8")
    assert not test or re.search(rf"^def {test}\(", source, re.M)
    assert not test or file not in CAMPAIGN, f"all of {file} is listed"
