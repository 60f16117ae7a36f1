"""The command line: the only place that prints, asks and reads the environment."""

from __future__ import annotations


def main() -> int:
    """Run the command line of this process; the exit code."""
    from pinesync.cli.boundary import run

    return run()
