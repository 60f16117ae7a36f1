"""Progress on the terminal's last line: a bar while many reads run, and after a second what is
waited for. -vv prints a line per request instead."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from pinesync.cli.options import current
from pinesync.cli.render import echo_err
from pinesync.cli.status_line import draw
from pinesync.clock import monotonic
from pinesync.text.unicode import escape_controls

if TYPE_CHECKING:
    from pinesync.tradingview.http import Exchange

_WIDTH = 24
_WORTH_IT = 8
_SECONDS = 1.0
"""A command that takes longer than this says what it waits for."""
_TICK = 0.25


class TerminalProgress:
    """Draws the progress of one command. Requests report from any thread."""

    def __init__(self) -> None:
        self._began = monotonic()
        self._bar = ""
        self._waits: list[tuple[float, str]] = []
        self._lock = Lock()
        self._ticking = False

    def __call__(self, done: int, total: int) -> None:
        """Show that `done` of `total` reads have finished. The bar disappears with the last one."""
        with self._lock:
            filled = _WIDTH * done // total
            bar = f"[{'#' * filled}{'.' * (_WIDTH - filled)}] {done}/{total}"
            self._bar = bar if _WORTH_IT <= total > done else ""
            self._draw()

    @contextmanager
    def awaiting(self, what: str) -> Iterator[None]:
        """While the block runs, the command waits for `what`."""
        wait = monotonic(), what
        with self._lock:
            self._waits.append(wait)
            if not self._ticking:
                self._ticking = True
                Thread(target=self._tick, daemon=True).start()
            self._draw()
        try:
            yield
        finally:
            with self._lock:
                self._waits.remove(wait)
                self._draw()

    def _tick(self) -> None:
        never = Event()
        while not never.wait(_TICK):
            with self._lock:
                self._draw()

    def _draw(self) -> None:
        now, waits = monotonic(), ""
        if self._waits and now - self._began > _SECONDS:
            since, what = min(self._waits)
            waits = f"waiting for {what}"
            if (seconds := math.floor(now - since)) > 0:
                waits += f" ({seconds} s)"
        draw("  ".join(filter(None, (self._bar, waits))))


def progress() -> TerminalProgress | None:
    """None in a pipe, with --json, and on a terminal that redraws nothing. -vv prints lines of its
    own."""
    shared = current()
    plain = shared.json or shared.verbose > 1 or os.environ.get("TERM") == "dumb"
    return TerminalProgress() if sys.stderr.isatty() and not plain else None


def show_wait(seconds: float) -> None:
    echo_err(f"TradingView limits the number of requests: waiting {math.ceil(seconds)} s")


def print_exchange(seen: Exchange) -> None:
    """Print one line per request and response, without headers and sources."""
    answered = "no response" if seen.status is None else f"{seen.status}, {seen.size} bytes"
    milliseconds = round(seen.seconds * 1000)
    echo_err(escape_controls(f"{seen.method} {seen.target}: {answered}, {milliseconds} ms"))
