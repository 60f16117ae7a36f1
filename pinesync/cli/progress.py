"""What is told while requests are under way: a bar on the terminal's last line, that and how long
TradingView asks to wait, and with -vv a line for each request."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from pinesync.cli.render import echo_err, escape_controls

if TYPE_CHECKING:
    from pinesync.tradingview.http import Exchange

_WIDTH = 24
_WORTH_IT = 8


def bar() -> Callable[[int, int], None]:
    """Draws on standard error; the line is wiped when all is done."""

    def draw(done: int, total: int) -> None:
        if total < _WORTH_IT:
            return
        filled = _WIDTH * done // total
        line = f"\r[{'#' * filled}{'.' * (_WIDTH - filled)}] {done}/{total}"
        sys.stderr.write(line if done < total else "\r" + " " * (len(line) + 4) + "\r")
        sys.stderr.flush()

    return draw


def waiting(seconds: float) -> None:
    wipe = "\r" + " " * (_WIDTH + 20) + "\r" if sys.stderr.isatty() else ""
    echo_err(f"{wipe}TradingView asks for fewer requests: waiting {math.ceil(seconds)} s")


def tracing(seen: Exchange) -> None:
    """A line of what was asked and answered: no header is in it, and no source."""
    answered = "no answer" if seen.status is None else f"{seen.status}, {seen.size} bytes"
    milliseconds = round(seen.seconds * 1000)
    echo_err(escape_controls(f"{seen.method} {seen.target}: {answered}, {milliseconds} ms"))
