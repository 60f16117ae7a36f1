"""The last line of the terminal, redrawn in place on standard error. Whatever else is printed wipes
it first."""

from __future__ import annotations

import sys
from _thread import allocate_lock

_drawn = ""
_lock = allocate_lock()


def draw(text: str) -> None:
    """Show the text, in place of what is shown now; an empty text wipes it."""
    global _drawn
    with _lock:
        if text == _drawn:
            return
        import shutil

        text = text[: max(10, shutil.get_terminal_size().columns - 1)]
        # The terminal echoes Ctrl-C as ^C behind the text.
        rest = " " * (len(_drawn) + len("^C") - len(text)) if _drawn else ""
        back = "\r" if _drawn else ""
        sys.stderr.write(f"{back}{text}{rest}\r{text}" if rest else f"{back}{text}")
        sys.stderr.flush()
        _drawn = text


def wipe() -> None:
    draw("")
