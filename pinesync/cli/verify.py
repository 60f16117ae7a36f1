"""`pinesync verify`."""

from __future__ import annotations

import click

from pinesync.cli import scripts as completed
from pinesync.cli.options import jobs, setup, shared
from pinesync.cli.render import counted, finish, harmless, out


@click.command("verify")
@click.argument("paths", nargs=-1, shell_complete=completed.paths)
@jobs
@shared
def command(paths: tuple[str, ...], jobs: int) -> int:
    """Read everything, and prove that file, base and TradingView agree.

    Ends with 3 where they do not, and says what differs. Changes nothing.
    """
    from pinesync.commands.verify import verify

    found = verify(setup(jobs=jobs), paths)
    if finish("verify", found):
        return found.exit_code
    proven = 0
    for finding in found.findings:
        proven += not finding.problems
        for problem in finding.problems:
            out(f"{harmless(finding.path)}: {harmless(problem)}")
    scripts = counted(len(found.findings), "script")
    out(f"{proven} of {scripts} proven: file = base = TradingView")
    return found.exit_code
