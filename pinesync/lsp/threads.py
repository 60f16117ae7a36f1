"""Run blocking work off the event loop, so that it does not delay editor messages."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable, Hashable
from contextlib import suppress
from typing import TypeVar

from pinesync.errors import PinesyncError

T = TypeVar("T")

_CHUNK_BYTES = 65536


async def run_in_thread(job: Callable[[], T]) -> T:
    """Run `job` in a daemon thread. Returns its result or raises its error."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def deliver(result: T | None, error: Exception | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result, failure = None, None
        try:
            result = job()
        except Exception as error:  # noqa: BLE001 - raised again, where it is awaited
            failure = error
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(deliver, result, failure)

    threading.Thread(target=run, daemon=True).start()
    return await future


class LatestOnly:
    """Runs one job at a time per key. While it runs, only the newest request is kept; older ones
    are dropped."""

    def __init__(self) -> None:
        self._running: set[Hashable] = set()
        self._next: dict[Hashable, Callable[[], Awaitable[None]]] = {}

    async def run_latest(self, key: Hashable, job: Callable[[], Awaitable[None]]) -> bool:
        """Run the job, or queue it if one is running for the key. Returns False if queued, True
        once the key has no more jobs. Raises the last job's PinesyncError; errors of earlier jobs
        are dropped."""
        self._next[key] = job
        if key in self._running:
            return False
        self._running.add(key)
        try:
            while key in self._next:
                try:
                    await self._next.pop(key)()
                except PinesyncError:
                    if key not in self._next:
                        raise
        finally:
            self._running.discard(key)
        return True

    def drop_pending(self, key: Hashable) -> None:
        """Drop the queued job."""
        self._next.pop(key, None)


def open_reader(descriptor: int) -> asyncio.StreamReader:
    """A stream of the descriptor's bytes, up to its end. A thread reads it, because that works for
    pipes, files and terminals on every system, and an idle one does not keep the process alive."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()

    def feed() -> None:
        with suppress(RuntimeError):  # the loop is closed
            with suppress(OSError):
                while data := os.read(descriptor, _CHUNK_BYTES):
                    loop.call_soon_threadsafe(reader.feed_data, data)
            loop.call_soon_threadsafe(reader.feed_eof)

    threading.Thread(target=feed, daemon=True).start()
    return reader
