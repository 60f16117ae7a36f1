"""Several reads at a time, and one beside other work."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Pool:
    """Runs reads several at a time. The first error stops what has not begun, and is raised; an
    interrupt waits for nobody, however long an answer takes."""

    def __init__(self, jobs: int, progress: Callable[[int, int], None] | None = None) -> None:
        self._jobs = jobs
        self._progress = progress

    def __call__(self, act: Callable[[T], R], items: Sequence[T]) -> list[R]:
        if len(items) < 2 or self._jobs < 2:
            return [act(item) for item in items]
        from queue import SimpleQueue
        from threading import Thread

        waiting = deque(enumerate(items))
        ended: SimpleQueue[tuple[int, list[R], BaseException | None]] = SimpleQueue()

        def work() -> None:
            while waiting:
                try:
                    number, item = waiting.popleft()
                except IndexError:
                    return
                try:
                    ended.put((number, [act(item)], None))
                except BaseException as error:  # noqa: BLE001 - raised where it is waited for
                    ended.put((number, [], error))

        # Not an executor: its threads are waited for at exit, and a read may take minutes.
        threads = [Thread(target=work, daemon=True) for _ in range(min(self._jobs, len(items)))]
        for thread in threads:
            thread.start()
        results: dict[int, R] = {}
        try:
            for done in range(1, len(items) + 1):
                number, result, error = ended.get()
                if error:
                    raise error
                results[number] = result[0]
                if self._progress:
                    self._progress(done, len(items))
        except Exception:
            waiting.clear()
            for thread in threads:
                thread.join()
            raise
        finally:
            waiting.clear()
        return [results[number] for number in range(len(items))]


def meanwhile(act: Callable[[], R]) -> Callable[[], R]:
    """Begins a read; what is given waits for its result, or raises what it raised. An interrupt
    waits for nobody here either."""
    from concurrent.futures import Future
    from threading import Thread

    result: Future[R] = Future()

    def work() -> None:
        try:
            result.set_result(act())
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            result.set_exception(error)

    Thread(target=work, daemon=True).start()
    return result.result
