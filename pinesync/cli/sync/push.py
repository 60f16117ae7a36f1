"""`pinesync push`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pinesync.cli import completers as completed
from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, commit, current, jobs, shared
from pinesync.sync.outcome import Run

if TYPE_CHECKING:
    from pinesync.app.project import Setup


@click.command(
    "push",
    cls=Verb,
    examples=[
        "pinesync push --dry-run",
        "pinesync push indicators/Trend.pine",
        'pinesync push --commit -m "A longer average"',
    ],
)
@click.argument("paths", nargs=-1, shell_complete=completed.paths)
@click.option("-n", "--dry-run", is_flag=True, help="Show what would be done; change nothing.")
@click.option("--allow-broken", is_flag=True, help="Save even if it does not compile.")
@click.option(
    "--allow-shift", is_flag=True, help="Save even if charts and alerts may misread the new text."
)
@click.option(
    "--recreate", is_flag=True, help="Save scripts that were deleted on TradingView as new ones."
)
@click.option(
    "--over", metavar="VERSION", help="Save PATH over this version, if it is still the newest."
)
@click.option("--anyway", is_flag=True, help="Save even if a probe found a promise broken.")
@commit
@click.option(
    "-m",
    "--message",
    multiple=True,
    metavar="TEXT",
    help="The message of that commit; each further -m is a paragraph.",
)
@click.option("--record", metavar="REF", help="Record the new versions on a separate git ref.")
@jobs
@shared
def command(
    paths: tuple[str, ...],
    dry_run: bool,
    allow_broken: bool,
    allow_shift: bool,
    recreate: bool,
    over: str | None,
    anyway: bool,
    commit: bool | None,
    message: tuple[str, ...],
    record: str | None,
    jobs: int,
) -> int:
    """Save local edits as new versions on TradingView.

    Each text is checked first and read back afterwards. A script that was saved on TradingView
    since you pulled is refused: pull merges it. Where charts and alerts may read another input or
    plot, a warning says so; `contract` in pine.toml makes that a refusal. --commit commits the
    scripts concerned, and their entries in pine.toml, whatever else is staged or edited. --record
    is for a branch that nobody may commit to: it commits pine.toml to REF instead, as a record of
    what HEAD was pushed as.
    """
    from pinesync.app.commits.commit_scripts import with_commit
    from pinesync.app.commits.record import with_record
    from pinesync.app.project import Project
    from pinesync.app.sync.push import push
    from pinesync.cli.run_output import print_run

    if commit and record is not None:
        raise click.UsageError("choose one of --commit and --record.")
    if message and (commit is False or record is not None):
        raise click.UsageError("-m goes with --commit.")
    if any(not text.strip() for text in message):
        raise click.UsageError("-m: an empty commit message.")
    message_text = "\n\n".join(message).encode(errors="replace").decode()
    setup = build_setup(jobs=jobs)

    def action(project: Project) -> Run:
        return push(
            setup,
            paths,
            dry_run=dry_run,
            allow_broken=allow_broken,
            allow_shift=allow_shift,
            recreate=recreate,
            over=over,
            anyway=anyway,
            project=project,
        )

    if record is None:
        run = with_commit(setup, action, enabled=commit, direction="to", message=message_text)
    else:
        run = with_commit(setup, with_record(action, record), enabled=False, direction="to")
    code = print_run("push", run, nothing="nothing to push", sums=True)
    if run.is_empty and not current().json:
        _name_untracked(setup, paths)
    return code


def _name_untracked(setup: Setup, paths: tuple[str, ...]) -> None:
    """Say what lists untracked files, as `git commit` does when there is nothing to commit."""
    from pinesync.app.project import open_project
    from pinesync.cli.render import echo_err
    from pinesync.sync.next_step import hint_for
    from pinesync.sync.selection import is_named
    from pinesync.text.unicode import escape_controls

    project = open_project(setup)
    named = project.patterns(paths) or ["."]
    untracked = sorted(project.workspace.tree.untracked())
    loose = [path for path in untracked if any(is_named(path, pattern) for pattern in named)]
    if loose:
        echo_err(f"hint: {escape_controls(hint_for('add', loose))}")
