"""Run blocking work off the event loop: nothing that an editor sends waits for it."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable, Hashable
from contextlib import suppress
from typing import TypeVar

from pinesync.errors import PinesyncError

T = TypeVar("T")

_PIECE = 65536


async def aside(act: Callable[[], T]) -> T:
    """What `act` returns or raises, from a thread that keeps no process from ending."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def tell(result: T | None, error: Exception | None) -> None:
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
            loop.call_soon_threadsafe(tell, result, failure)

    threading.Thread(target=run, daemon=True).start()
    return await done


class Newest:
    """One act at a time for each key. Of those that are asked for meanwhile, the newest is next
    and the others are not done at all."""

    def __init__(self) -> None:
        self._under_way: set[Hashable] = set()
        self._next: dict[Hashable, Callable[[], Awaitable[None]]] = {}

    async def do(self, key: Hashable, act: Callable[[], Awaitable[None]]) -> bool:
        """Whether nothing is left to do for the key; False where whoever is at it does that.
        PinesyncError of the last act."""
        self._next[key] = act
        if key in self._under_way:
            return False
        self._under_way.add(key)
        try:
            while key in self._next:
                try:
                    await self._next.pop(key)()
                except PinesyncError:
                    if key not in self._next:
                        raise
        finally:
            self._under_way.discard(key)
        return True

    def forget(self, key: Hashable) -> None:
        """What is not under way yet is not done."""
        self._next.pop(key, None)


def listening(descriptor: int) -> asyncio.StreamReader:
    """What comes through the descriptor, to its end. Read in a thread: a pipe, a file and a
    terminal are the same on every system, and none that says nothing keeps the process alive."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()

    def pump() -> None:
        with suppress(RuntimeError):  # the loop has ended
            with suppress(OSError):
                while data := os.read(descriptor, _PIECE):
                    loop.call_soon_threadsafe(reader.feed_data, data)
            loop.call_soon_threadsafe(reader.feed_eof)

    threading.Thread(target=pump, daemon=True).start()
    return reader
