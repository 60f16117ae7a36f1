"""`pinesync mcp`."""

from __future__ import annotations

import sys

import click

from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, shared
from pinesync.cli.render import echo_err
from pinesync.cli.tools.extras import needing
from pinesync.errors import EXIT_DONE
from pinesync.text.unicode import escape_controls

_WAITS = 60.0
"""Seconds that one call of a tool waits in total when TradingView limits requests."""


@click.command(
    "mcp", cls=Verb, examples=["pinesync mcp", "pinesync mcp --allow-push 'indicators/*'"]
)
@click.option(
    "--allow-push",
    "allow",
    multiple=True,
    metavar="GLOB",
    callback=lambda _, __, globs: [_in_workspace(glob) for glob in globs],
    help="Let the agent push scripts whose path matches; repeatable.",
)
@shared
def command(allow: list[str]) -> int:
    """Serve this workspace to an AI agent, on standard input and output.

    It speaks the Model Context Protocol. The agent can read scripts, versions, differences,
    findings and alerts. With --allow-push it can also save one file at a time, on exactly the
    version that the file is based on, and undo its own saves. It can never delete, rename or
    overwrite. `protected` in pine.toml excludes scripts from every GLOB. docs/guides/agents.md
    has the settings.
    """
    libraries = ("mcp", "mcp_types", "pydantic", "anyio")
    with needing("the server for agents", "mcp>=2,<3", "mcp", *libraries):
        from pinesync.mcp.boundary import Boundary
        from pinesync.mcp.server import serve

    boundary = Boundary(build_setup(timeout=_WAITS), allow)
    allowed, protected = boundary.unmatched()
    for glob in allowed:
        echo_err(escape_controls(f"--allow-push {glob!r} matches no script"))
    for pattern in protected:
        echo_err(escape_controls(f"pine.toml: protected {pattern!r} matches no script"))
    if sys.stdin.isatty():
        echo_err("an agent's client starts this and talks to it; Ctrl-C ends it")
    serve(boundary)
    return EXIT_DONE


def _in_workspace(glob: str) -> str:
    """The glob. BadParameter if it cannot match a path of pine.toml, which would allow nothing."""
    if {"", ".."} & set(glob.split("/")) or "\\" in glob:
        raise click.BadParameter(f"{glob!r} is no path in the workspace, such as 'indicators/*'.")
    return glob
