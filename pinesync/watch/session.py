"""`watch`: a save in the editor becomes the newest version on TradingView a moment later.

File events are only hints: `watch` reads and compares a file before it acts. It uses the ordinary
push and pull, which hold the workspace lock only while they run, so you can push and pull while
`watch` runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pinesync.app.project import Project, Setup, open_project
from pinesync.clock import since_boot
from pinesync.errors import PinesyncError
from pinesync.model import RelPath
from pinesync.watch.debouncer import Debouncer
from pinesync.watch.events import Began, Ended, Event, Idle
from pinesync.watch.files import RECHECK_SECONDS, Files, ScanResult
from pinesync.watch.remote_changes import RemoteChanges, pullable
from pinesync.watch.uploader import Uploader

if TYPE_CHECKING:
    from pinesync.workspace.file_events import FileEvents

POLL_SECONDS = 30.0
MIN_VERSION_SECONDS = 2.0
_SOON_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """Options. `pull` pulls changes from TradingView. `allow_many` sends any number of files that
    change at once. `poll` is the number of seconds between two polls of the service, `min_interval`
    the minimum between two versions of one script."""

    pull: bool = False
    allow_many: bool = False
    poll: float = POLL_SECONDS
    min_interval: float = MIN_VERSION_SECONDS


def watch(
    setup: Setup,
    options: WatchOptions,
    *,
    should_stop: Callable[[], bool] = lambda: False,
    listen_keys: Callable[[Callable[[str], None]], None] | None = None,
) -> Iterator[Event]:
    """Watch the workspace until `should_stop` returns True, or until an interrupt. `listen_keys`
    receives the function to call with each key pressed: p and y send the held files, n leaves them
    for `pinesync push`. Raises Misuse or ManifestError if there is nothing to watch, Locked if
    another process watches already."""
    from pinesync.workspace.file_events import FileEvents

    project = open_project(setup)
    with project.workspace.log.watching():
        file_events = FileEvents(project.workspace.root)
        if listen_keys:
            listen_keys(file_events.press)
        try:
            yield from _Watch(project, options, file_events).events(should_stop)
        finally:
            file_events.close()


class _Watch:
    """One session of watching."""

    def __init__(self, project: Project, options: WatchOptions, file_events: FileEvents) -> None:
        workspace = project.workspace
        self._project = project
        self._options = options
        self._file_events = file_events
        self._files = Files(workspace, since_boot, allow_many=options.allow_many)
        self._debouncer = Debouncer(
            file_events, since_boot, workspace.tree.stats, self._files.note_changes
        )
        # Events also arrive during an upload, when nobody reads the queue and git may be running.
        file_events.on_change = lambda path: self._files.note_changes(
            [RelPath(path)], in_order=True
        )
        self._uploader = Uploader(
            project,
            since_boot,
            options.min_interval,
            on_handled=self._files.handled,
            schedule=lambda path, seconds: self._debouncer.schedule([path], seconds),
        )
        self._remote_changes = RemoteChanges()
        self._last_poll = float("-inf")
        self._last_idle: Idle | None = None

    def events(self, should_stop: Callable[[], bool]) -> Iterator[Event]:
        settings = self._project.settings
        scripts = len(self._project.workspace.manifest.entries())
        self._uploader.sign_in()
        polls_files = not self._file_events.works
        root = self._project.workspace.root
        yield Began(root, settings.remote, settings.account, scripts, polls_files)
        if event := self._files.begin():
            yield event
        while self._uploader.has_queued or not should_stop():
            try:
                yield from self._run_step()
            except KeyboardInterrupt:
                if self._uploader.is_writing:
                    raise
                break
        yield Ended()

    def _run_step(self) -> Iterator[Event]:
        """Wait for a change and handle it. Report an error and go on."""
        try:
            yield from self._step()
        except PinesyncError as error:
            if not self._project.workspace.root.is_dir():
                raise
            self._debouncer.postpone_poll()
            self._last_idle = None
            yield from self._uploader.report_error(error)

    def _step(self) -> Iterator[Event]:
        """Handle what is due; report the overall state once nothing is left."""
        for event in self._handle_due():
            self._last_idle = None
            yield event
        if self._debouncer.idle and not self._uploader.has_queued:
            yield from self._report_idle()

    def _handle_due(self) -> Iterator[Event]:
        until_poll = max(0.0, self._last_poll + self._options.poll - since_boot())
        paths, keys = self._debouncer.due(0.0 if self._uploader.has_queued else until_poll)
        if {"p", "y"} & set(keys):
            self._uploader.resume()
        if {"p", "y", "n"} & set(keys):
            yield from self._handle(self._files.release(send="n" not in keys))
        if paths or (self._debouncer.idle and self._files.git_ran()):
            yield from self._handle(self._read(paths))
        sends = self._uploader.has_queued
        yield from self._uploader.send()
        poll = since_boot() - self._last_poll >= self._options.poll and not self._uploader.paused
        if poll and self._debouncer.idle and not (paths or sends):  # a save that waited goes first
            self._last_poll = since_boot()
            yield from self._poll()

    def _read(self, paths: frozenset[RelPath]) -> ScanResult:
        """Read the files. If that fails, read them again later."""
        try:
            return self._files.scan(paths)
        except PinesyncError:
            self._debouncer.schedule(paths, RECHECK_SECONDS)
            raise

    def _handle(self, scan: ScanResult) -> Iterator[Event]:
        self._debouncer.schedule(scan.recheck, RECHECK_SECONDS)
        self._debouncer.schedule(scan.recheck_soon, _SOON_SECONDS)
        for path in scan.settled:
            self._uploader.settled(path)
        yield from scan.events
        self._uploader.add(scan.saved)

    def _poll(self) -> Iterator[Event]:
        """Finish what an earlier run began. Then poll the service: pull its changes if `pull` is
        set and no edit is touched, else report them."""
        yield from self._uploader.recover()
        for item in self._uploader.poll_status():
            if not isinstance(item, tuple):
                yield item
                continue
            paths = pullable(item) if self._options.pull else []
            yield from self._remote_changes.report_new(
                [line for line in item if line.path not in paths]
            )
            if paths:
                yield from self._uploader.pull(paths)

    def _report_idle(self) -> Iterator[Event]:
        """Report the overall state after other events, and whenever it changes."""
        unsent = self._files.held_count() + len(self._uploader.failing)
        broken = len(self._uploader.broken)
        idle = Idle(unsent, self._remote_changes.left, broken, self._uploader.connected)
        if idle != self._last_idle:
            self._last_idle = idle
            yield idle
