"""`pinesync watch`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from pinesync.cli.options import current, may_ask, setup, shared
from pinesync.cli.render import SCHEMA, out, plain
from pinesync.errors import EXIT_DONE

if TYPE_CHECKING:
    from pinesync.commands.watching.events import Event


@click.command("watch")
@click.option("--pull", "bring", is_flag=True, help="Bring what is saved on TradingView, too.")
@click.option(
    "--poll",
    type=click.FloatRange(min=10),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="How often to look at TradingView.",
)
@click.option("--yes", "many", is_flag=True, help="Send any number of files changed at once.")
@click.option("--on-error", metavar="CMD", help="Run CMD when something goes wrong.")
@click.option("--notify", is_flag=True, help="Say it on the desktop, too, when it goes wrong.")
@shared
def command(bring: bool, poll: float, many: bool, on_error: str | None, notify: bool) -> int:
    """Save in any editor: the checked text is the newest version on TradingView.

    What git writes is not sent, and files that change in great number are asked about: p sends what
    is held back, n leaves it. A conflict stops its script alone. Ctrl-C ends it.
    """
    from pinesync.cli.alarm import alarm
    from pinesync.cli.watch_lines import Screen
    from pinesync.commands.watch import Wishes, watch

    wishes = Wishes(bring=bring, many=many, poll=poll)
    ring = alarm(on_error, notify=notify)
    with _keys() as hear:
        screen = Screen(standing=sys.stderr.isatty(), keys=hear is not None)
        tell: Callable[[Event], None] = _as_json if current().json else screen.tell
        try:
            for event in watch(setup(), wishes, hear=hear):
                tell(event)
                ring(event)
        finally:
            screen.leave()
    return EXIT_DONE


def _as_json(event: Event) -> None:
    """One object a line, in ASCII."""
    head = {"schema": SCHEMA, "command": "watch"}
    body: dict[str, Any] = plain(event)
    out(json.dumps({**head, "event": body.pop("event"), **body}))
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
    if not may_ask():
        yield None
        return
    import os
    import threading

    keyboard = sys.stdin.fileno()
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
        termios.tcsetattr(keyboard, termios.TCSADRAIN, before)
