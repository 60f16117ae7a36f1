"""`pinesync pull`."""

from __future__ import annotations

import click

from pinesync.cli import completers as completed
from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, commit, jobs, shared, timeout
from pinesync.sync.outcome import Run


@click.command(
    "pull",
    cls=Verb,
    examples=[
        "pinesync pull --dry-run",
        "pinesync pull",
        "pinesync pull --theirs indicators/Trend.pine",
    ],
)
@click.argument("paths", nargs=-1, shell_complete=completed.paths)
@click.option("--ours", is_flag=True, help="If both sides changed, keep the file.")
@click.option("--theirs", is_flag=True, help="If both sides changed, take TradingView's text.")
@click.option("--no-merge", is_flag=True, help="Skip scripts that both sides changed.")
@click.option("-n", "--dry-run", is_flag=True, help="Show what would be done; change nothing.")
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
    """Fetch saved changes from TradingView and merge them into the files.

    If you edited the same script, the two are merged, with conflict markers where they must be.
    The text that a file had is kept for 30 days. --commit commits the scripts concerned, and their
    entries in pine.toml, whatever else is staged or edited.
    """
    from pinesync.app.commits.commit_scripts import with_commit
    from pinesync.app.project import Project
    from pinesync.app.sync.pull import Choice, pull
    from pinesync.cli.run_output import print_run

    if ours + theirs + no_merge > 1:
        raise click.UsageError("choose one of --ours, --theirs and --no-merge.")
    choice: Choice | None = "ours" if ours else "theirs" if theirs else None
    setup = build_setup(jobs=jobs, timeout=timeout)

    def action(project: Project) -> Run:
        merge = not no_merge
        return pull(setup, paths, choice=choice, merge=merge, dry_run=dry_run, project=project)

    run = with_commit(setup, action, enabled=commit, direction="from")
    return print_run("pull", run, nothing="nothing new on TradingView", sums=True)
