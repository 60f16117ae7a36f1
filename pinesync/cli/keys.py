"""Single key presses from the terminal, on POSIX systems and on Windows."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pinesync.cli.options import may_ask

KeyListener = Callable[[Callable[[str], None]], None]
"""Calls its argument with each key, from a thread of its own."""
_POLL_SECONDS = 0.1


@contextmanager
def keys() -> Iterator[KeyListener | None]:
    """Read single key presses. None if there is no terminal, or it belongs to another job."""
    if not may_ask():
        yield None
        return
    try:
        import termios
        import tty
    except ImportError:  # Windows
        yield lambda press: _start_thread(lambda: _read_console(press))
        return
    keyboard = sys.stdin.fileno()
    if _in_background(keyboard):
        yield None
        return
    before = termios.tcgetattr(keyboard)
    tty.setcbreak(keyboard, termios.TCSADRAIN)

    def listen(press: Callable[[str], None]) -> None:
        while key := os.read(keyboard, 1):
            press(key.decode("latin-1").lower())

    try:
        yield lambda press: _start_thread(lambda: listen(press))
    finally:
        if not _in_background(keyboard):
            termios.tcsetattr(keyboard, termios.TCSADRAIN, before)


def _start_thread(listen: Callable[[], None]) -> None:
    threading.Thread(target=listen, daemon=True).start()


def _read_console(press: Callable[[str], None]) -> None:
    """Read the console of Windows. A read that blocks would take Ctrl-C for a key, so we look
    whether there is one first."""
    import importlib

    console: Any = importlib.import_module("msvcrt")
    never = threading.Event()
    while True:
        if not console.kbhit():
            never.wait(_POLL_SECONDS)
            continue
        key: str = console.getwch()
        if key in "\0\xe0":
            console.getwch()  # an arrow, F1, …
        else:
            press(key.lower())


def _in_background(keyboard: int) -> bool:
    """Whether this is a background job, which the shell stops when it touches the terminal."""
    try:
        return os.tcgetpgrp(keyboard) != os.getpgrp()
    except OSError:  # the terminal belongs to another session
        return False
