"""Page long results on a terminal, as git does: GIT_PAGER, PAGER, else less, or more on
Windows.

`core.pager` is not read: a repository may set it, and pinesync never runs a program that a
repository names.
"""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress

import click

from pinesync.cli.options import command_words, current
from pinesync.git.run import find_program

_MORE = ["more"]
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
    buffer = _Buffer()
    try:
        with redirect_stdout(buffer):
            yield
    finally:
        if text := buffer.getvalue():
            _pipe_to_pager(command, text)


class _Buffer(io.StringIO):
    """Buffers what is printed and still reports itself as a terminal."""

    def isatty(self) -> bool:
        return True


def _pipe_to_pager(command: list[str], text: str) -> None:
    try:
        words = [find_program(command[0]) or "", *command[1:]]
        started = subprocess.Popen(words, stdin=subprocess.PIPE, env={**_USUAL, **os.environ})
    except OSError:
        sys.stdout.write(text)
        return
    # While the pager runs, Ctrl-C belongs to it. q ends it.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with suppress(BrokenPipeError):
            started.communicate(_encoded(command, text))
        started.wait()
    finally:
        signal.signal(signal.SIGINT, before)


def _encoded(command: list[str], text: str, *, windows: bool = os.name == "nt") -> bytes:
    """On Windows `more` shows no colors, and reads the console's own encoding."""
    if windows and command == _MORE:
        return click.unstyle(text).encode(os.device_encoding(1) or "utf-8", "replace")
    return text.encode(errors="backslashreplace")


def _pager(*, windows: bool = os.name == "nt") -> list[str]:
    """The user's pager as a list of words, since no shell parses it. Empty for no pager."""
    if os.environ.get("TERM", "" if windows else "dumb") == "dumb":
        return []
    usual = "more" if windows and not find_program("less") else "less"
    command = os.environ.get("GIT_PAGER", os.environ.get("PAGER", usual))
    try:
        words = command_words(command, windows=windows)
    except ValueError:
        return []
    return [] if words == ["cat"] else words
