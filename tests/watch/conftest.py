"""`watch` on a clone, for real but with shorter waits, in a thread of this process."""

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Self

import pytest

from pinesync.app.project import Places, Setup
from pinesync.watch.events import Done, Event, Held, Notice, Trouble
from pinesync.watch.session import WatchOptions, watch
from tests.world import TREND_PATH, World

TIMEOUT = 60.0


@dataclass
class Watching:
    """The events of a session, in the order they came."""

    world: World
    events: list[Event] = field(default_factory=list)
    _news: queue.Queue[Event | BaseException] = field(default_factory=queue.Queue)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    press: Callable[[str], None] = lambda key: None
    settle: float = 180.0

    @property
    def setup(self) -> Setup:
        home = self.world.home / "pinesync"
        places = Places(home / "config", home / "state", home / "sandbox")
        return Setup(self.world.folder, places, settle_seconds=self.settle, **self._access())

    def start(self, **options: Any) -> Self:
        setup = self.setup
        chosen = WatchOptions(**{"poll": 3600.0, "min_interval": 0.0, **options})

        def listen_keys(press: Callable[[str], None]) -> None:
            self.press = press

        def run() -> None:
            try:
                for event in watch(
                    setup, chosen, should_stop=self._stop.is_set, listen_keys=listen_keys
                ):
                    self._news.put(event)
            except BaseException as error:
                self._news.put(error)

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        self.until(lambda event: event.event == "quiet")
        return self

    def _access(self) -> dict[str, Any]:
        import os

        if self.world.server is None:
            return {}
        return {"facade_url": self.world.server.url, "facade_cookie": os.environ["PINESYNC_COOKIE"]}

    def until(self, condition: Callable[[Any], bool]) -> Any:
        """The next event of that kind; earlier ones are in `events`."""
        while True:
            event = self._news.get(timeout=TIMEOUT)
            if isinstance(event, BaseException):
                raise event
            self.events.append(event)
            if condition(event):
                return event

    def until_quiet(self, seconds: float) -> None:
        """Wait until there was no event for that long."""
        while True:
            try:
                event = self._news.get(timeout=seconds)
            except queue.Empty:
                return
            if isinstance(event, BaseException):
                raise event
            self.events.append(event)

    def done(self, path: str = TREND_PATH) -> Any:
        """Return the next outcome for the script."""
        found = self.until(lambda e: isinstance(e, Done) and e.outcome.path == path)
        return found.outcome

    def saves(self, text: str, path: str = TREND_PATH) -> None:
        """Somebody saves the file, and it becomes a version."""
        self.world.write(text, path)
        assert self.done(path).done == "saved"

    def held(self) -> Held:
        found: Held = self.until(lambda event: isinstance(event, Held))
        return found

    def news(self, path: str = TREND_PATH) -> Notice:
        found: Notice = self.until(lambda event: isinstance(event, Notice) and event.path == path)
        return found

    def trouble(self) -> Trouble:
        found: Trouble = self.until(lambda event: isinstance(event, Trouble))
        return found

    def stop(self) -> list[Event]:
        """End the session and return all its events."""
        self._stop.set()
        self.press(" ")  # any key wakes it
        if self._thread and self._thread.is_alive():
            self._thread.join(TIMEOUT)
        while not self._news.empty():
            event = self._news.get()
            if isinstance(event, BaseException):
                raise event
            self.events.append(event)
        return self.events


@pytest.fixture
def watching(clone: World) -> Iterator[Watching]:
    """Not yet started."""
    session = Watching(clone)
    yield session
    session.stop()
