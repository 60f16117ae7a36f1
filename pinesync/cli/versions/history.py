"""`pinesync history import`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pinesync.cli.group import Suggesting
from pinesync.cli.options import build_setup, jobs, shared
from pinesync.cli.render import echo_err, emit_json, out
from pinesync.text.plural import pluralize
from pinesync.text.unicode import escape_controls

if TYPE_CHECKING:
    from pinesync.sync.outcome import Imported


@click.group("history", cls=Suggesting, examples=["pinesync history import"])
@shared
def command() -> None:
    """Import saved versions as git commits."""


@command.command(
    "import", examples=["pinesync history import --dry-run", "pinesync history import"]
)
@click.option("-n", "--dry-run", is_flag=True, help="Show how many would be imported; read none.")
@jobs
@shared
def import_(dry_run: bool, jobs: int) -> int:
    """Make one commit for each saved version of every listed script, on tradingview/history.

    That is a remote-tracking branch. Existing commits stay as they are, and a second import adds
    only what is new. Your own branches, the index and the files are not touched.
    """
    from pinesync.app.versions.history_import import import_history

    done = import_history(build_setup(jobs=jobs), dry_run=dry_run)
    if not emit_json("history import", done):
        print_imported(done)
    return done.exit_code


def print_imported(done: Imported) -> None:
    """Print what was added to the branch and what was left out."""
    versions, scripts = pluralize(done.versions, "version"), pluralize(done.scripts, "script")
    if done.dry_run and done.versions:
        out(f"would import {versions} of {scripts} onto {done.branch}")
    elif done.versions:
        out(f"imported {versions} of {scripts} onto {done.branch}")
    else:
        echo_err(f"nothing new for {done.branch}")
    if done.note:
        echo_err(f"{done.branch}: {done.note}")
    for left in done.left_out:
        echo_err(
            f"{escape_controls(left.path)}: left out of the history: "
            f"{escape_controls(left.message)}"
        )
        if left.hint:
            echo_err(f"  hint: {escape_controls(left.hint)}")
