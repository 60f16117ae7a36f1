"""The command line: the only place that prints, asks and reads the environment."""

from __future__ import annotations

import gc
import os


def main() -> int:
    """Run the command line of this process, or complete one for a shell; the exit code."""
    # Most commands end before there is garbage worth a search; each 700 objects, and once more in
    # all there is at the exit, it takes a tenth of their time.
    gc.set_threshold(100_000)
    if asked := os.environ.get("_PINESYNC_COMPLETE"):
        from pinesync.cli.shell_completion import answer

        return answer(asked)
    from pinesync.cli.error_handler import run

    try:
        return run()
    finally:
        gc.freeze()
