"""The saved versions of all scripts as one line of commits: pure, the same input, the same line.

Versions stand in order of time, then of the script's id, then of their number; those of one script
always in their order. What is committed already stays as it is: whatever came since, however old,
comes after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from pinesync.model import Base, Entry, Kind, PineId, RelPath, ScriptInfo, Version, VersionInfo
from pinesync.text.filenames import collision_key, place, unescape_name
from pinesync.text.unicode import HARMFUL

_UNSHOWN = re.compile(f"[{HARMFUL}\t\n\ud800-\udfff]")
# Orders to `git rebase`, and what is a trailer in the last paragraph.
_OBEYED = re.compile(r"(?:fixup|squash|amend)!|[A-Za-z0-9-]+\s*[:=]")
# What GitHub, GitLab, Azure, Travis, AppVeyor, Netlify and others look for, anywhere in a message.
_SKIPS = (
    (re.compile(r"\[([^\[\]]*(?:skip|no[\s_-]*ci)[^\[\]]*)\]", re.IGNORECASE), r"(\1)"),
    (re.compile(r"(skip-checks):", re.IGNORECASE), r"\1 :"),
    (re.compile(r"\*{3}(no_ci)", re.IGNORECASE), r"* \1"),
)
ID_TRAILER = "Pine-Id"
VERSION_TRAILER = "Pine-Version"


@dataclass(frozen=True, slots=True)
class Commit:
    """One saved version. `entry` is the script's in pine.toml from then on; `moved` are the
    scripts that have another path or name from here on, by the path they had, `dropped` the paths
    of scripts that are gone and whose place another one takes."""

    info: VersionInfo
    entry: Entry
    moved: Mapping[RelPath, Entry] = field(default_factory=dict)
    dropped: tuple[RelPath, ...] = ()

    @property
    def message(self) -> str:
        """The name and the number; what belongs to which script is told by the trailers."""
        return message(self.entry.name, self.info.pine_id, self.info.version)


def message(name: str, pine_id: PineId, version: Version) -> str:
    """A commit's message. The name is on one line, and nothing of it can be a trailer."""
    title = f"{title_of(one_line(name))} {version}".strip()
    return f"{title}\n\n{ID_TRAILER}: {pine_id}\n{VERSION_TRAILER}: {version}\n"


def title_of(name: str) -> str:
    """A name, which is on one line, as it stands in a commit's message. What git could take for a
    comment, a divider, a trailer or an order stands in quotation marks; what would tell a CI
    service to skip the commit has other signs around it."""
    for words, instead in _SKIPS:
        name = words.sub(instead, name)
    plain = not name or (name[0].isalnum() and not _OBEYED.match(name))
    return name if plain else f'"{name}"'


def one_line(text: str) -> str:
    """The text with what a reader would not see, and line ends, by their numbers."""
    return _UNSHOWN.sub(lambda found: f"\\u{{{ord(found[0]):x}}}", text)


def places(
    listed: Iterable[ScriptInfo],
    entries: Mapping[RelPath, Entry],
    folders: Mapping[Kind, str],
    before: Mapping[RelPath, Entry] | None = None,
) -> dict[PineId, Entry]:
    """Where each script is, as an entry without a base: at the path that pine.toml has for it,
    else at that of `before` (the last commit) if it still has its name, else where a clone would
    put it."""
    named = {entry.pine_id: entry.path for entry in entries.values() if entry.pine_id}
    once = {entry.pine_id: entry for entry in (before or {}).values()}
    taken = {collision_key(path) for path in entries}
    found: dict[PineId, Entry] = {}
    for info in sorted(listed, key=lambda info: info.pine_id):
        name, path, old = unescape_name(info.name), named.get(info.pine_id), once.get(info.pine_id)
        if path is None and old and old.name == name and collision_key(old.path) not in taken:
            path = old.path
        if path is None:
            path = place(name, info.pine_id, folders.get(info.kind, ""), taken)
        taken.add(collision_key(path))
        found[info.pine_id] = Entry(path, name, info.pine_id)
    return found


def line_up(
    histories: Mapping[PineId, Iterable[VersionInfo]],
    where: Mapping[PineId, Entry],
    before: Mapping[RelPath, Entry],
    done: Mapping[PineId, Version],
) -> list[Commit]:
    """The commits for all versions after those that are done. `before` is what the last commit's
    pine.toml lists: what has another place now moves with the first commit of the line."""
    fresh = [
        info
        for pine_id, infos in histories.items()
        for info in infos
        if pine_id not in done or info.version > done[pine_id]
    ]
    fresh.sort(key=lambda info: (max(info.when, 0), info.pine_id, info.version))
    commits = [
        Commit(info, replace(where[info.pine_id], base=Base(info.version, info.digest)))
        for info in fresh
    ]
    if commits:
        moved, dropped = _moves(where, before)
        commits[0] = replace(commits[0], moved=moved, dropped=dropped)
    return commits


def _moves(
    where: Mapping[PineId, Entry], before: Mapping[RelPath, Entry]
) -> tuple[dict[RelPath, Entry], tuple[RelPath, ...]]:
    """What of the last commit is elsewhere now, and what stands in another script's way: only a
    script that is gone can, as no two that are there have one path."""
    moved: dict[RelPath, Entry] = {}
    taken = {collision_key(entry.path) for entry in where.values()}
    dropped = []
    for path, entry in before.items():
        now = where.get(entry.pine_id) if entry.pine_id else None
        if now and (now.path, now.name) != (path, entry.name):
            moved[path] = replace(entry, path=now.path, name=now.name)
        elif now is None and collision_key(path) in taken:
            dropped.append(path)
    return moved, tuple(dropped)
