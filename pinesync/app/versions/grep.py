"""`grep`: search the newest saved version of every script, or all versions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pinesync.app.project import Setup, open_project
from pinesync.app.versions.revspec import Revision, all_revisions
from pinesync.app.versions.version_store import VersionStore
from pinesync.errors import EXIT_DONE, EXIT_FAILED, Misuse
from pinesync.model import PineId, RelPath, Version, VersionInfo
from pinesync.text.canonical import lines
from pinesync.text.filenames import unescape_name


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
    """Search the saved texts of the named scripts, or of all in the account. A line matches if any
    pattern does: a regular expression or, with `fixed`, plain text. Raises Misuse for an invalid
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
        if any(pattern.search(text) for pattern in wanted):
            yield Hit(which.path, name, info.pine_id, info.version, number, text)
