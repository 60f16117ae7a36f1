"""The engine's tools: threads and a three-way merge."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pinesync.sync.ports import Merged
from pinesync.text.canonical import lines
from pinesync.text.line_diff import same_lines

T = TypeVar("T")
R = TypeVar("R")
S = TypeVar("S")


class Threads:
    """Fits `sync.ports.Each`."""

    def __init__(self, jobs: int = 4) -> None:
        self.jobs = jobs

    def __call__(self, job: Callable[[T], R], items: Sequence[T]) -> list[R]:
        with ThreadPoolExecutor(self.jobs) as pool:
            return list(pool.map(job, items))

    def pipeline(
        self, job: Callable[[T], R], then: Callable[[R], S], items: Sequence[T]
    ) -> list[S]:
        return self(lambda item: then(job(item)), items)

    def prefetch(self, job: Callable[[T], R], items: Sequence[T]) -> Iterator[R]:
        pool = ThreadPoolExecutor(self.jobs)
        results = pool.map(job, items)
        # Nothing is waited for at the end: a run that stopped leaves this unfinished, and whichever
        # thread collects it must not wait for another.
        pool.shutdown(wait=False)
        yield from results


def submit(job: Callable[[], R]) -> Callable[[], R]:
    """Fits `sync.ports.Meanwhile`."""
    pool = ThreadPoolExecutor(1)
    result = pool.submit(job)
    pool.shutdown(wait=False)
    return result.result


def merge(base: str, local: str, remote: str) -> Merged:
    """Merge between the lines that both sides kept: the side that changed wins; if both did,
    both are between markers."""
    ours, theirs, old = lines(local), lines(remote), lines(base)
    kept_ours, kept_theirs = _kept(old, ours), _kept(old, theirs)
    merged, conflicted = "", False
    start = (0, 0, 0)
    for number in [*sorted(kept_ours.keys() & kept_theirs.keys()), len(old)]:
        end = (number, kept_ours.get(number, len(ours)), kept_theirs.get(number, len(theirs)))
        old_part, our_part, their_part = (
            "".join(side[a:b]) for side, a, b in zip((old, ours, theirs), start, end, strict=True)
        )
        if our_part != old_part != their_part and our_part != their_part:
            conflicted = True
            merged += f"<<<<<<< ours\n{our_part}=======\n{their_part}>>>>>>> theirs (TradingView)\n"
        else:
            merged += their_part if our_part == old_part else our_part
        merged += old[number] if number < len(old) else ""
        start = (end[0] + 1, end[1] + 1, end[2] + 1)
    return Merged(merged, conflicted)


def _kept(old: Sequence[str], new: Sequence[str]) -> dict[int, int]:
    """The index in the new text of each line that stayed."""
    return {a + i: b + i for a, b, size in same_lines(old, new) for i in range(size)}
