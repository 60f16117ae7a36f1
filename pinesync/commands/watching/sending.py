"""Sending what was saved: one script at a time, each no more often than it may be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from pinesync.commands.project import Setup, open_project
from pinesync.commands.pull import pull
from pinesync.commands.push import push
from pinesync.commands.running import Run
from pinesync.commands.status import Line, status
from pinesync.commands.watching.events import Checking, Connected, Done, Event, Trouble
from pinesync.errors import EXIT_COMPILE, EXIT_LATER, NoAccess, PinesyncError
from pinesync.model import Digest, RelPath

if TYPE_CHECKING:
    from pinesync.remote.client import PineClient

_LATER_SECONDS = (2.0, 5.0, 15.0, 30.0, 60.0)
"""After the first, second … failure of a script's upload."""


class Sending:
    """Push and pull with one open client. `apart` seconds lie between two versions of a script;
    `dealt_with` is told what need not be sent again, `look_again` what has to be looked at in so
    many seconds. `failing` are the scripts that could not be sent, and how often; `broken` those
    that do not compile."""

    def __init__(
        self,
        setup: Setup,
        clock: Callable[[], float],
        apart: float,
        dealt_with: Callable[[RelPath, Digest], None],
        look_again: Callable[[RelPath, float], None],
    ) -> None:
        self._setup = replace(setup, progress=None)
        self._clock = clock
        self._apart = apart
        self._remote: PineClient | None = None
        self._not_before: dict[RelPath, float] = {}
        self._trouble: str | None = None
        self.failing: dict[RelPath, int] = {}
        self.broken: set[RelPath] = set()
        self.connected = False
        self.under_way = False
        self._dealt_with = dealt_with
        self._look_again = look_again

    def save(self, path: RelPath, digest: Digest) -> Iterator[Event]:
        """Push this text of the one script; later, where it is too early for that."""
        wait = self._not_before.get(path, 0.0) - self._clock()
        if wait > 0:
            self._look_again(path, wait)
            return
        yield Checking(path)
        began = self._clock()
        self._not_before[path] = began + self._apart
        try:
            with self._under_way():
                run = push(self._setup, [path], seen={path: digest}, remote=self._client())
        except PinesyncError as error:
            self._fail(path)
            yield from self.troubled(error)
            return
        yield from self._told(run, began)
        if run.stopped:
            self._fail(path)
            return
        own = [outcome for outcome in run.outcomes if outcome.path == path]
        if any(outcome.done == "skipped" for outcome in own):
            self._not_before.pop(path)
            self._look_again(path, 0.0)
        elif any(outcome.exit_code == EXIT_LATER for outcome in own):
            self._fail(path)
        else:
            self.settled(path)
            self._dealt_with(path, digest)
            if any(outcome.exit_code == EXIT_COMPILE for outcome in own):
                self.broken.add(path)

    def settled(self, path: RelPath) -> None:
        """Nothing is left to do for the script, and nothing is wrong with it."""
        self.failing.pop(path, None)
        self.broken.discard(path)

    def words(self) -> Iterator[Event | tuple[Line, ...]]:
        """One look at TradingView: at the end the lines of `status`."""
        seen = status(self._setup, remote=self._client())
        yield from self._reached()
        yield seen.lines

    def bring(self, paths: list[RelPath]) -> Iterator[Event]:
        """Pull the scripts, which nobody edited here."""
        began = self._clock()
        with self._under_way():
            run = pull(self._setup, paths, merge=False, remote=self._client())
        yield from self._told(run, began)

    def troubled(self, error: PinesyncError) -> Iterator[Event]:
        """Told once, until it is over. By the next time another cookie may be kept."""
        if isinstance(error, NoAccess) and self._remote:
            self._remote.close()
            self._remote = None
        if self._trouble != error.message:
            self._trouble = error.message
            self.connected = False
            yield Trouble(error.message, error.hint, error.exit_code)

    def _told(self, run: Run, began: float) -> Iterator[Event]:
        milliseconds = round((self._clock() - began) * 1000)
        for outcome in run.outcomes:
            if outcome.done != "skipped":
                yield Done(outcome, milliseconds)
        yield from self.troubled(run.stopped) if run.stopped else self._reached()

    def _reached(self) -> Iterator[Event]:
        self._trouble = None
        if not self.connected:
            self.connected = True
            yield Connected()

    def _fail(self, path: RelPath) -> None:
        """It is tried again, each time later; another save does not hurry it."""
        times = self.failing.get(path, 0)
        self.failing[path] = times + 1
        seconds = _LATER_SECONDS[min(times, len(_LATER_SECONDS) - 1)]
        self._not_before[path] = self._clock() + seconds
        self._look_again(path, seconds)

    @contextmanager
    def _under_way(self) -> Iterator[None]:
        """An interrupt in here leaves something to be finished by the next command."""
        self.under_way = True
        yield
        self.under_way = False

    def _client(self) -> PineClient:
        if self._remote is None:
            self._remote = open_project(self._setup).remote()
        return self._remote
