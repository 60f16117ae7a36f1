"""Every mutant fits the code and names existing tests; every promise has a mutant."""

import re
from pathlib import Path

import pytest

from docs.safety import PROMISES
from pinesync.sync import guards
from tests.mutants.all import ALL, MOST, WITHOUT
from tests.mutants.mutant import Mutant, Unfit, replacements

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("mutant", ALL, ids=lambda mutant: mutant.rule)
def test_a_mutant_fits(mutant: Mutant) -> None:
    assert [*replacements(mutant)]
    assert set(mutant.promise.split()) <= PROMISES.keys()
    assert mutant.tests
    for place in mutant.tests:
        file, _, test = place.partition("::")
        source = (ROOT / file).read_text("utf-8")
        assert not test or re.search(rf"^def {re.escape(test)}\(", source, re.M), place


@pytest.mark.parametrize(
    ("target", "patch"),
    [
        ("pinesync.sync.guards:MANY", lambda _: 1),
        ("pinesync.sync.nowhere:FEW", lambda _: 1),
        ("pinesync.sync.guards:FEW", lambda _: guards.FEW),
        ("pinesync.sync.guards:missing_ids", lambda original: original),
    ],
)
def test_a_mutant_that_does_not_fit_is_an_error(target, patch) -> None:
    with pytest.raises(Unfit):
        list(replacements(Mutant("some rule", "21", target, patch, ())))


def test_mutants_are_few_and_have_unique_names() -> None:
    assert len({mutant.rule for mutant in ALL}) == len(ALL) <= MOST


def test_every_promise_has_a_mutant() -> None:
    having = {promise for mutant in ALL for promise in mutant.promise.split()}
    assert having | WITHOUT.keys() == PROMISES.keys()
    assert having.isdisjoint(WITHOUT)
