"""How watching is told: a line for each event, and one line of standing on a terminal.

A check begins with `checking PATH` and ends with `watching: …`: for these two lines the background
task of an editor waits (the README has VS Code's).
"""

from __future__ import annotations

import shutil
import sys
from datetime import UTC, datetime

from pinesync.cli.render import counted, diagnostic_lines, error_lines, harmless, out, say, tinted
from pinesync.clock import wall
from pinesync.errors import EXIT_DONE
from pinesync.sync.outcome import Outcome
from pinesync.watch.events import (
    Began,
    Checking,
    Connected,
    Done,
    Ended,
    Event,
    Held,
    Quiet,
    Told,
    Trouble,
)

_MOST_NAMED = 5


class Screen:
    """Prints events. With `standing` the last line of the terminal always tells how things are;
    with `keys` there is somebody to press one."""

    def __init__(self, *, standing: bool, keys: bool) -> None:
        self._standing = standing
        self._keys = keys
        self._shown = ""

    def tell(self, event: Event) -> None:
        self._wipe()
        match event:
            case Began():
                self._began(event)
            case Checking():
                say(f"{_time()}  checking  {harmless(event.path)}")
            case Done():
                _done(event)
            case Held():
                self._held(event)
            case Told():
                say(f"{_time()}  {tinted(event.word)}  {harmless(event.path)}: {_message(event)}")
                _hint(event.hint)
            case Trouble():
                for line in error_lines(event.message, event.hint):
                    say(line)
            case Connected():
                say(f"{_time()}  connected")
            case Quiet():
                self._quiet(event)
            case Ended():
                say("stopped")
        sys.stdout.flush()

    def leave(self) -> None:
        """The terminal as a person expects it."""
        self._wipe()

    def _began(self, event: Began) -> None:
        whose = f", account {harmless(event.account)}" if event.account else ""
        say(f"watching {harmless(str(event.root))}: {counted(event.scripts, 'script')}{whose}")
        if event.by_looking:
            say("hint: this system tells of no changes here: a save is found within a second")
        say("Ctrl-C ends it")

    def _held(self, event: Held) -> None:
        named = ", ".join(harmless(path) for path in event.paths[:_MOST_NAMED])
        more = len(event.paths) - _MOST_NAMED
        named += f" and {more} more" if more > 0 else ""
        say(f"{_time()}  held: {counted(len(event.paths), 'file')}, {event.why}: {named}")
        press = "press p to send, n to leave; " if self._keys else ""
        _hint(f"{press}`pinesync push` sends what is held")

    def _quiet(self, event: Quiet) -> None:
        parts = ["connected" if event.connected else "not connected"]
        counts = ((event.waiting, "waiting"), (event.broken, "broken"), (event.left, "to decide"))
        parts += [f"{number} {what}" for number, what in counts if number]
        line = f"watching: {', '.join(parts)}"
        if self._standing:
            self._shown = line[: max(10, shutil.get_terminal_size().columns - 1)]
            sys.stderr.write(self._shown)
            sys.stderr.flush()
        else:
            say(line)

    def _wipe(self) -> None:
        if self._shown:
            sys.stderr.write("\r" + " " * len(self._shown) + "\r")
            sys.stderr.flush()
            self._shown = ""


def _done(event: Done) -> None:
    outcome = event.outcome
    path, version = harmless(outcome.path), f" {outcome.version}" if outcome.version else ""
    if outcome.exit_code == EXIT_DONE:
        word = f"{tinted(outcome.done)}{version}"
        out(f"{_time()}  {path}  {word}  {event.milliseconds} ms")
        if outcome.message:
            say(f"  {harmless(outcome.message)}")
    else:
        say(f"{_time()}  {path}: {harmless(outcome.message)}")
    _findings(outcome)
    _hint(outcome.hint)


def _findings(outcome: Outcome) -> None:
    for diagnostic in outcome.diagnostics:
        for line in diagnostic_lines(outcome.path, diagnostic, outcome.source):
            say(line)


def _message(event: Told) -> str:
    version = f" ({event.version})" if event.version else ""
    return harmless(event.message) + version


def _hint(hint: str) -> None:
    if hint:
        say(f"  hint: {harmless(hint)}")


def _time() -> str:
    return datetime.fromtimestamp(wall(), UTC).astimezone().strftime("%H:%M:%S")
