"""Output of `watch`: a line per event, and a status line on a terminal.

A check begins with `checking PATH` and ends with `watching: …`. Editors' background tasks match
these two lines (docs/guides/watch.md has the one for VS Code).
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from pinesync.cli.render import diagnostic_lines, echo_err, error_lines, out, styled
from pinesync.cli.status_line import draw, wipe
from pinesync.clock import wall
from pinesync.errors import EXIT_DONE
from pinesync.sync.outcome import Outcome
from pinesync.text.plural import pluralize, shorten_list
from pinesync.text.unicode import escape_controls
from pinesync.watch.events import (
    Began,
    Checking,
    Connected,
    Done,
    Ended,
    Event,
    Held,
    Idle,
    Notice,
    Trouble,
)

_MAX_NAMED = 5


class EventPrinter:
    """Prints events. With `status_line`, the last line of the terminal always shows the current
    status. With `keys`, somebody can press them."""

    def __init__(self, *, status_line: bool, keys: bool) -> None:
        self._status_line = status_line
        self._keys = keys
        self._last_hint = ""

    def print_event(self, event: Event) -> None:
        wipe()
        last_hint, self._last_hint = (
            self._last_hint,
            event.hint if isinstance(event, Notice) else "",
        )
        match event:
            case Began():
                self._print_started(event)
            case Checking():
                echo_err(f"{_time()}  checking  {escape_controls(event.path)}")
            case Done():
                _print_done(event)
            case Held():
                self._print_held(event)
            case Notice():
                echo_err(
                    f"{_time()}  {styled(event.word)}  {escape_controls(event.path)}: "
                    f"{_message(event)}"
                )
                _print_hint("" if event.hint == last_hint else event.hint)
            case Trouble():
                for line in error_lines(event.message, event.hint):
                    echo_err(line)
            case Connected():
                echo_err(f"{_time()}  connected")
            case Idle():
                self._print_idle(event)
            case Ended():
                echo_err("stopped")
        sys.stdout.flush()

    def restore_terminal(self) -> None:
        """Restore the terminal as the user expects it."""
        wipe()

    def _print_started(self, event: Began) -> None:
        account = f", account {escape_controls(event.account)}" if event.account else ""
        echo_err(
            f"watching {escape_controls(str(event.root))}: "
            f"{pluralize(event.scripts, 'script')}{account}"
        )
        if event.by_looking:
            echo_err("hint: no file events on this system: a save is found within a second")
        echo_err("Ctrl-C ends it")

    def _print_held(self, event: Held) -> None:
        named = escape_controls(shorten_list(event.paths, _MAX_NAMED))
        echo_err(f"{_time()}  held: {pluralize(len(event.paths), 'file')} {event.why}: {named}")
        press = "press p to send them, n to leave them; " if self._keys else ""
        _print_hint(f"{press}`pinesync push` sends them")

    def _print_idle(self, event: Idle) -> None:
        parts = ["connected" if event.connected else "not connected"]
        counts = ((event.waiting, "waiting"), (event.broken, "broken"), (event.left, "to decide"))
        parts += [f"{number} {what}" for number, what in counts if number]
        line = f"watching: {', '.join(parts)}"
        if self._status_line:
            draw(line)
        else:
            echo_err(line)


def _print_done(event: Done) -> None:
    outcome = event.outcome
    path, version = escape_controls(outcome.path), f" {outcome.version}" if outcome.version else ""
    if outcome.exit_code == EXIT_DONE:
        word = f"{styled(outcome.done)}{version}"
        out(f"{_time()}  {path}  {word}  {event.milliseconds} ms")
        if outcome.message:
            echo_err(f"  {escape_controls(outcome.message)}")
    else:
        echo_err(f"{_time()}  {path}: {escape_controls(outcome.message)}")
    _print_diagnostics(outcome)
    _print_hint(outcome.hint)


def _print_diagnostics(outcome: Outcome) -> None:
    for diagnostic in outcome.diagnostics:
        for line in diagnostic_lines(outcome.path, diagnostic, outcome.source):
            echo_err(line)


def _message(event: Notice) -> str:
    version = f" ({event.version})" if event.version else ""
    return escape_controls(event.message) + version


def _print_hint(hint: str) -> None:
    if hint:
        echo_err(f"  hint: {escape_controls(hint)}")


def _time() -> str:
    return datetime.fromtimestamp(wall(), UTC).astimezone().strftime("%H:%M:%S")
