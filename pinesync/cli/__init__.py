"""The command line: the only place that prints, asks and reads the environment."""

from __future__ import annotations

import os


def main() -> int:
    """Run the command line of this process, or complete one for a shell; the exit code."""
    if asked := os.environ.get("_PINESYNC_COMPLETE"):
        from pinesync.cli.completing import answer

        return answer(asked)
    from pinesync.cli.boundary import run

    return run()
