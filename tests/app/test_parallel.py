"""Parallel reads, and the work on each result."""

from threading import Event, Lock
from typing import Any

import pytest

from pinesync.app.parallel import Pool

LONG = 20.0
MANY = range(40)


@pytest.mark.parametrize("jobs", [1, 2, 16])
@pytest.mark.parametrize("count", [0, 1, 2, 40])
def test_results_keep_the_order_of_the_items(jobs: int, count: int) -> None:
    progress: list[tuple[int, int]] = []
    pool = Pool(jobs, lambda done, total: progress.append((done, total)))
    items = range(count)
    assert pool(str, items) == [str(item) for item in items]
    assert pool.pipeline(str, len, items) == [len(str(item)) for item in items]
    if jobs > 1 and count > 1:
        assert progress == 2 * [(done, count) for done in range(1, count + 1)]


def test_a_read_does_not_wait_for_the_work_on_another() -> None:
    third = Event()

    def read(item: int) -> int:
        if item == 2:
            third.set()
        return item

    def then(item: int) -> bool:
        return third.wait(LONG)

    assert Pool(2).pipeline(read, then, range(3)) == [True, True, True]


def test_reads_wait_when_the_work_falls_behind() -> None:
    """While no result is handled, not all items are read."""
    all_read, gate, read_so_far = Event(), Event(), Tally()

    def read(item: int) -> int:
        if read_so_far.add() == len(MANY):
            all_read.set()
        return item

    def then(item: int) -> bool:
        if item == 0:
            early = all_read.wait(0.3)
            gate.set()
            return early
        return not gate.wait(LONG)

    assert not any(Pool(2).pipeline(read, then, MANY))
    assert all_read.is_set()


@pytest.mark.parametrize("fails", ["read", "then"])
def test_the_first_error_stops_waiting_items(fails: str) -> None:
    """When the error is raised, no call is running any more."""
    begun, ended = Tally(), Tally()

    def step(item: Any) -> Any:
        begun.add()
        if item == 0:
            ended.add()
            raise LookupError("the first")
        ended.add()
        return item

    def plain(item: Any) -> Any:
        return item

    steps = (step, plain) if fails == "read" else (plain, step)
    with pytest.raises(LookupError):
        Pool(2).pipeline(*steps, range(10_000))
    assert begun.count == ended.count < 10_000


def test_an_interrupt_waits_for_running_items() -> None:
    """Otherwise a thread could still write into a folder that is about to be removed."""
    begun, ended = Tally(), Tally()
    second, hanging = Event(), Event()

    def interrupted(done: int, total: int) -> None:
        raise KeyboardInterrupt

    def read(item: int) -> int:
        if item > 10:
            hanging.wait(LONG)  # a response that never arrives
        return item

    def then(item: int) -> None:
        begun.add()
        if item == 0:
            assert second.wait(LONG)
        if item == 1:
            second.set()
            hanging.wait(0.3)
        ended.add()

    with pytest.raises(KeyboardInterrupt):
        Pool(4, interrupted).pipeline(read, then, MANY)
    assert not hanging.is_set()
    assert begun.count == ended.count
    hanging.set()


class Tally:
    """A thread-safe counter."""

    def __init__(self) -> None:
        self.count = 0
        self._lock = Lock()

    def add(self) -> int:
        with self._lock:
            self.count += 1
            return self.count
