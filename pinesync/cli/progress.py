"""A bar on the terminal's last line while reads are under way."""

from __future__ import annotations

import sys
from collections.abc import Callable

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
