"""`pinesync push`."""

from __future__ import annotations

import click

from pinesync.cli.options import jobs, setup, shared


@click.command("push")
@click.argument("paths", nargs=-1)
@click.option("-n", "--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--allow-broken", is_flag=True, help="Save even what does not compile.")
@click.option("--recreate", is_flag=True, help="Save scripts that are gone there as new ones.")
@click.option("--over", metavar="VERSION", help="Save PATH over this one, if it is the newest.")
@jobs
@shared
def command(
    paths: tuple[str, ...],
    dry_run: bool,
    allow_broken: bool,
    recreate: bool,
    over: str | None,
    jobs: int,
) -> int:
    """Save what was edited here as the next version on TradingView.

    Each text is checked first and read back after. A script that was saved there since you pulled
    is refused: pull merges it.
    """
    from pinesync.cli.run_lines import tell
    from pinesync.commands.push import push

    run = push(
        setup(jobs=jobs),
        paths,
        dry_run=dry_run,
        allow_broken=allow_broken,
        recreate=recreate,
        over=over,
    )
    return tell("push", run, nothing="nothing to push")
