"""Send saved files: one push for all that are due, and a minimum time between two of one script."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from pinesync.app.project import Project, reopen
from pinesync.app.sync.pull import pull
from pinesync.app.sync.push import push
from pinesync.app.sync.status import Line, status
from pinesync.errors import EXIT_COMPILE, EXIT_LATER, Locked, NoAccess, PinesyncError
from pinesync.model import Digest, RelPath
from pinesync.sync.outcome import Outcome, Run
from pinesync.watch.events import Checking, Connected, Done, Event, Trouble

if TYPE_CHECKING:
    from pinesync.tradingview.client import PineClient

_RETRY_SECONDS = (2.0, 5.0, 15.0, 30.0, 60.0)
"""The delay after the first, second, … failed upload of a script."""
_SIGN_IN_POLL_SECONDS = 1.0
"""How often to look for a new cookie."""
BATCH_SECONDS = 2.0
"""About how long one push may take, and so how long a file saved during it has to wait."""
_FIRST_BATCH, _MAX_IN_BATCH = 8, 200


class Uploader:
    """Push and pull with one open client. `min_interval` is the minimum number of seconds between
    two versions of a script. `on_handled` is called with each text that need not be sent again,
    `schedule` with a path and the seconds until its next scan. `failing` counts the failures of
    each script that could not be sent; `broken` holds those that do not compile."""

    def __init__(
        self,
        project: Project,
        clock: Callable[[], float],
        min_interval: float,
        on_handled: Callable[[RelPath, Digest], None],
        schedule: Callable[[RelPath, float], None],
    ) -> None:
        self._setup = replace(project.setup, cwd=project.workspace.root, progress=None)
        self._workspace = project.workspace
        self._clock = clock
        self._min_interval = min_interval
        self._remote: PineClient | None = None
        self._not_before: dict[RelPath, float] = {}
        self._trouble: str | None = None
        self._refused_with: object = None
        self.failing: dict[RelPath, int] = {}
        self.broken: set[RelPath] = set()
        self._overtaken: set[RelPath] = set()
        self._failed_with: dict[RelPath, str] = {}
        self._pending: set[RelPath] = set()
        self._queue: dict[RelPath, Digest] = {}
        self._batch_size = _FIRST_BATCH
        self.connected = False
        self.is_writing = False
        self._on_handled = on_handled
        self._schedule = schedule

    def add(self, saves: Iterable[tuple[RelPath, Digest]]) -> None:
        """Queue these texts ahead of those already queued."""
        new = dict(saves)
        self._queue = new | {path: text for path, text in self._queue.items() if path not in new}

    @property
    def has_queued(self) -> bool:
        """Whether texts are queued."""
        return bool(self._queue)

    def send(self) -> Iterator[Event]:
        """Push the next batch of the queue. Scripts that were sent too recently are looked at again
        later."""
        due = {
            path: text for path, text in self._take_batch().items() if not self._is_too_early(path)
        }
        with suppress(PinesyncError):  # the push reports errors in pine.toml
            listed = self._workspace.manifest.entries()
            for path in due.keys() - listed.keys():  # removed or moved since it was saved
                del due[path]
                self.settled(path)
        if not due:
            return
        for path in due:
            yield Checking(path)
        began = self._clock()
        self._not_before |= dict.fromkeys(due, began + self._min_interval)
        try:
            with self._writing():
                run = push(self._setup, list(due), seen=due, project=self._project())
        except PinesyncError as error:
            for path in due:
                self._schedule_retry(path)
            yield from self.report_error(error)
            return
        self._adjust_batch(len(due), self._clock() - began)
        self._pending -= due.keys()
        yield from self._report(run, began)
        for path, text in due.items():
            self._conclude(path, text, run)

    def _take_batch(self) -> dict[RelPath, Digest]:
        """Take the texts for one push. Scripts that failed before come last, one at a time: if one
        hangs again, it delays only those behind it."""
        order = sorted(self._queue, key=self.failing.__contains__)
        sound = [path for path in order[: self._batch_size] if path not in self.failing]
        return {path: self._queue.pop(path) for path in sound or order[:1]}

    def _is_too_early(self, path: RelPath) -> bool:
        """Whether it is too early to send the script. If so, schedule another look."""
        wait = self._not_before.get(path, 0.0) - self._clock()
        if self.paused:
            self.failing.setdefault(path, 1)
            wait = _SIGN_IN_POLL_SECONDS
        if wait > 0:
            self._schedule(path, wait)
        return wait > 0

    def _adjust_batch(self, count: int, seconds: float) -> None:
        """Set the size of the next batch, after a push of `count` scripts took `seconds`."""
        fits = int(count * BATCH_SECONDS / max(seconds, 0.001))
        self._batch_size = max(1, min(fits, 2 * self._batch_size, _MAX_IN_BATCH))

    def _conclude(self, path: RelPath, text: Digest, run: Run) -> None:
        """Update the state of one script after its push."""
        # A recovered outcome belongs to an earlier save, not to this text.
        outcomes = [o for o in run.outcomes if o.path == path and o.done != "recovered"]
        if run.stopped and not any(outcome.exit_code != EXIT_LATER for outcome in outcomes):
            self._schedule_retry(path)
        elif any(outcome.done == "skipped" for outcome in outcomes):
            # The file changed again: send the new text at once, but only the first time in a row.
            if path not in self._overtaken:
                self._not_before.pop(path)
            self._overtaken.add(path)
            self._schedule(path, 0.0)
        elif any(o.exit_code == EXIT_LATER or self._was_not_sent(o, text) for o in outcomes):
            self._schedule_retry(path)
        else:
            self.settled(path)
            self._on_handled(path, text)
            if any(outcome.exit_code == EXIT_COMPILE for outcome in outcomes):
                self.broken.add(path)

    def _was_not_sent(self, outcome: Outcome, digest: Digest) -> bool:
        """Whether it failed locally (such as a full disk), or before anything was sent. A text that
        the service refused is not sent again until the next save."""
        return outcome.done == "failed" and not any(
            (record.state, record.path, record.digest) == ("abandoned", outcome.path, digest)
            for record in self._project().workspace.log.intents()
        )

    @property
    def paused(self) -> bool:
        """Whether the service refused the session. Nothing is sent until the cookie changes or a
        person presses a key."""
        if self._refused_with is None or self._refused_with != self._sign_in_state():
            self._refused_with = None
            return False
        return True

    def resume(self) -> None:
        self._refused_with = None

    def _sign_in_state(self) -> object:
        from pinesync.tradingview import signins

        return signins.fingerprint(self._setup.places.config)

    def settled(self, path: RelPath) -> None:
        """Forget the script's failures: nothing is left to do for it."""
        self._queue.pop(path, None)
        self.failing.pop(path, None)
        self.broken.discard(path)
        self._overtaken.discard(path)
        self._failed_with.pop(path, None)

    def sign_in(self) -> None:
        """Open the client. Raises NotSignedIn, ActionRequired."""
        self._project()

    def recover(self) -> Iterator[Event]:
        """Settle what an earlier run left open, if anything."""
        project = self._project()
        if not any(record.is_open for record in project.workspace.log.intents()):
            return
        began = self._clock()
        try:
            with self._writing(), project.transaction("watch", online=True) as tx:
                settled = tx.recovered
        except Locked:
            return  # the process that holds the lock recovers first
        yield from self._report(Run(settled), began)

    def poll_status(self) -> Iterator[Event | tuple[Line, ...]]:
        """Poll TradingView once; yield the lines of `status` last."""
        seen = status(self._setup, project=self._project())
        yield from self._mark_connected()
        yield seen.lines

    def pull(self, paths: list[RelPath]) -> Iterator[Event]:
        """Pull these scripts; they have no local edits."""
        began = self._clock()
        with self._writing():
            run = pull(self._setup, paths, merge=False, project=self._project())
        yield from self._report(run, began)

    def report_error(self, error: PinesyncError) -> Iterator[Event]:
        """Report the error once, until the service responds again."""
        if isinstance(error, NoAccess):
            self._refused_with = self._sign_in_state()
            if self._remote:
                self._remote.close()
                self._remote = None
        if self._trouble != error.message:
            self._trouble = error.message
            self.connected = False
            yield Trouble(error.message, error.hint, error.exit_code)

    def _report(self, run: Run, began: float) -> Iterator[Event]:
        milliseconds = round((self._clock() - began) * 1000)
        # Every push reports the saves that are still pending: report each of them once.
        before, self._pending = self._pending, set()
        for outcome in run.outcomes:
            if outcome.done == "pending":
                self._pending.add(outcome.path)
            is_repeated = outcome.path in before & self._pending or self._was_reported(outcome)
            if outcome.done != "skipped" and not is_repeated:
                yield Done(outcome, milliseconds)
        yield from self.report_error(run.stopped) if run.stopped else self._mark_connected()

    def _was_reported(self, outcome: Outcome) -> bool:
        """Whether the same failure of the script was reported before."""
        if outcome.done != "failed":
            return False
        before = self._failed_with.get(outcome.path)
        self._failed_with[outcome.path] = outcome.message
        return before == outcome.message

    def _mark_connected(self) -> Iterator[Event]:
        self._trouble = None
        if not self.connected:
            self.connected = True
            yield Connected()

    def _schedule_retry(self, path: RelPath) -> None:
        """Schedule a retry after a growing delay. Another save does not shorten it."""
        times = self.failing.get(path, 0)
        self.failing[path] = times + 1
        seconds = _RETRY_SECONDS[min(times, len(_RETRY_SECONDS) - 1)]
        self._not_before[path] = self._clock() + seconds
        self._schedule(path, seconds)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Mark a write as running: after an interrupt in here, the next command has to recover."""
        self.is_writing = True
        try:
            yield
        except PinesyncError:
            self.is_writing = False
            raise
        self.is_writing = False

    def _project(self) -> Project:
        """The workspace with fresh state, and the one shared client."""
        project = reopen(self._setup, self._workspace)
        if self._remote is None:
            self._remote = project.remote()
        return replace(project, client=self._remote)
