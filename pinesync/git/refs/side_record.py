"""Bases recorded on a side ref, for a branch whose pine.toml nobody may commit to.

A record is a commit. Its first parent is the commit that was pushed to TradingView, its other
parents are earlier records, and its tree is the first parent's with another pine.toml. A base
counts only if the pushed commit is HEAD or its ancestor and itself has the version's text: so no
base is ahead of its file, whatever branch is checked out. Like pine.toml, a record is untrusted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from pinesync.errors import ActionRequired, ManifestError, Misuse
from pinesync.git.repo import Repository
from pinesync.model import Base, Entry, PineId, RelPath
from pinesync.workspace.files import MANIFEST
from pinesync.workspace.manifest import parse

SETTING = "pinesync.record"
TRAILER = "Pine-Workspace"
_HEADS = "refs/heads/"
_OURS = "refs/pinesync/"
_MEANS_ANOTHER = r"@|[A-Z_]*HEAD"
"""Names that git reads as other refs: HEAD, FETCH_HEAD and the like."""
_MAX_COMMITS = 100
"""Read records for at most this many pushed commits, newest first."""
_FORM = f"%H%x1f%P%x1f%(trailers:key={TRAILER},valueonly,separator=%x2C)"


@dataclass(frozen=True)
class SideRecord:
    """The recorded entries that count at HEAD, by script. `local` is the ref's commit; `tips` are
    the newest records on the ref and on its remote-tracking branch."""

    ref: str = ""
    local: str | None = None
    tips: tuple[str, ...] = ()
    entries: Mapping[PineId, Entry] = field(default_factory=dict)

    def merged_into(self, entries: Mapping[RelPath, Entry]) -> Mapping[RelPath, Entry]:
        """These entries, updated where the side ref has a higher version with its base, or the
        script created for a new entry."""
        if not self.entries:
            return entries
        known = {entry.pine_id for entry in entries.values()}
        waiting = Counter(entry.name for entry in entries.values() if entry.pine_id is None)
        added = [entry for pine_id, entry in self.entries.items() if pine_id not in known]
        names = Counter(entry.name for entry in added)
        by_name = {e.name: e for e in added if names[e.name] == waiting[e.name] == 1}

        def best(entry: Entry) -> Entry:
            new = self.entries.get(entry.pine_id) if entry.pine_id else by_name.get(entry.name)
            return with_newer_base(entry, new) or entry

        return {path: best(entry) for path, entry in entries.items()}


def is_newer(new: Base | None, old: Base | None) -> bool:
    return new is not None and (old is None or new.version > old.version)


def with_newer_base(entry: Entry, other: Entry | None) -> Entry | None:
    """The entry with `other`'s script, base and flag; None unless `other` has a newer base."""
    if other is None or not is_newer(other.base, entry.base):
        return None
    return replace(entry, pine_id=other.pine_id, base=other.base, shadowed=other.shadowed)


# -- which ref ------------------------------------------------------------------------------------


def configured_ref(repository: Repository) -> str | None:
    """The side ref that `git config pinesync.record` names in this repository."""
    raw = repository.config_value(SETTING)
    return side_ref(repository, raw, f"git config {SETTING}") if raw is not None else None


def side_ref(repository: Repository, raw: str, what: str) -> str:
    """The full name of a side ref: a branch, or a ref below refs/pinesync/. Misuse otherwise."""
    ref = raw if raw.startswith("refs/") else _HEADS + raw
    short = ref.removeprefix(_HEADS)
    usable = ref.startswith((_HEADS, _OURS)) and not short.startswith(("-", "tradingview/"))
    if not usable or re.fullmatch(_MEANS_ANOTHER, short) or not repository.is_valid_ref(ref):
        raise Misuse(
            f"{what}: {raw[:80]!r} cannot be a side ref",
            "name a dedicated branch, such as pinesync/record, or refs/pinesync/record",
        )
    return ref


# -- what it says ---------------------------------------------------------------------------------


