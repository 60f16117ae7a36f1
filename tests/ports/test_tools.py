"""The engine's tools: a merge, and parallel work."""

from collections.abc import Callable
from threading import Barrier, Event

import pytest

from pinesync.app import parallel
from pinesync.git.merge import merge as git_merge
from pinesync.sync.ports import Merged, Parallel, Submit
from pinesync.text.canonical import has_conflict_markers
from tests.fakes import Threads, merge, submit

Merge = Callable[[str, str, str], Merged]
BASE = "one\ntwo\nthree\nfour\nfive\n"
LONG = 60.0


@pytest.fixture(params=[merge, git_merge], ids=["fake", "git"])
def merging(request: pytest.FixtureRequest) -> Merge:
    made: Merge = request.param
    return made


@pytest.fixture(params=[Threads, parallel.Pool], ids=["fake", "pool"])
def each(request: pytest.FixtureRequest) -> Parallel:
    made: Parallel = request.param(4)
    return made


@pytest.mark.parametrize(
    ("local", "remote", "merged"),
    [
        (BASE, BASE, BASE),
        (BASE + "six\n", BASE, BASE + "six\n"),
        (BASE, "zero\n" + BASE, "zero\n" + BASE),
        (BASE + "six\n", "zero\n" + BASE, "zero\n" + BASE + "six\n"),
        (BASE + "six\n", BASE + "six\n", BASE + "six\n"),
        (BASE.replace("two\n", ""), BASE.replace("four", "4"), "one\nthree\n4\nfive\n"),
        (BASE.replace("one", "1"), BASE.replace("five\n", "five"), "1\ntwo\nthree\nfour\nfive"),
    ],
)
def test_changes_of_both_sides_are_merged(
    merging: Merge, local: str, remote: str, merged: str
) -> None:
    assert merging(BASE, local, remote) == Merged(merged, conflicted=False)


@pytest.mark.parametrize(
    ("local", "remote"),
    [
        (BASE.replace("three", "3"), BASE.replace("three", "III")),
        (BASE.replace("three", "3"), BASE.replace("three\n", "")),
        (BASE.replace("three", "3"), BASE.replace("four", "4")),
        (BASE + "six\n", BASE + "VI\n"),
    ],
)
def test_conflicting_lines_get_conflict_markers(merging: Merge, local: str, remote: str) -> None:
    found = merging(BASE, local, remote)
    assert found.conflicted
    assert has_conflict_markers(found.text)
    for line in {*local.split("\n"), *remote.split("\n")}:
        assert line in found.text


def test_results_come_in_the_order_of_the_items(each: Parallel) -> None:
    items = list(range(20))
    assert each(str, items) == list(map(str, items))
    assert each.pipeline(str, len, items) == [len(str(n)) for n in items]
    assert list(each.prefetch(str, items)) == list(map(str, items))
    assert not any((each(str, []), each.pipeline(str, len, []), [*each.prefetch(str, [])]))


def test_several_calls_run_at_once(each: Parallel) -> None:
    together = Barrier(4, timeout=LONG)
    for run in (each, each.prefetch):
        assert len(list(run(lambda _: together.wait(), range(4)))) == 4


def test_an_error_is_raised_with_the_results(each: Parallel) -> None:
    def act(number: int) -> float:
        return 1 / number

    for run in (lambda: each(act, [1, 0]), lambda: list(each.prefetch(act, [1, 0]))):
        with pytest.raises(ZeroDivisionError):
            run()
    with pytest.raises(ZeroDivisionError):
        each.pipeline(str, lambda _: 1 / 0, [1, 2])


@pytest.mark.parametrize("begin", [submit, parallel.submit], ids=["fake", "thread"])
def test_a_background_call_is_awaited_when_its_result_is_needed(begin: Submit) -> None:
    go = Event()
    result = begin(lambda: go.wait(LONG))
    go.set()
    assert result() is True
    assert result() is True
    failed = begin(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        failed()
