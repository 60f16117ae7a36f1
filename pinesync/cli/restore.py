"""`pinesync restore`."""

from __future__ import annotations

import click

from pinesync.cli import scripts as completed
from pinesync.cli.options import setup, shared
from pinesync.cli.render import columns, finish, harmless, moment, out, say


@click.command("restore")
@click.argument(
    "paths", nargs=-1, required=True, metavar="PATH[@VERSION]...", shell_complete=completed.paths
)
@click.option("--push", "pushes", is_flag=True, help="Save it as the next version as well.")
@click.option("--kept", is_flag=True, help="List the texts that were taken out of the file.")
@click.option("--back", type=int, metavar="N", help="Bring back number N of that list.")
@shared
def command(paths: tuple[str, ...], pushes: bool, kept: bool, back: int | None) -> int:
    """Put back the text last agreed, or with PATH@5 that of version 5.0.

    That is done where the file is gone, too. A folder stands for its scripts, "." for all here.

    What stands in the file is kept for 30 days, as whatever a pull, a merge or a restore takes out
    of it: --kept lists these texts, --back brings one of them back. Nothing is saved on
    TradingView, unless --push saves it as the next version, as `pinesync push` would.
    """
    from pinesync.cli.run_lines import tell
    from pinesync.commands.restore import restore

    if pushes and (kept or back is not None):
        raise click.UsageError("--push goes with PATH or PATH@VERSION.")
    if pushes:
        from pinesync.commands.restore import restore_and_push

        return tell("restore", restore_and_push(setup(), paths), nothing="nothing to restore")
    if not kept and back is None:
        return tell("restore", restore(setup(), paths), nothing="nothing to restore")
    if len(paths) != 1 or (kept and back is not None):
        raise click.UsageError("--kept and --back each go with one path.")
    from pinesync.commands.kept import bring_back, kept_texts

    if back is not None:
        return tell("restore", bring_back(setup(), paths[0], back), nothing="nothing to restore")
    found = kept_texts(setup(), paths[0])
    if finish("restore", found):
        return found.exit_code
    rows = [(str(k.number), moment(k.when), f"{k.lines} lines") for k in found.kept]
    for line in columns(rows):
        out(line)
    if not rows:
        say(f"{harmless(found.path)}: nothing was taken out of it on this machine")
    return found.exit_code
