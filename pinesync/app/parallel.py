"""Run several reads in parallel, or one in the background."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from threading import Thread

T = TypeVar("T")
R = TypeVar("R")
S = TypeVar("S")
Pending = deque[tuple[int, T]]
"""The items that no thread has taken: index and item."""


class Progress(Protocol):
    """Shows a person how far a command is."""

    def __call__(self, done: int, total: int) -> None:
        """`done` of `total` reads have finished."""

    def awaiting(self, what: str) -> AbstractContextManager[None]:
        """While the block runs, the command waits for `what`."""


class Pool:
    """Runs up to `jobs` reads at a time. The first error is raised; reads that have not begun are
    dropped. An interrupt does not wait for running reads."""

    def __init__(self, jobs: int, progress: Callable[[int, int], None] | None = None) -> None:
        self.jobs = jobs
        self._progress = progress

    def __call__(self, job: Callable[[T], R], items: Sequence[T]) -> list[R]:
        if len(items) < 2 or self.jobs < 2:
            return [job(item) for item in items]
        results = _Results[R](len(items))
        waiting = deque(enumerate(items))

        def read() -> None:
            for number, item in _take_all(waiting):
                results.note(number, job, item)

        with _running_threads(min(self.jobs, len(items)), read, waiting):
            return results.results(self._progress)

    def pipeline(
        self, job: Callable[[T], R], then: Callable[[R], S], items: Sequence[T]
    ) -> list[S]:
        """Apply `then` to each result of `job`, in separate threads, so that reads do not wait for
        the disk. If `then` falls behind, reads wait, which bounds memory. No `then` is running when
        this returns or raises."""
        if len(items) < 2 or self.jobs < 2:
            return [then(job(item)) for item in items]
        from queue import Queue

        jobs = min(self.jobs, len(items))
        results = _Results[S](len(items))
        waiting = deque(enumerate(items))
        results_queue: Queue[tuple[int, R] | None] = Queue(jobs)

        def read() -> None:
            for number, item in _take_all(waiting):
                try:
                    results_queue.put((number, job(item)))
                except BaseException as error:  # noqa: BLE001 - raised where it is waited for
                    results.fail(number, error)

        def consume() -> None:
            for number, result in iter(results_queue.get, None):
                results.note(number, then, result)

        consumers = _start_threads(jobs, consume)
        try:
            with _running_threads(jobs, read, waiting):
                return results.results(self._progress)
        finally:
            for _ in consumers:
                results_queue.put(None)
            for thread in consumers:
                thread.join()

    def prefetch(self, job: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
        """Yield the results in order, while the reads of the next items run."""
        if len(items) < 2 or self.jobs < 2:
            yield from map(job, items)
            return
        rest = iter(items)
        started = deque(submit(partial(job, item)) for item in islice(rest, self.jobs))
        while started:
            result = started.popleft()()
            started.extend(submit(partial(job, item)) for item in islice(rest, 1))
            yield result


class _Results(Generic[R]):
    """Collects the results of `count` items in the order in which they finish."""

    def __init__(self, count: int) -> None:
        from queue import SimpleQueue

        self._count = count
        self._queue: SimpleQueue[tuple[int, list[R], BaseException | None]] = SimpleQueue()

    def note(self, number: int, job: Callable[[T], R], item: T) -> None:
        try:
            self._queue.put((number, [job(item)], None))
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            self.fail(number, error)

    def fail(self, number: int, error: BaseException) -> None:
        self._queue.put((number, [], error))

    def results(self, progress: Callable[[int, int], None] | None) -> list[R]:
        """Wait for all items; return the results in the order of the items. Raises the first
        error."""
        results: dict[int, R] = {}
        for done in range(1, self._count + 1):
            number, result, error = self._queue.get()
            if error:
                raise error
            results[number] = result[0]
            if progress:
                progress(done, self._count)
        return [results[number] for number in range(self._count)]


def _take_all(waiting: Pending[T]) -> Iterator[tuple[int, T]]:
    """Take items until none is left."""
    while waiting:
        try:
            yield waiting.popleft()
        except IndexError:
            return


@contextmanager
def _running_threads(count: int, read: Callable[[], None], waiting: Pending[Any]) -> Iterator[None]:
    """Run `read` in `count` threads. On exit drop the items that no thread has taken."""
    threads = _start_threads(count, read)
    try:
        yield
    except Exception:
        waiting.clear()
        for thread in threads:
            thread.join()
        raise
    finally:
        waiting.clear()


def _start_threads(count: int, work: Callable[[], None]) -> list[Thread]:
    from threading import Thread

    # Not an executor: the interpreter waits for its threads at exit, and a read may take minutes.
    threads = [Thread(target=work, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def submit(job: Callable[[], R]) -> Callable[[], R]:
    """Start a read in the background. The returned function waits for its result, or raises its
    error. An interrupt does not wait for the read."""
    from _thread import start_new_thread
    from concurrent.futures import Future

    result: Future[R] = Future()

    def work() -> None:
        try:
            result.set_result(job())
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            result.set_exception(error)

    # threading.Thread.start() waits until the thread runs, which costs milliseconds.
    try:
        start_new_thread(work, ())
    except RuntimeError:
        return job  # no thread available: read when the caller asks for the result
    return result.result
