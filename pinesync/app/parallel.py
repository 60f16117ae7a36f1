"""Several reads at a time, and one beside other work."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from threading import Thread

T = TypeVar("T")
R = TypeVar("R")
S = TypeVar("S")
Waiting = deque[tuple[int, T]]
"""What nobody has begun: the number of each item, and the item."""


class Pool:
    """Runs reads several at a time. The first error stops what has not begun, and is raised; an
    interrupt waits for no answer, however long one takes."""

    def __init__(self, jobs: int, progress: Callable[[int, int], None] | None = None) -> None:
        self.jobs = jobs
        self._progress = progress

    def __call__(self, act: Callable[[T], R], items: Sequence[T]) -> list[R]:
        if len(items) < 2 or self.jobs < 2:
            return [act(item) for item in items]
        ended = _Ended[R](len(items))
        waiting = deque(enumerate(items))

        def read() -> None:
            for number, item in _taken(waiting):
                ended.note(number, act, item)

        with _reading(min(self.jobs, len(items)), read, waiting):
            return ended.results(self._progress)

    def through(self, act: Callable[[T], R], then: Callable[[R], S], items: Sequence[T]) -> list[S]:
        """What `then` makes of what was read, in threads of its own: no read waits for the disk.
        Where it falls behind the reads do wait, so that not all of them are in memory. No `then`
        is under way when this ends, whatever ends it."""
        if len(items) < 2 or self.jobs < 2:
            return [then(act(item)) for item in items]
        from queue import Queue

        jobs = min(self.jobs, len(items))
        ended = _Ended[S](len(items))
        waiting = deque(enumerate(items))
        come: Queue[tuple[int, R] | None] = Queue(jobs)

        def read() -> None:
            for number, item in _taken(waiting):
                try:
                    come.put((number, act(item)))
                except BaseException as error:  # noqa: BLE001 - raised where it is waited for
                    ended.fail(number, error)

        def deal() -> None:
            for number, result in iter(come.get, None):
                ended.note(number, then, result)

        dealing = _begin(jobs, deal)
        try:
            with _reading(jobs, read, waiting):
                return ended.results(self._progress)
        finally:
            for _ in dealing:
                come.put(None)
            for thread in dealing:
                thread.join()

    def ahead(self, act: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
        """The results one by one, in order; the items that come next are begun meanwhile."""
        if len(items) < 2 or self.jobs < 2:
            yield from map(act, items)
            return
        rest = iter(items)
        begun = deque(meanwhile(partial(act, item)) for item in islice(rest, self.jobs))
        while begun:
            result = begun.popleft()()
            begun.extend(meanwhile(partial(act, item)) for item in islice(rest, 1))
            yield result


class _Ended(Generic[R]):
    """What became of so many items, in the order in which they end."""

    def __init__(self, count: int) -> None:
        from queue import SimpleQueue

        self._count = count
        self._queue: SimpleQueue[tuple[int, list[R], BaseException | None]] = SimpleQueue()

    def note(self, number: int, act: Callable[[T], R], item: T) -> None:
        try:
            self._queue.put((number, [act(item)], None))
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            self.fail(number, error)

    def fail(self, number: int, error: BaseException) -> None:
        self._queue.put((number, [], error))

    def results(self, progress: Callable[[int, int], None] | None) -> list[R]:
        """All of them, once all have ended, in the order of the items; or the first error."""
        results: dict[int, R] = {}
        for done in range(1, self._count + 1):
            number, result, error = self._queue.get()
            if error:
                raise error
            results[number] = result[0]
            if progress:
                progress(done, self._count)
        return [results[number] for number in range(self._count)]


def _taken(waiting: Waiting[T]) -> Iterator[tuple[int, T]]:
    """One after another, until somebody has taken the last."""
    while waiting:
        try:
            yield waiting.popleft()
        except IndexError:
            return


@contextmanager
def _reading(count: int, read: Callable[[], None], waiting: Waiting[Any]) -> Iterator[None]:
    """So many threads read; what they have not begun is dropped at the end."""
    threads = _begin(count, read)
    try:
        yield
    except Exception:
        waiting.clear()
        for thread in threads:
            thread.join()
        raise
    finally:
        waiting.clear()


def _begin(count: int, work: Callable[[], None]) -> list[Thread]:
    from threading import Thread

    # Not an executor: its threads are waited for at exit, and a read may take minutes.
    threads = [Thread(target=work, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def meanwhile(act: Callable[[], R]) -> Callable[[], R]:
    """Begins a read; what is given waits for its result, or raises what it raised. An interrupt
    waits for nobody here either."""
    from _thread import start_new_thread
    from concurrent.futures import Future

    result: Future[R] = Future()

    def work() -> None:
        try:
            result.set_result(act())
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            result.set_exception(error)

    # threading would wait until it runs, and so for the interpreter: milliseconds.
    try:
        start_new_thread(work, ())
    except RuntimeError:
        return act  # no thread is to be had: done when it is asked for
    return result.result
