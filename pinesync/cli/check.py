"""`pinesync check`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pinesync.cli.options import jobs, remote_options, setup, shared
from pinesync.cli.render import counted, diagnostic_lines, finish, harmless, out, say

if TYPE_CHECKING:
    from pinesync.commands.check import Checks


@click.command("check")
@click.argument("paths", nargs=-1)
@click.option("--offline", is_flag=True, help="Ask nobody: only the syntax.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json is the same as --json.",
)
@remote_options
@jobs
@shared
def command(
    paths: tuple[str, ...], offline: bool, format_: str, remote: str | None, jobs: int
) -> int:
    """Compile files, or all scripts of the folder, and save nothing.

    Characters that are not seen, or that reorder the text, are warned of. Needs no cookie and,
    where PATHS are given, no pinesync folder.
    """
    from pinesync.commands.check import check

    found = check(setup(jobs=jobs), paths, offline=offline, remote=remote)
    if finish("check", found, as_json=format_ == "json"):
        return found.exit_code
    return tell(found)


def tell(found: Checks) -> int:
    """What was found, and how much of it; the exit code."""
    errors = warnings = 0
    for file in found.files:
        if file.problem:
            say(f"{harmless(file.path)}: {harmless(file.problem)}")
        for diagnostic in file.diagnostics:
            errors += diagnostic.severity == "error"
            warnings += diagnostic.severity == "warning"
            for line in diagnostic_lines(file.path, diagnostic, file.source):
                out(line)
    files = counted(len(found.files), "file")
    say(f"{files}: {counted(errors, 'error')}, {counted(warnings, 'warning')}")
    return found.exit_code
