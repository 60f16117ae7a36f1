"""`pinesync pull`."""

from __future__ import annotations

import click

from pinesync.cli.options import jobs, setup, shared


@click.command("pull")
@click.argument("paths", nargs=-1)
@click.option("--ours", is_flag=True, help="Where both changed, keep the file.")
@click.option("--theirs", is_flag=True, help="Where both changed, take theirs.")
@click.option("--no-merge", is_flag=True, help="Leave scripts that both sides changed.")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@jobs
@shared
def command(
    paths: tuple[str, ...],
    ours: bool,
    theirs: bool,
    no_merge: bool,
    dry_run: bool,
    jobs: int,
) -> int:
    """Bring what was saved on TradingView into the files.

    Where you edited the same script, the two are merged, with conflict markers if they must be.
    The text that a file had is kept for 30 days.
    """
    from pinesync.cli.run_lines import tell
    from pinesync.commands.pull import Choice, pull

    if ours + theirs + no_merge > 1:
        raise click.UsageError("choose one of --ours, --theirs and --no-merge.")
    choice: Choice | None = "ours" if ours else "theirs" if theirs else None
    run = pull(setup(jobs=jobs), paths, choice=choice, merge=not no_merge, dry_run=dry_run)
    return tell("pull", run, nothing="nothing new on TradingView")
