"""`pinesync clone`."""

from __future__ import annotations

import click

from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, jobs, remote_options, shared, timeout
from pinesync.cli.render import echo_err, emit_json, out
from pinesync.cli.versions.history import print_imported
from pinesync.text.plural import pluralize
from pinesync.text.unicode import escape_controls


@click.command(
    "clone",
    cls=Verb,
    examples=[
        "pinesync clone",
        'pinesync clone --only "t*" some-scripts',
        "pinesync clone --sandbox --history try-out",
    ],
)
@click.argument("directory", metavar="[DIR]", default="pine-scripts")
@click.option(
    "--only",
    multiple=True,
    metavar="GLOB",
    help="Only scripts whose names match, in either case; repeatable.",
)
@click.option("--history", is_flag=True, help="Also make a git commit of every saved version.")
@remote_options
@jobs
@timeout
@shared
def command(
    directory: str,
    only: tuple[str, ...],
    history: bool,
    remote: str | None,
    jobs: int,
    timeout: int,
) -> int:
    """Copy your saved scripts into a new workspace ("pine-scripts" without DIR).

    With --sandbox, the scripts come from the local stand-in, and no account is needed. With
    --history, the folder is a git repository that has one commit for each saved version. An
    interrupted clone keeps what it read: run the same command again to continue.
    """
    from pinesync.app.project import DEFAULT_REMOTE
    from pinesync.app.sync.clone import clone

    place = remote or DEFAULT_REMOTE
    chosen = build_setup(jobs=jobs, timeout=timeout)
    result = clone(chosen, directory, remote=place, only=only, history=history)
    if emit_json("clone", result):
        return result.exit_code
    written = sum(outcome.done == "written" for outcome in result.outcomes)
    account = f" of {escape_controls(result.account)}" if result.account else ""
    if result.outcomes:
        scripts = pluralize(written, "script")
        out(f"cloned {scripts}{account} into {escape_controls(directory)}")
    else:
        out(f"made {escape_controls(directory)}; there are no saved scripts yet")
    if result.history:
        print_imported(result.history)
    for outcome in result.outcomes:
        if outcome.done != "written":
            echo_err(f"{escape_controls(outcome.path)}: {escape_controls(outcome.message)}")
    if any(outcome.exit_code for outcome in result.outcomes):
        echo_err("hint: `pinesync pull` in the workspace fetches what is missing")
    elif not result.outcomes:
        echo_err(_empty(result.remote))
    return result.exit_code


def _empty(remote: str) -> str:
    sandbox, _, name = remote.partition(":")
    if sandbox == "sandbox":
        named = f" --name {name}" if name else ""
        return f"hint: `pinesync sandbox seed{named}` fills the sandbox"
    return "hint: `pinesync new NAME` in the workspace makes one"
