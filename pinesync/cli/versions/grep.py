"""`grep`: search the newest saved version of every script, or all versions."""

from __future__ import annotations

import click

from pinesync.app.versions.grep import grep
from pinesync.cli import completers as completed
from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, jobs, shared
from pinesync.cli.render import echo_err, emit_json, out_all
from pinesync.text.plural import pluralize
from pinesync.text.unicode import escape_controls


@click.command(
    "grep",
    cls=Verb,
    examples=[
        "pinesync grep -n plot",
        r'pinesync grep -il --all-versions "int\(" indicators/Trend.pine',
        "pinesync grep -F -e close -e open",
    ],
)
@click.argument("words", nargs=-1, metavar="PATTERN [PATH|ID]...", shell_complete=completed.paths)
@click.option(
    "-e",
    "patterns",
    multiple=True,
    metavar="PATTERN",
    help="Search for PATTERN, which may begin with a dash; repeatable.",
)
@click.option("--all-versions", is_flag=True, help="Search every version, not only the newest.")
@click.option("-i", "--ignore-case", is_flag=True, help="Ignore case.")
@click.option("-F", "--fixed", is_flag=True, help="Match the pattern as plain text.")
@click.option("-n", "--line-number", is_flag=True, help="Show the number of each line.")
@click.option("-l", "--names", is_flag=True, help="List matching versions only.")
@click.option(
    "--offline", is_flag=True, help="Use stored texts of listed scripts; send no request."
)
@jobs
@shared
def command(
    words: tuple[str, ...],
    patterns: tuple[str, ...],
    all_versions: bool,
    ignore_case: bool,
    fixed: bool,
    line_number: bool,
    names: bool,
    offline: bool,
    jobs: int,
) -> int:
    """Search what is saved on TradingView; prints PATH@VERSION:TEXT.

    The pattern is a Python regular expression. With -e, every other argument is a PATH. Exits with
    1 if no line matches. Every text is read once, and then stored.
    """
    if not patterns and not words:
        raise click.UsageError("name a PATTERN to search for.")
    result = grep(
        build_setup(jobs=jobs),
        patterns or words[:1],
        words if patterns else words[1:],
        all_versions=all_versions,
        ignore_case=ignore_case,
        fixed=fixed,
        offline=offline,
    )
    if emit_json("grep", result):
        return result.exit_code
    places = [escape_controls(f"{hit.path or hit.pine_id}@{hit.version}") for hit in result.hits]
    hits = zip(places, result.hits, strict=True)
    lines = (
        f"{place}:{f'{hit.line}:' * line_number}{escape_controls(hit.text, one_line=False)}"
        for place, hit in hits
    )
    out_all(dict.fromkeys(places) if names else lines)
    if not result.hits:
        echo_err(f"no line matches in {pluralize(result.versions, 'version')}")
    return result.exit_code
