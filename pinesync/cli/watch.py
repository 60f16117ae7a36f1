"""`pinesync watch`."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from pinesync.cli.options import current, may_ask, setup, shared
from pinesync.cli.render import SCHEMA, json_line, out, plain
from pinesync.errors import EXIT_DONE

if TYPE_CHECKING:
    from pinesync.watch.events import Event


@click.command("watch")
@click.option("--pull", "bring", is_flag=True, help="Bring what is saved on TradingView, too.")
@click.option(
    "--poll",
    type=click.FloatRange(min=10),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="How often to look at TradingView, 10 at least.",
)
@click.option("--yes", "many", is_flag=True, help="Send any number of files changed at once.")
@click.option("--on-error", metavar="CMD", help="Run CMD, without a shell, when it goes wrong.")
@click.option("--notify", is_flag=True, help="Say it on the desktop, too, when it goes wrong.")
@shared
def command(bring: bool, poll: float, many: bool, on_error: str | None, notify: bool) -> int:
    """Save in any editor: the checked text is the newest version on TradingView.

    What git writes is not sent, and files that change in great number are asked about: p sends what
    is held back, n leaves it. A conflict stops its script alone. Ctrl-C ends it.

    CMD is a program and its words; what happened is in PINESYNC_PATH and PINESYNC_MESSAGE.
    """
    from pinesync.cli.alarm import alarm
    from pinesync.cli.watch_lines import Screen
    from pinesync.watch.events import Ended
    from pinesync.watch.session import Wishes, watch

    if math.isnan(poll):
        raise click.BadParameter("not a number of seconds.", param_hint="--poll")
    wishes = Wishes(bring=bring, many=many, poll=poll)
    ring = alarm(on_error, notify=notify)
    with _keys() as hear:
        screen = Screen(standing=_may_redraw(), keys=hear is not None)
        tell: Callable[[Event], None] = _as_json if current().json else screen.tell
        try:
            for event in watch(setup(), wishes, hear=hear):
                try:
                    tell(event)
                    ring(event)
                except KeyboardInterrupt:  # between two events nothing is under way
                    tell(Ended())
                    break
        finally:
            screen.leave()
    return EXIT_DONE


def _may_redraw() -> bool:
    """Whether a line may be drawn that is wiped again: VS Code's tasks wait for whole ones, and
    -vv writes lines of its own."""
    plain = os.environ.get("TERM") == "dumb" or os.environ.get("TERM_PROGRAM") == "vscode"
    return sys.stderr.isatty() and not plain and current().verbose < 2


def _as_json(event: Event) -> None:
    """One object a line, in ASCII."""
    head = {"schema": SCHEMA, "command": "watch"}
    body: dict[str, Any] = plain(event)
    out(json_line({**head, "event": body.pop("event"), **body}))
    sys.stdout.flush()


@contextmanager
def _keys() -> Iterator[Callable[[Callable[[str], None]], None] | None]:
    """What is pressed on a terminal, without the return key; None where there is none."""
    try:
        import termios
        import tty
    except ImportError:  # Windows
        yield None
        return
    keyboard = sys.stdin.fileno() if may_ask() else None
    if keyboard is None or _in_background(keyboard):
        yield None
        return
    import threading

    before = termios.tcgetattr(keyboard)
    tty.setcbreak(keyboard, termios.TCSADRAIN)

    def hear(press: Callable[[str], None]) -> None:
        def listen() -> None:
            while key := os.read(keyboard, 1):
                press(key.decode("latin-1").lower())

        threading.Thread(target=listen, daemon=True).start()

    try:
        yield hear
    finally:
        if not _in_background(keyboard):
            termios.tcsetattr(keyboard, termios.TCSADRAIN, before)


def _in_background(keyboard: int) -> bool:
    """A job that the shell put there is stopped when it touches the terminal."""
    try:
        return os.tcgetpgrp(keyboard) != os.getpgrp()
    except OSError:  # another session's terminal
        return False
