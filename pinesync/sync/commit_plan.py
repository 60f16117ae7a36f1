"""Arrange the saved versions of all scripts as a linear series of commits. Pure and deterministic.

Versions are ordered by time, then by script id, then by number. The versions of one script always
keep their order. Existing commits never change: a version that appears later comes after them,
however old it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from pinesync.model import Base, Entry, Kind, PineId, RelPath, ScriptInfo, Version, VersionInfo
from pinesync.text.filenames import collision_key, place, unescape_name
from pinesync.text.unicode import HARMFUL

_UNSHOWN = re.compile(f"[{HARMFUL}\t\n\ud800-\udfff]")
# Instructions to `git rebase --autosquash`, and trailers of a last paragraph.
_OBEYED = re.compile(r"(?:fixup|squash|amend)!|[A-Za-z0-9-]+\s*[:=]")
# GitHub, GitLab, Azure, Travis, AppVeyor, Netlify and others skip CI for these, anywhere in a #
# message.
_SKIPS = (
    (re.compile(r"\[([^\[\]]*(?:skip|no[\s_-]*ci)[^\[\]]*)\]", re.IGNORECASE), r"(\1)"),
    (re.compile(r"(skip-checks):", re.IGNORECASE), r"\1 :"),
    (re.compile(r"\*{3}(no_ci)", re.IGNORECASE), r"* \1"),
)
ID_TRAILER = "Pine-Id"
VERSION_TRAILER = "Pine-Version"


@dataclass(frozen=True, slots=True)
class Commit:
    """One saved version. `entry` is the script's entry in pine.toml after this commit. `moved` are
    scripts that get another path or name in this commit, by their old path. `dropped` are the paths
    of deleted scripts whose place another script takes."""

    info: VersionInfo
    entry: Entry
    moved: Mapping[RelPath, Entry] = field(default_factory=dict)
    dropped: tuple[RelPath, ...] = ()

    @property
    def message(self) -> str:
        """Name and version in the subject; trailers identify the script."""
        return message(self.entry.name, self.info.pine_id, self.info.version)


def message(name: str, pine_id: PineId, version: Version) -> str:
    """A commit message. The name stays on one line and cannot form a trailer."""
    title = f"{title_of(one_line(name))} {version}".strip()
    return f"{title}\n\n{ID_TRAILER}: {pine_id}\n{VERSION_TRAILER}: {version}\n"


def title_of(name: str) -> str:
    """A one-line name, made safe for a commit message. A name that git could read as a comment, a
    divider, a trailer or an instruction is quoted. Words that make a CI service skip the commit get
    other brackets."""
    for words, instead in _SKIPS:
        name = words.sub(instead, name)
    plain = not name or (name[0].isalnum() and not _OBEYED.match(name))
    return name if plain else f'"{name}"'


def one_line(text: str) -> str:
    """The text with invisible characters and line ends escaped."""
    return _UNSHOWN.sub(lambda found: f"\\u{{{ord(found[0]):x}}}", text)


def assign_paths(
    listed: Iterable[ScriptInfo],
    entries: Mapping[RelPath, Entry],
    folders: Mapping[Kind, str],
    before: Mapping[RelPath, Entry] | None = None,
    occupied: Iterable[RelPath] = (),
) -> dict[PineId, Entry]:
    """The place of each script, as an entry without a base. It is the path in pine.toml, else the
    path in `before` (the last commit) if the name is unchanged, else where a clone would put it,
    but not at one of the paths `occupied` by another file."""
    named = {entry.pine_id: entry.path for entry in entries.values() if entry.pine_id}
    once = {entry.pine_id: entry for entry in (before or {}).values()}
    taken = {collision_key(path) for path in (*entries, *occupied)}
    assigned: dict[PineId, Entry] = {}
    for info in sorted(listed, key=lambda info: info.pine_id):
        name, path, old = unescape_name(info.name), named.get(info.pine_id), once.get(info.pine_id)
        if path is None and old and old.name == name and collision_key(old.path) not in taken:
            path = old.path
        if path is None:
            path = place(name, info.pine_id, folders.get(info.kind, ""), taken)
        taken.add(collision_key(path))
        assigned[info.pine_id] = Entry(path, name, info.pine_id)
    return assigned


def plan_commits(
    histories: Mapping[PineId, Iterable[VersionInfo]],
    where: Mapping[PineId, Entry],
    before: Mapping[RelPath, Entry],
    done: Mapping[PineId, Version],
) -> list[Commit]:
    """The commits for all versions that are not done yet. `before` has the entries of the last
    commit's pine.toml. A script whose place has changed moves with the first new commit."""
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
    """The entries of the last commit that have moved, and the paths of deleted scripts that are now
    needed for others. No two existing scripts share a path."""
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
