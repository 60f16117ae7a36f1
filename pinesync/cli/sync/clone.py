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
    help="Clone only scripts whose names match GLOB, ignoring case; repeatable.",
)
@click.option(
    "--history",
    is_flag=True,
    help="Also create a git repository with one commit per saved version.",
)
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

    With --sandbox, the scripts come from the local sandbox and no account is needed. With
    --history, the workspace is a git repository with one commit per saved version. If a clone is
    interrupted, run the same command again to resume it.
    """
    from pinesync.app.project import DEFAULT_REMOTE
    from pinesync.app.sync.clone import clone

    remote_name = remote or DEFAULT_REMOTE
    setup = build_setup(jobs=jobs, timeout=timeout)
    result = clone(setup, directory, remote=remote_name, only=only, history=history)
    if emit_json("clone", result):
        return result.exit_code
    cloned = sum(outcome.done == "written" for outcome in result.outcomes)
    account = f" of {escape_controls(result.account)}" if result.account else ""
    if result.outcomes:
        scripts = pluralize(cloned, "script")
        out(f"cloned {scripts}{account} into {escape_controls(directory)}")
    else:
        out(f"created {escape_controls(directory)}; the account has no saved scripts")
    if result.history:
        print_imported(result.history)
    for outcome in result.outcomes:
        if outcome.done != "written":
            echo_err(f"{escape_controls(outcome.path)}: {escape_controls(outcome.message)}")
    if any(outcome.exit_code for outcome in result.outcomes):
        echo_err("hint: run `pinesync pull` in the workspace to download the missing scripts")
    elif not result.outcomes:
        echo_err(_empty(result.remote))
    return result.exit_code


def _empty(remote: str) -> str:
    sandbox, _, name = remote.partition(":")
    if sandbox == "sandbox":
        name_option = f" --name {name}" if name else ""
        return f"hint: run `pinesync sandbox seed{name_option}` to add example scripts"
    return "hint: run `pinesync new NAME` in the workspace to create a script"
