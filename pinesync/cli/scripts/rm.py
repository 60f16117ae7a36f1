"""`rm`: untrack a script. Its file and the script on TradingView both stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from pinesync.app.project import Setup, open_project
from pinesync.cli import completers as completed
from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, may_ask, shared
from pinesync.cli.render import echo_err, emit_json, out
from pinesync.errors import Misuse
from pinesync.model import PineId, RelPath
from pinesync.text.unicode import escape_controls

if TYPE_CHECKING:
    from pinesync.app.scripts.delete_script import DeletionTarget


@click.command(
    "rm",
    cls=Verb,
    examples=[
        "pinesync rm libraries/Tools.pine",
        "pinesync rm --remote --yes Trend indicators/Trend.pine",
    ],
)
@click.argument("paths", nargs=-1, required=True, shell_complete=completed.paths)
@click.option("--remote", is_flag=True, help="Delete the script of PATH on TradingView, for good.")
@click.option(
    "--yes",
    "name",
    metavar="NAME",
    shell_complete=completed.names,
    help="Confirm --remote with the name of the script.",
)
@shared
def command(paths: tuple[str, ...], remote: bool, name: str | None) -> int:
    """Stop listing scripts. The files and the scripts on TradingView both stay.

    With --remote, the script is deleted on TradingView with all its versions, and the file stays.
    Every version is backed up on this machine first. Type the script's name to confirm, or give it
    with --yes.
    """
    if remote:
        return _remote(paths, name)
    if name is not None:
        raise click.UsageError("--yes goes with --remote.")
    done = rm(build_setup(), paths)
    if emit_json("rm", done):
        return done.exit_code
    for forgotten in done.forgotten:
        out(f"forgotten  {escape_controls(forgotten.path)}")
    if done.tracks_all and any(f.pine_id for f in done.forgotten):
        echo_err(
            'hint: the next pull or push lists them again, unless pine.toml says track = "listed"'
        )
    return done.exit_code


def _remote(paths: tuple[str, ...], name: str | None) -> int:
    from pinesync.app.scripts.delete_script import delete_script
    from pinesync.cli.run_output import print_run

    if len(paths) != 1:
        raise click.UsageError("--remote goes with exactly one path.")
    if name is None and not may_ask():
        raise click.UsageError("--remote needs --yes NAME without a terminal.")

    def typed_name(target: DeletionTarget) -> str:
        return name if name is not None else _prompt_name(target)

    return print_run(
        "rm", delete_script(build_setup(), paths[0], typed_name), nothing="nothing to delete"
    )


def _prompt_name(target: DeletionTarget) -> str:
    count = target.newest.major
    echo_err(
        f"{escape_controls(target.path)}: {escape_controls(target.name)} "
        "will be deleted on TradingView, with "
        f"{'its only version' if count == 1 else f'all {count} versions'}, and TradingView "
        "cannot restore it"
    )
    answer: str = click.prompt(
        "type its name to delete it", default="", show_default=False, err=True
    )
    return answer


@dataclass(frozen=True, slots=True)
class Forgotten:
    path: RelPath
    pine_id: PineId | None


@dataclass(frozen=True, slots=True)
class Removal:
    forgotten: tuple[Forgotten, ...]
    tracks_all: bool
    exit_code: int = 0


def rm(setup: Setup, paths: Sequence[str]) -> Removal:
    """Remove the entries from pine.toml, all or none."""
    project = open_project(setup)
    wanted = [project.path(raw) for raw in paths]
    with project.transaction("rm") as tx:
        entries = project.workspace.manifest.entries()
        for path in wanted:
            if path not in entries:
                raise Misuse(f"{path}: not listed in pine.toml", "`pinesync status` lists scripts")
        tx.refuse_pending([entries[path] for path in wanted])
        project.workspace.manifest.commit(dict.fromkeys(wanted))
    forgotten = tuple(Forgotten(path, entries[path].pine_id) for path in wanted)
    return Removal(forgotten, project.settings.track == "all")
