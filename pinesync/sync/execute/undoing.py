"""Which edited files take back all of what the last pull brought: what git leaves behind that put
one file back to an older text, and pine.toml not."""

from __future__ import annotations

from pinesync.errors import FileError, PinesyncError
from pinesync.model import RelPath, Version
from pinesync.sync.execute.texts import held_text, read_text
from pinesync.sync.plan import MOST_VERSIONS, Situation
from pinesync.sync.policy import Local, There
from pinesync.sync.ports import Remote, Tools, Workspace
from pinesync.text import Unreadable, decode, lines


def find_undoing(
    situations: tuple[Situation, ...], remote: Remote | None, workspace: Workspace, tools: Tools
) -> frozenset[RelPath]:
    """The paths of those files. Offline only with texts that are held."""
    return frozenset(
        situation.path
        for situation in situations
        if situation.local is Local.EDITED
        and situation.there in (There.SAME, There.MOVED)
        and _undoes(situation, remote, workspace, tools)
    )


def texts_of(
    situation: Situation, remote: Remote | None, workspace: Workspace
) -> tuple[str, str, str] | None:
    """The text before the last version that was pulled, that version's text, and the base's; None
    where nothing was pulled, or a text cannot be had."""
    entry = situation.entry
    pine_id, base_of = (entry.pine_id, entry.base) if entry else (None, None)
    if not (pine_id and base_of and base_of.pulled):
        return None

    def text(version: Version) -> str | None:
        pair = (pine_id, version)
        return read_text(remote, workspace, pair) if remote else held_text(workspace, pair)

    try:
        brought, base = text(base_of.pulled), text(base_of.version)
        oldest = max(0, base_of.pulled.major - 1 - MOST_VERSIONS)
        for number in range(base_of.pulled.major - 1, oldest, -1):
            before = text(Version(number))
            if before is None or brought is None or base is None:
                return None
            if before != brought:
                return before, brought, base
    except PinesyncError:
        return None  # unread is unknown: the table then treats it as an edit like any other
    return None


def _undoes(
    situation: Situation, remote: Remote | None, workspace: Workspace, tools: Tools
) -> bool:
    found = texts_of(situation, remote, workspace)
    if found is None:
        return False
    before, brought, base = found
    try:
        here = decode(workspace.read(situation.path) or b"")
    except Unreadable:
        return False
    new = set(lines(brought)) - set(lines(before))
    if not new.isdisjoint(lines(here)):
        return False  # some of it is still there: no need to ask git
    try:
        # Taking it back changes the base's text, and does not change the file's.
        return (
            tools.merge(brought, base, before).text != base
            and tools.merge(brought, here, before).text == here
        )
    except FileError:
        return here == before  # no git to ask: the plain case can be told without
