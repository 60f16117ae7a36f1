"""`pinesync push`."""

from __future__ import annotations

import click

from pinesync.cli import completers as completed
from pinesync.cli.options import commit, jobs, setup, shared
from pinesync.sync.outcome import Run


@click.command("push")
@click.argument("paths", nargs=-1, shell_complete=completed.paths)
@click.option("-n", "--dry-run", is_flag=True, help="Show what would be done; change nothing.")
@click.option("--allow-broken", is_flag=True, help="Save even if it does not compile.")
@click.option(
    "--recreate", is_flag=True, help="Save scripts that were deleted on TradingView as new ones."
)
@click.option(
    "--over", metavar="VERSION", help="Save PATH over this version, if it is still the newest."
)
@commit
@click.option("--record", metavar="REF", help="Record the new versions on a separate git ref.")
@jobs
@shared
def command(
    paths: tuple[str, ...],
    dry_run: bool,
    allow_broken: bool,
    recreate: bool,
    over: str | None,
    commit: bool | None,
    record: str | None,
    jobs: int,
) -> int:
    """Save local edits as new versions on TradingView.

    Each text is checked first and read back afterwards. A script that was saved there since you
    pulled is refused: pull merges it. --commit commits the scripts concerned, and their entries in
    pine.toml, whatever else is staged or edited. --record is for a branch that nobody may commit
    to: it commits pine.toml to REF instead, as a record of what HEAD was pushed as.
    """
    from pinesync.app.commits.commit_scripts import with_commit
    from pinesync.app.commits.record import recording
    from pinesync.app.project import Project
    from pinesync.app.sync.push import push
    from pinesync.cli.run_output import tell

    if commit and record is not None:
        raise click.UsageError("choose one of --commit and --record.")
    made = setup(jobs=jobs)

    def act(project: Project) -> Run:
        return push(
            made,
            paths,
            dry_run=dry_run,
            allow_broken=allow_broken,
            recreate=recreate,
            over=over,
            project=project,
        )

    if record is None:
        run = with_commit(made, act, wish=commit, way="to")
    else:
        run = with_commit(made, recording(act, record), wish=False, way="to")
    return tell("push", run, nothing="nothing to push")
