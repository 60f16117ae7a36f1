"""`grep`: lines that match, in the newest saved version of every script or in all versions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pinesync.commands.past import Past
from pinesync.commands.project import Setup, open_project
from pinesync.commands.revisions import Revision, all_of
from pinesync.errors import Misuse
from pinesync.model import PineId, RelPath, Version, VersionInfo
from pinesync.naming import shown
from pinesync.text import lines


@dataclass(frozen=True, slots=True)
class Hit:
    """One line, counted from 1, of one version."""

    path: RelPath | None
    name: str
    pine_id: PineId
    version: Version
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Hits:
    """What matched, script by script, the newest version first, among so many `versions`."""

    hits: tuple[Hit, ...]
    versions: int
    exit_code: int = 0


def grep(
    setup: Setup,
    pattern: str,
    raws: Sequence[str] = (),
    *,
    all_versions: bool = False,
    ignore_case: bool = False,
    fixed: bool = False,
    offline: bool = False,
) -> Hits:
    """Search the texts that are saved there, of the scripts named or of all in the account. The
    pattern is a regular expression, or with `fixed` plain text. Misuse for one that is none."""
    project = open_project(setup)
    wanted = _compiled(pattern, ignore_case=ignore_case, fixed=fixed)
    past = Past(project, offline=offline)
    revisions = all_of(project, raws)
    if not raws:
        known = {which.pine_id for which in revisions}
        revisions += [Revision(i, None) for i in past.listed if i not in known]
    if all_versions:
        histories = past.histories(revisions)
        pairs = [(r, info) for r in revisions for info in reversed(histories.get(r.pine_id, ()))]
    else:
        newest = [(r, last) for r in revisions if (last := past.newest(r.pine_id))]
        read = project.ports.tools.each(lambda pair: past.version(*pair), newest)
        pairs = [(which, info) for (which, _), info in zip(newest, read, strict=True)]
    hits = tuple(hit for pair in pairs for hit in _hits(past, *pair, wanted))
    return Hits(hits, len(pairs))


def _compiled(pattern: str, *, ignore_case: bool, fixed: bool) -> re.Pattern[str]:
    try:
        wanted = re.escape(pattern) if fixed else pattern
        return re.compile(wanted, re.IGNORECASE if ignore_case else 0)
    except re.error as error:
        raise Misuse(
            f"{pattern!r}: not a regular expression: {error}", "-F takes the pattern as plain text"
        ) from None


def _hits(past: Past, which: Revision, info: VersionInfo, wanted: re.Pattern[str]) -> Iterator[Hit]:
    name = which.entry.name if which.entry else shown(info.name)
    for number, line in enumerate(lines(past.text(info)), 1):
        text = line.removesuffix("\n")
        if wanted.search(text):
            yield Hit(which.path, name, info.pine_id, info.version, number, text)
