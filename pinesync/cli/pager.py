"""Long results on a terminal go through a pager, as git's do: GIT_PAGER, PAGER, else less.

`core.pager` is not read: a repository may hold it, and no program that a repository names is run.
"""

from __future__ import annotations

import io
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress

from pinesync.cli.options import current

# As git has it: quit where all fits on the screen, let colours through, leave the screen as it is.
_USUAL = {"LESS": "FRX", "LV": "-c"}


@contextmanager
def paged() -> Iterator[None]:
    """What is printed in here on a terminal is shown by the pager at the end; elsewhere, and with
    --json, it is printed as ever. A pager that cannot be started hides nothing."""
    command = _pager() if sys.stdout.isatty() and not current().json else []
    if not command:
        yield
        return
    held = _Held()
    try:
        with redirect_stdout(held):
            yield
    finally:
        if text := held.getvalue():
            _show(command, text)


class _Held(io.StringIO):
    """Keeps what is printed, and is still a terminal to whoever asks."""

    def isatty(self) -> bool:
        return True


def _show(command: list[str], text: str) -> None:
    try:
        started = subprocess.Popen(command, stdin=subprocess.PIPE, env={**_USUAL, **os.environ})
    except OSError:
        sys.stdout.write(text)
        return
    # Ctrl-C is the pager's while it is there; it ends with q.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with suppress(BrokenPipeError):
            started.communicate(text.encode(errors="backslashreplace"))
        started.wait()
    finally:
        signal.signal(signal.SIGINT, before)


def _pager() -> list[str]:
    """The person's pager, word by word, as no shell reads it; empty where there is to be none."""
    if os.environ.get("TERM", "dumb") == "dumb":
        return []
    asked = os.environ.get("GIT_PAGER", os.environ.get("PAGER", "less"))
    try:
        words = shlex.split(asked)
    except ValueError:
        return []
    return [] if words == ["cat"] else words
