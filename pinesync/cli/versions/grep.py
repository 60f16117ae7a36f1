"""`grep`: search the newest saved version of every script, or all versions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import click

from pinesync.app.project import Setup, open_project
from pinesync.app.versions.revspec import Revision, all_revisions
from pinesync.app.versions.version_store import VersionStore
from pinesync.cli import completers as completed
from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, jobs, shared
from pinesync.cli.render import echo_err, emit_json, escape_controls, out_all, pluralize
from pinesync.errors import EXIT_DONE, EXIT_FAILED, Misuse
from pinesync.model import PineId, RelPath, Version, VersionInfo
from pinesync.text.canonical import lines
from pinesync.text.filenames import unescape_name


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
    found = grep(
        build_setup(jobs=jobs),
        patterns or words[:1],
        words if patterns else words[1:],
        all_versions=all_versions,
        ignore_case=ignore_case,
        fixed=fixed,
        offline=offline,
    )
    if emit_json("grep", found):
        return found.exit_code
    places = [escape_controls(f"{hit.path or hit.pine_id}@{hit.version}") for hit in found.hits]
    hits = zip(places, found.hits, strict=True)
    lines = (
        f"{place}:{f'{hit.line}:' * line_number}{escape_controls(hit.text, one_line=False)}"
        for place, hit in hits
    )
    out_all(dict.fromkeys(places) if names else lines)
    if not found.hits:
        echo_err(f"no line matches in {pluralize(found.versions, 'version')}")
    return found.exit_code


@dataclass(frozen=True, slots=True)
class Hit:
    """One matching line of one version, counted from 1."""

    path: RelPath | None
    name: str
    pine_id: PineId
    version: Version
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Hits:
    """The matches by script, newest version first, and the number of `versions` searched."""

    hits: tuple[Hit, ...]
    versions: int

    @property
    def exit_code(self) -> int:
        """1 without a match, as grep has it."""
        return EXIT_DONE if self.hits else EXIT_FAILED


def grep(
    setup: Setup,
    patterns: Sequence[str],
    raws: Sequence[str] = (),
    *,
    all_versions: bool = False,
    ignore_case: bool = False,
    fixed: bool = False,
    offline: bool = False,
) -> Hits:
    """Search the saved texts of the named scripts, or of all in the account. A line matches if
    any pattern does: a regular expression or, with `fixed`, plain text. Misuse for an invalid
    pattern."""
    project = open_project(setup)
    wanted = [
        _compile_pattern(pattern, ignore_case=ignore_case, fixed=fixed) for pattern in patterns
    ]
    store = VersionStore(project, offline=offline)
    revisions = all_revisions(project, raws)
    if not raws:
        known = {which.pine_id for which in revisions}
        revisions += [Revision(i, None) for i in store.listed if i not in known]
    if all_versions:
        histories = store.histories(revisions)
        pairs = [(r, info) for r in revisions for info in reversed(histories.get(r.pine_id, ()))]
    else:
        newest = [(r, last) for r in revisions if (last := store.newest(r.pine_id))]
        read = project.ports.tools.parallel(lambda pair: store.version(*pair), newest)
        pairs = [(which, info) for (which, _), info in zip(newest, read, strict=True)]
    hits = tuple(hit for pair in pairs for hit in _hits(store, *pair, wanted))
    return Hits(hits, len(pairs))


def _compile_pattern(pattern: str, *, ignore_case: bool, fixed: bool) -> re.Pattern[str]:
    try:
        wanted = re.escape(pattern) if fixed else pattern
        return re.compile(wanted, re.IGNORECASE if ignore_case else 0)
    except re.error as error:
        raise Misuse(
            f"{pattern!r}: not a regular expression: {error}", "-F takes the pattern as plain text"
        ) from None


def _hits(
    store: VersionStore, which: Revision, info: VersionInfo, wanted: Sequence[re.Pattern[str]]
) -> Iterator[Hit]:
    name = which.entry.name if which.entry else unescape_name(info.name)
    for number, line in enumerate(lines(store.text(info)), 1):
        text = line.removesuffix("\n")
        if any(one.search(text) for one in wanted):
            yield Hit(which.path, name, info.pine_id, info.version, number, text)
