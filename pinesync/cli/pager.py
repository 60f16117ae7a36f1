"""Page long results on a terminal, as git does: GIT_PAGER, PAGER, else less.

`core.pager` is not read: a repository may set it, and pinesync never runs a program that a
repository names.
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

# As git sets it: quit if the output fits one screen, pass colors through, keep the screen.
_USUAL = {"LESS": "FRX", "LV": "-c"}


@contextmanager
def paged() -> Iterator[None]:
    """Page what the block prints, once it ends. Without a terminal, or with --json, print directly.
    If the pager cannot start, print everything."""
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
    """Buffers what is printed and still reports itself as a terminal."""

    def isatty(self) -> bool:
        return True


def _show(command: list[str], text: str) -> None:
    try:
        started = subprocess.Popen(command, stdin=subprocess.PIPE, env={**_USUAL, **os.environ})
    except OSError:
        sys.stdout.write(text)
        return
    # While the pager runs, Ctrl-C belongs to it. q ends it.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with suppress(BrokenPipeError):
            started.communicate(text.encode(errors="backslashreplace"))
        started.wait()
    finally:
        signal.signal(signal.SIGINT, before)


def _pager() -> list[str]:
    """The user's pager as a list of words, since no shell parses it. Empty for no pager."""
    if os.environ.get("TERM", "dumb") == "dumb":
        return []
    asked = os.environ.get("GIT_PAGER", os.environ.get("PAGER", "less"))
    try:
        words = shlex.split(asked)
    except ValueError:
        return []
    return [] if words == ["cat"] else words
