"""Run blocking work off the event loop, so that messages of the editor do not wait for it."""

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


async def run_in_thread(act: Callable[[], T]) -> T:
    """Run `act` in a daemon thread; return or raise what it does."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def deliver(result: T | None, error: Exception | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]

    def run() -> None:
        result, failure = None, None
        try:
            result = act()
        except Exception as error:  # noqa: BLE001 - raised again, where it is awaited
            failure = error
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(deliver, result, failure)

    threading.Thread(target=run, daemon=True).start()
    return await done


class LatestOnly:
    """Runs one act at a time for each key. Of the acts requested meanwhile, only the newest runs
    next; the others are dropped."""

    def __init__(self) -> None:
        self._running: set[Hashable] = set()
        self._next: dict[Hashable, Callable[[], Awaitable[None]]] = {}

    async def run_latest(self, key: Hashable, act: Callable[[], Awaitable[None]]) -> bool:
        """Run the act. Returns False if a running call will run it, else True once nothing is left
        for the key. Raises the PinesyncError of the last act."""
        self._next[key] = act
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
        """Drop the act that has not started."""
        self._next.pop(key, None)


def open_reader(descriptor: int) -> asyncio.StreamReader:
    """A stream of the descriptor's bytes, up to its end. A thread reads it, because that works for
    pipes, files and terminals on every system, and an idle one does not keep the process alive."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()

    def pump() -> None:
        with suppress(RuntimeError):  # the loop has ended
            with suppress(OSError):
                while data := os.read(descriptor, _CHUNK_BYTES):
                    loop.call_soon_threadsafe(reader.feed_data, data)
            loop.call_soon_threadsafe(reader.feed_eof)

    threading.Thread(target=pump, daemon=True).start()
    return reader
