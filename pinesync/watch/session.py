"""`watch`: what somebody saves in an editor is the newest version on TradingView a moment later.

Events are hints, a look is the truth: whatever they said or failed to say, a file is read and
compared before anything is done about it. What is done is the push and the pull of everyday, each
with the workspace's lock for as long as it takes, so that both can be used beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pinesync.app.project import Project, Setup, open_project
from pinesync.clock import since_boot
from pinesync.errors import PinesyncError
from pinesync.model import RelPath
from pinesync.watch.debouncer import Eyes
from pinesync.watch.events import Began, Ended, Event, Idle
from pinesync.watch.files import AGAIN_SECONDS, Files, Found
from pinesync.watch.remote_changes import Beyond, bringable
from pinesync.watch.uploader import Uploader

if TYPE_CHECKING:
    from pinesync.workspace.file_events import FileEvents

POLL_SECONDS = 30.0
FEWEST_POLL_SECONDS = 10.0
APART_SECONDS = 2.0
_SOON_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Wishes:
    """`bring` pulls what was saved on TradingView, `many` sends any number of files that change at
    once; `poll` seconds lie between two looks at the service, `apart` between two versions of
    one script."""

    bring: bool = False
    many: bool = False
    poll: float = POLL_SECONDS
    apart: float = APART_SECONDS


def watch(
    setup: Setup,
    wishes: Wishes,
    *,
    ends: Callable[[], bool] = lambda: False,
    hear: Callable[[Callable[[str], None]], None] | None = None,
) -> Iterator[Event]:
    """Watch the workspace until `ends` says so, or an interrupt comes. `hear` is given what to
    call when a key is pressed: p and y send what is held, n lets go of it. Misuse, ManifestError
    where there is nothing to watch, Locked where another process does."""
    from pinesync.workspace.file_events import FileEvents

    project = open_project(setup)
    with project.workspace.log.watching():
        hints = FileEvents(project.workspace.root)
        if hear:
            hear(hints.press)
        try:
            yield from _Watch(project, wishes, hints).events(ends)
        finally:
            hints.close()


class _Watch:
    """One session of watching."""

    def __init__(self, project: Project, wishes: Wishes, hints: FileEvents) -> None:
        folder = project.workspace
        self._project = project
        self._wishes = wishes
        self._hints = hints
        self._files = Files(folder, since_boot, many=wishes.many)
        self._eyes = Eyes(hints, since_boot, folder.tree.stats, self._files.heard)
        # Not only where the eyes take it: meanwhile a save may be sent, and git at work.
        hints.heard = lambda path: self._files.heard([RelPath(path)], in_order=True)
        self._sending = Uploader(
            project,
            since_boot,
            wishes.apart,
            dealt_with=self._files.handled,
            look_again=lambda path, seconds: self._eyes.look_again([path], seconds),
        )
        self._beyond = Beyond()
        self._polled = float("-inf")
        self._quiet: Idle | None = None

    def events(self, ends: Callable[[], bool]) -> Iterator[Event]:
        settings = self._project.settings
        scripts = len(self._project.workspace.manifest.entries())
        self._sending.sign_in()
        by_looking = not self._hints.works
        root = self._project.workspace.root
        yield Began(root, settings.remote, settings.account, scripts, by_looking)
        if held := self._files.begin():
            yield held
        while self._sending.waits or not ends():
            try:
                yield from self._turn()
            except KeyboardInterrupt:
                if self._sending.under_way:
                    raise
                break
        yield Ended()

    def _turn(self) -> Iterator[Event]:
        """Wait for something to look at, and deal with it; what stops that is told."""
        try:
            yield from self._looked()
        except PinesyncError as error:
            if not self._project.workspace.root.is_dir():
                raise
            self._eyes.rest()
            self._quiet = None
            yield from self._sending.troubled(error)

    def _looked(self) -> Iterator[Event]:
        """What a look found and led to; then how things are."""
        for event in self._news():
            self._quiet = None
            yield event
        if self._eyes.idle and not self._sending.waits:
            yield from self._at_rest()

    def _news(self) -> Iterator[Event]:
        until_poll = max(0.0, self._polled + self._wishes.poll - since_boot())
        paths, keys = self._eyes.due(0.0 if self._sending.waits else until_poll)
        if {"p", "y"} & set(keys):
            self._sending.resume()
        if {"p", "y", "n"} & set(keys):
            yield from self._dealt(self._files.released(send="n" not in keys))
        if paths or (self._eyes.idle and self._files.git_moved()):
            yield from self._dealt(self._looked_at(paths))
        sends = self._sending.waits
        yield from self._sending.send()
        poll = since_boot() - self._polled >= self._wishes.poll and not self._sending.paused
        if poll and self._eyes.idle and not (paths or sends):  # a save that waited goes first
            self._polled = since_boot()
            yield from self._poll()

    def _looked_at(self, paths: frozenset[RelPath]) -> Found:
        """What could not be looked at is not forgotten."""
        try:
            return self._files.look(paths)
        except PinesyncError:
            self._eyes.look_again(paths, AGAIN_SECONDS)
            raise

    def _dealt(self, found: Found) -> Iterator[Event]:
        self._eyes.look_again(found.again, AGAIN_SECONDS)
        self._eyes.look_again(found.soon, _SOON_SECONDS)
        for path in found.settled:
            self._sending.settled(path)
        yield from found.told
        self._sending.add(found.saved)

    def _poll(self) -> Iterator[Event]:
        """What was saved there: brought, where that is wanted and touches no edit, else told. What
        an earlier run did not finish comes first."""
        yield from self._sending.recovered()
        for seen in self._sending.words():
            if not isinstance(seen, tuple):
                yield seen
                continue
            paths = bringable(seen) if self._wishes.bring else []
            yield from self._beyond.news([line for line in seen if line.path not in paths])
            if paths:
                yield from self._sending.bring(paths)

    def _at_rest(self) -> Iterator[Event]:
        """Told after anything else, and whenever something of it changes."""
        waiting = self._files.waiting() + len(self._sending.failing)
        broken = len(self._sending.broken)
        quiet = Idle(waiting, self._beyond.left, broken, self._sending.connected)
        if quiet != self._quiet:
            self._quiet = quiet
            yield quiet
