"""`pinesync mcp`."""

from __future__ import annotations

import sys

import click

from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, shared
from pinesync.cli.render import echo_err
from pinesync.errors import EXIT_DONE, Misuse


@click.command(
    "mcp", cls=Verb, examples=["pinesync mcp", "pinesync mcp --allow-push 'indicators/*'"]
)
@click.option(
    "--allow-push",
    "allow",
    multiple=True,
    metavar="GLOB",
    help="Let the agent push scripts whose path matches; repeatable.",
)
@shared
def command(allow: tuple[str, ...]) -> int:
    """Serve this workspace to an AI agent, on standard input and output.

    It speaks the Model Context Protocol. The agent can read scripts, versions, differences,
    findings and alerts. With --allow-push it can also save one file at a time, on exactly the
    version that the file is based on, and undo its own saves. It can never delete, rename or
    overwrite. `protected` in pine.toml excludes scripts from every GLOB. docs/guides/agents.md
    has the settings.
    """
    try:
        from pinesync.mcp.boundary import Boundary
        from pinesync.mcp.server import serve
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("mcp", "mcp_types", "pydantic"):
            raise
        raise Misuse(
            "the server for agents needs a library that is not installed",
            "run `pipx inject pinesync 'mcp>=2,<3'`, or `pip install '.[mcp]'` in a checkout of it",
        ) from None

    boundary = Boundary(build_setup(), allow)
    if sys.stdin.isatty():
        echo_err("an agent's client starts this and talks to it; Ctrl-C ends it")
    serve(boundary)
    return EXIT_DONE