def read_side_record(
    repository: Repository, ref: str, workspace: str, revision: str = "HEAD"
) -> SideRecord:
    """The record that counts at HEAD, or at another revision. Raises Misuse if the ref has anything
    but usable records of this workspace, ActionRequired if a shallow clone hides what leads to
    HEAD."""
    at = repository.commits_at([ref, _tracking(ref)])
    head = repository.commit_of(revision)
    local = at.get(ref)
    if not at or head is None:
        return SideRecord(ref, local)
    tips = repository.independent(list(dict.fromkeys(at.values())))
    entries: dict[PineId, Entry] = {}
    counting = (
        pair for tip in tips for pair in _counted_commits(repository, ref, tip, head, workspace)
    )
    for record, pushed in counting:
        for pine_id, entry in _recorded_entries(repository, ref, record, pushed, workspace):
            before = entries.get(pine_id)
            if before is None or is_newer(entry.base, before.base):
                entries[pine_id] = entry
    return SideRecord(ref, local, tuple(tips), entries)


def _tracking(ref: str) -> str:
    return ref.replace(_HEADS, "refs/remotes/origin/", 1)


def _counted_commits(
    repository: Repository, ref: str, tip: str, head: str, workspace: str
) -> list[tuple[str, str]]:
    """The records to be read, and the commits that were pushed: those that lead to HEAD, and of
    these the ones that no other comes after. A record knows what was recorded before its commit."""
    rows = {
        row.split("\x1f")[0]: row.split("\x1f")[1:]
        for row in repository.log(tip, _FORM, f"^{head}")
        if row
    }
    if tip not in rows:
        # The tip is in HEAD's history. Only the trailer tells a record from an ordinary branch.
        (row,) = (row for row in repository.log(tip, _FORM, "--max-count=1") if row)
        if row.split("\x1f")[2] != workspace:
            raise _foreign_record_error(ref, tip)
    counted: dict[str, str] = {}
    known: set[tuple[str, str]] = set()
    seen: set[str] = set()
    todo = dict.fromkeys((tip,))
    while todo:
        record = next(iter(todo))
        del todo[record]
        if record not in rows:
            continue  # In HEAD's history, so HEAD's pine.toml already includes it.
        seen.add(record)
        raw_parents, trailer = rows[record]
        parents = raw_parents.split()
        if trailer != workspace:
            raise _foreign_record_error(ref, record)
        if (not parents or (record == tip and parents[0] in rows)) and repository.is_shallow():
            raise ActionRequired(
                f"{ref}: cannot tell whether its records apply here: this is a shallow clone",
                "`git fetch --unshallow` fetches the rest (fetch-depth: 0 in a workflow)",
            )
        if not parents:
            raise _foreign_record_error(ref, record)
        pushed, *earlier = parents
        if pushed not in rows:
            counted[record] = pushed
            known |= {(parent, pushed) for parent in earlier}
        todo.update(dict.fromkeys(parent for parent in earlier if parent not in seen))
    newest = [pair for pair in counted.items() if pair not in known]
    pushed_ones = list(dict.fromkeys(pushed for _, pushed in newest))[:_MAX_COMMITS]
    last = set(repository.independent(pushed_ones))
    return [(record, pushed) for record, pushed in newest if pushed in last]


def _recorded_entries(
    repository: Repository, ref: str, record: str, pushed: str, workspace: str
) -> Iterator[tuple[PineId, Entry]]:
    """The recorded scripts whose text in the pushed commit matches the record."""
    blob = repository.blobs(record, [MANIFEST]).get(MANIFEST)
    try:
        recorded = parse(((blob and blob.data) or b"").decode("utf-8"))
    except (ManifestError, UnicodeDecodeError) as error:
        raise Misuse(
            f"{ref}: the record {record[:10]} cannot be used: {error}", _hint(ref)
        ) from None
    if recorded.settings.id != workspace:
        raise _foreign_record_error(ref, record)
    texts = repository.digests(pushed, list(recorded.entries))
    for path, entry in recorded.entries.items():
        if entry.pine_id and entry.base and texts.get(path) == entry.base.expected:
            yield entry.pine_id, entry


def _hint(ref: str) -> str:
    if re.fullmatch(f"{_OURS}.+/record", ref):
        return f"`git update-ref -d {ref}` removes it; `git pull` brings again what it recorded"
    return f"use a ref that only `push --record` writes; `git config {SETTING}` names it"


def _foreign_record_error(ref: str, commit: str) -> Misuse:
    return Misuse(f"{ref}: {commit[:10]} is not a record of this workspace", _hint(ref))
