"""Progress while requests run: a bar on the terminal's last line, which also shows how long
TradingView asks us to wait, and with -vv a line per request."""

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
    """Draw the bar on standard error, and erase it when everything is done."""

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
    echo_err(f"{wipe}TradingView limits the number of requests: waiting {math.ceil(seconds)} s")


def tracing(seen: Exchange) -> None:
    """Print one line per request and response, without headers and sources."""
    answered = "no response" if seen.status is None else f"{seen.status}, {seen.size} bytes"
    milliseconds = round(seen.seconds * 1000)
    echo_err(escape_controls(f"{seen.method} {seen.target}: {answered}, {milliseconds} ms"))
