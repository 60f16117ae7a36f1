"""The command line: the only place that prints, prompts and reads the environment."""

from __future__ import annotations

import gc
import os


def main() -> int:
    """Run this process's command line, or complete one for a shell. Return the exit code."""
    # Most commands end before there is garbage worth collecting. A collection every 700 objects and
    # a full one at exit cost a tenth of their time.
    gc.set_threshold(100_000)
    if request := os.environ.get("_PINESYNC_COMPLETE"):
        from pinesync.cli.shell_completion import answer

        return answer(request)
    from pinesync.cli.error_handler import run

    try:
        return run()
    finally:
        gc.freeze()
