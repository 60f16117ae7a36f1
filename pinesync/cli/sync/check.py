"""`pinesync check`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pinesync.cli import completers as completed
from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, current, jobs, remote_options, shared
from pinesync.cli.render import diagnostic_lines, echo_err, emit_json, error_lines, json_line, out
from pinesync.text.plural import pluralize
from pinesync.text.unicode import escape_controls

if TYPE_CHECKING:
    from pinesync.app.check import Checks


@click.command(
    "check",
    cls=Verb,
    examples=[
        "pinesync check",
        "pinesync check --full indicators/Trend.pine",
        "pinesync check --format github",
    ],
)
@click.argument("paths", nargs=-1, shell_complete=completed.paths)
@click.option("--offline", is_flag=True, help="Check the syntax only; send no request.")
@click.option("--full", is_flag=True, help="Also run the full compiler, which checks the limits.")
@click.option("--strict", is_flag=True, help="Treat warnings as errors.")
@click.option("--name", metavar="PATH", help="Name standard input, where PATHS is -.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json", "github", "sarif"]),
    default="text",
    show_default=True,
    help="Output format; json is the same as --json.",
)
@remote_options
@jobs
@shared
def command(
    paths: tuple[str, ...],
    offline: bool,
    full: bool,
    strict: bool,
    name: str | None,
    format_: str,
    remote: str | None,
    jobs: int,
) -> int:
    """Compile files, folders or patterns, or every script of the workspace, without saving.

    Use - for standard input. Invisible characters, and those that reorder the text, are warnings.
    Needs no cookie and, where PATHS are given, no workspace. The limits on plots, requests and
    tokens are checked with --full only, for a second request per file. The format github writes
    annotations for a workflow, sarif a log that code hosts read. TradingView does not check Pine
    below v5: a warning says so.
    """
    from pinesync.app.check import check

    if offline and full:
        raise click.UsageError("--full needs the service: not with --offline.")
    if current().json and format_ in ("github", "sarif"):
        raise click.UsageError(f"--json and --format {format_} name two formats.")
    stdin_source = _stdin_source(paths, name)
    setup = build_setup(jobs=jobs)
    checks = check(
        setup,
        paths,
        offline=offline,
        full=full,
        remote=remote,
        strict=strict,
        source=stdin_source,
    )
    if emit_json("check", checks, as_json=format_ == "json"):
        return checks.exit_code
    if format_ not in ("github", "sarif"):
        return print_checks(checks)
    from pinesync.cli.formats import github, relative_to_repository, sarif

    if top := os.environ.get("GITHUB_WORKSPACE"):
        checks = relative_to_repository(checks, setup.cwd, Path(top))
    if format_ == "sarif":
        out(json_line(sarif(checks)))
        return checks.exit_code
    for line in github(checks):
        out(line, command=True)
    return checks.exit_code


def _stdin_source(paths: tuple[str, ...], name: str | None) -> tuple[str, bytes] | None:
    """Standard input and the name it is checked under, if it is to be read."""
    if "-" not in paths:
        if name is not None:
            raise click.UsageError("--name goes with - for standard input.")
        return None
    if len(paths) > 1:
        raise click.UsageError("- (standard input) must be the only path.")
    from pinesync.workspace.files.exchange import MAX_FILE

    data = sys.stdin.buffer.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise click.UsageError(f"standard input is larger than {MAX_FILE // 1024 // 1024} MiB.")
    return name or "<stdin>", data


def print_checks(checks: Checks) -> int:
    """Print the findings and their count. Return the exit code."""
    errors = warnings = 0
    for file in checks.files:
        if file.problem:
            # Give a location like every other line, so that problem matchers see it.
            errors += 1
            out(f"{escape_controls(file.path)}:1:1: error: {escape_controls(file.problem)}")
        for diagnostic in file.diagnostics:
            errors += diagnostic.severity == "error"
            warnings += diagnostic.severity == "warning"
            for line in diagnostic_lines(file.path, diagnostic, file.source):
                out(line)
    files = pluralize(len(checks.files), "file")
    echo_err(f"{files}: {pluralize(errors, 'error')}, {pluralize(warnings, 'warning')}")
    if checks.stopped:
        echo_err("files that the compiler did not check were checked for syntax only")
        for line in error_lines(checks.stopped.message, checks.stopped.hint):
            echo_err(line)
    return checks.exit_code
