"""`pinesync watch`."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, current, shared
from pinesync.cli.render import SCHEMA, json_line, out, to_plain
from pinesync.errors import EXIT_DONE

if TYPE_CHECKING:
    from pinesync.watch.events import Event


@click.command("watch", cls=Verb, examples=["pinesync watch", "pinesync watch --pull --notify"])
@click.option("--pull", is_flag=True, help="Also pull what is saved on TradingView.")
@click.option(
    "--poll",
    type=click.FloatRange(min=10),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="Seconds between checks of TradingView; at least 10.",
)
@click.option(
    "--yes", "allow_many", is_flag=True, help="Upload any number of files that change at once."
)
@click.option("--on-error", metavar="CMD", help="Run CMD on errors, without a shell.")
@click.option("--notify", is_flag=True, help="Show a desktop notification on errors.")
@shared
def command(pull: bool, poll: float, allow_many: bool, on_error: str | None, notify: bool) -> int:
    """Push on every save: the checked text becomes the newest version on TradingView.

    What git writes is not sent, and before many files at once are sent, watch asks: p sends what is
    held back, n leaves it. A conflict stops only its own script. Press Ctrl-C to stop.

    CMD is a program and its arguments; PINESYNC_PATH and PINESYNC_MESSAGE tell it what happened.
    """
    from pinesync.cli.keys import keys
    from pinesync.cli.on_error import error_notifier
    from pinesync.cli.watch_output import EventPrinter
    from pinesync.watch.events import Ended
    from pinesync.watch.session import WatchOptions, watch

    if math.isnan(poll):
        raise click.BadParameter("not a number of seconds.", param_hint="--poll")
    options = WatchOptions(pull=pull, allow_many=allow_many, poll=poll)
    ring = error_notifier(on_error, notify=notify)
    with keys() as listen_keys:
        printer = EventPrinter(status_line=_can_redraw(), keys=listen_keys is not None)
        print_event: Callable[[Event], None] = (
            _print_json if current().json else printer.print_event
        )
        try:
            for event in watch(build_setup(), options, listen_keys=listen_keys):
                try:
                    print_event(event)
                    ring(event)
                except KeyboardInterrupt:  # no operation is in progress between two events
                    print_event(Ended())
                    break
        finally:
            printer.restore_terminal()
    return EXIT_DONE


def _can_redraw() -> bool:
    """Whether the status line may be redrawn. VS Code tasks wait for whole lines, and -vv prints
    lines of its own."""
    plain = os.environ.get("TERM") == "dumb" or os.environ.get("TERM_PROGRAM") == "vscode"
    return sys.stderr.isatty() and not plain and current().verbose < 2


def _print_json(event: Event) -> None:
    """Print the event as one line of ASCII JSON."""
    head = {"schema": SCHEMA, "command": "watch"}
    body: dict[str, Any] = to_plain(event)
    out(json_line({**head, "event": body.pop("event"), **body}))
    sys.stdout.flush()
