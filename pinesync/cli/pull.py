"""`pinesync pull`."""

from __future__ import annotations

import click

from pinesync.cli import scripts as completed
from pinesync.cli.options import commit, jobs, setup, shared, timeout
from pinesync.sync.outcome import Run


@click.command("pull")
@click.argument("paths", nargs=-1, shell_complete=completed.paths)
@click.option("--ours", is_flag=True, help="Where both changed, keep the file.")
@click.option("--theirs", is_flag=True, help="Where both changed, take theirs.")
@click.option("--no-merge", is_flag=True, help="Leave scripts that both sides changed.")
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@commit
@jobs
@timeout
@shared
def command(
    paths: tuple[str, ...],
    ours: bool,
    theirs: bool,
    no_merge: bool,
    dry_run: bool,
    commit: bool | None,
    jobs: int,
    timeout: int,
) -> int:
    """Bring what was saved on TradingView into the files.

    Where you edited the same script, the two are merged, with conflict markers if they must be.
    The text that a file had is kept for 30 days. --commit commits the scripts concerned, and their
    entries in pine.toml, whatever else is staged or edited.
    """
    from pinesync.app.commit_saved import with_commit
    from pinesync.app.project import Project
    from pinesync.app.pull import Choice, pull
    from pinesync.cli.run_lines import tell

    if ours + theirs + no_merge > 1:
        raise click.UsageError("choose one of --ours, --theirs and --no-merge.")
    choice: Choice | None = "ours" if ours else "theirs" if theirs else None
    made = setup(jobs=jobs, timeout=timeout)

    def act(project: Project) -> Run:
        merge = not no_merge
        return pull(made, paths, choice=choice, merge=merge, dry_run=dry_run, project=project)

    run = with_commit(made, act, wish=commit, way="from")
    return tell("pull", run, nothing="nothing new on TradingView")
