"""`pinesync grep`."""

from __future__ import annotations

import click

from pinesync.cli import scripts as completed
from pinesync.cli.options import jobs, setup, shared
from pinesync.cli.render import counted, finish, harmless, out_all, say


@click.command("grep")
@click.argument("pattern")
@click.argument("scripts", nargs=-1, metavar="[PATH|ID]...", shell_complete=completed.paths)
@click.option("--all-versions", is_flag=True, help="In every version, not only the newest.")
@click.option("-i", "--ignore-case", is_flag=True, help="Capital or small letters alike.")
@click.option("-F", "--fixed", is_flag=True, help="The pattern is plain text.")
@click.option("-l", "--names", is_flag=True, help="Only which versions have it.")
@click.option("--offline", is_flag=True, help="Only what was read before, of listed scripts.")
@jobs
@shared
def command(
    pattern: str,
    scripts: tuple[str, ...],
    all_versions: bool,
    ignore_case: bool,
    fixed: bool,
    names: bool,
    offline: bool,
    jobs: int,
) -> int:
    """Find lines in what is saved on TradingView: PATH@VERSION:LINE:TEXT.

    The pattern is a regular expression of Python. Every text is read once, and then held.
    """
    from pinesync.commands.grep import grep

    found = grep(
        setup(jobs=jobs),
        pattern,
        scripts,
        all_versions=all_versions,
        ignore_case=ignore_case,
        fixed=fixed,
        offline=offline,
    )
    if finish("grep", found):
        return found.exit_code
    places = [harmless(f"{hit.path or hit.pine_id}@{hit.version}") for hit in found.hits]
    hits = zip(places, found.hits, strict=True)
    lines = (f"{place}:{hit.line}:{harmless(hit.text, one_line=False)}" for place, hit in hits)
    out_all(dict.fromkeys(places) if names else lines)
    if not found.hits:
        say(f"no line matches in {counted(found.versions, 'version')}")
    return found.exit_code
