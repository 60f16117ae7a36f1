"""Merge a pine.toml that git left with conflict markers: parse both sides, then merge script by
script. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace

from pinesync.errors import ManifestError
from pinesync.model import MAX_THEIRS, Digest, Entry, PineId, RelPath, Version
from pinesync.text.canonical import lines
from pinesync.workspace import manifest
from pinesync.workspace.manifest import Manifest, Settings

_MARKER = re.compile(r"(?:(<{7})|(\|{7})|(={7})|(>{7}))(?: [^\n]*)?\r?\n?")
_BY_HAND = "remove the markers by hand, or restart the merge"
_CHANGED = "only the other side changed it"
_OURS, _BASE, _THEIRS = "ours", "base", "theirs"
_UNKNOWN = frozenset(("account", "account_id"))
"""Settings that are None until known. A known value does not conflict with None."""

Holds = Callable[[RelPath], Digest | None]
"""Returns the digest of a file's current text; None if it is missing or not text."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """A script on which the two sides differed: the version taken, the version rejected, and
    why."""

    path: RelPath
    pine_id: PineId | None
    version: Version | None
    other: Version | None
    why: str


@dataclass(frozen=True, slots=True)
class MergedManifest:
    """The text of the merged pine.toml, and the decisions behind it."""

    text: str
    manifest: Manifest
    taken: tuple[Resolution, ...]


@dataclass(frozen=True, slots=True)
class _Side:
    """One side's whole text, and the line number of each of its lines in the file."""

    text: str
    numbers: tuple[int, ...]

    def parsed(self) -> Manifest:
        try:
            return manifest.parse(self.text)
        except ManifestError as error:
            line = error.line
            if line and line <= len(self.numbers):
                message = error.message.removeprefix(f"pine.toml:{line}: ")
                raise ManifestError(message, _BY_HAND, line=self.numbers[line - 1]) from None
            raise


def has_markers(text: str) -> bool:
    """Whether the text contains a conflict marker of git."""
    return any(match and not match[3] for match in map(_MARKER.fullmatch, lines(text)))


def merge(text: str, holds: Holds) -> MergedManifest:
    """Merge both sides. Of two versions of a script, take the older one unless its file has exactly
    the newer one's text: an older base only costs a merge, a newer one could revert somebody's
    save. Raises ManifestError if a side is invalid, or if only a person can choose."""
    bom = "\ufeff" * text.startswith("\ufeff")
    sides = _sides(text.removeprefix("\ufeff"))
    ours, theirs = sides[_OURS].parsed(), sides[_THEIRS].parsed()
    base = _base(sides)
    old = base.entries if base else {}
    settings = _settings(ours.settings, theirs.settings, base.settings if base else None)
    _refuse_two(ours, theirs)
    taken: list[Resolution] = []
    changes: dict[RelPath, Entry | None] = {}
    for path in dict.fromkeys((*ours.entries, *theirs.entries)):
        ours_entry, theirs_entry = ours.entries.get(path), theirs.entries.get(path)
        if ours_entry == theirs_entry:
            continue
        entry, why = _chosen(ours_entry, theirs_entry, old.get(path), holds)
        changes[path] = entry
        left = theirs_entry if entry == ours_entry else ours_entry
        beside = _version(left) if left else None
        taken.append(Resolution(path, entry.pine_id, _version(entry), beside, why))
    merged, merged_manifest = manifest.apply(sides[_OURS].text, changes, settings, ours)
    return MergedManifest(bom + merged, merged_manifest, tuple(taken))


# -- the two sides --------------------------------------------------------------------------------


def _sides(text: str) -> Mapping[str, _Side]:
    """The text of each side: its lines in every conflict, and all lines outside. Includes the base
    only if every conflict shows it."""
    sides: dict[str, list[tuple[int, str]]] = {_OURS: [], _BASE: [], _THEIRS: []}
    where, begun, with_base = "", 0, True
    order = {"": "<", _OURS: "|=", _BASE: "=", _THEIRS: ">"}
    after = {"<": _OURS, "|": _BASE, "=": _THEIRS, ">": ""}
    for number, line in enumerate(lines(text), start=1):
        marker = line[0] if _MARKER.fullmatch(line) else ""
        if not marker or (marker == "=" and not where):
            for side in (where,) if where else sides:
                sides[side].append((number, line))
            continue
        if marker not in order[where]:
            raise ManifestError("a conflict marker out of order", _BY_HAND, line=number)
        with_base = with_base and (where, marker) != (_OURS, "=")
        where, begun = after[marker], begun if where else number
    if where:
        raise ManifestError("a conflict without its end", _BY_HAND, line=begun)
    wanted = sides if with_base else (_OURS, _THEIRS)
    return {side: _side(sides[side]) for side in wanted}


def _side(rows: list[tuple[int, str]]) -> _Side:
    return _Side("".join(line for _, line in rows), tuple(number for number, _ in rows))


def _base(sides: Mapping[str, _Side]) -> Manifest | None:
    """The common base; None if it is missing, or cannot be parsed."""
    try:
        return manifest.parse(sides[_BASE].text) if _BASE in sides else None
    except ManifestError:
        return None


# -- one of the two -------------------------------------------------------------------------------


def _settings(ours: Settings, theirs: Settings, base: Settings | None) -> Settings:
    merged = ours
    for key in (field.name for field in fields(Settings)):
        one, other = getattr(ours, key), getattr(theirs, key)
        if one == other or (one is not None and other is None and key in _UNKNOWN):
            continue
        before = getattr(base, key) if base else None
        if (one is None and key in _UNKNOWN) or (base and one == before):
            merged = replace(merged, **{key: other})
        elif not base or other != before:
            raise ManifestError(
                f"the two sides differ in {key} of [workspace]", "choose one by hand"
            )
    return merged


def _refuse_two(ours: Manifest, theirs: Manifest) -> None:
    """Raise ManifestError if a script has two paths, or a path has two scripts."""
    for one, other in ((ours, theirs), (theirs, ours)):
        paths = {e.pine_id: path for path, e in one.entries.items() if e.pine_id}
        for path, entry in other.entries.items():
            at = paths.get(entry.pine_id, path) if entry.pine_id else path
            if at != path:
                raise ManifestError(
                    f"{at!r} on one side and {path!r} on the other are the same script",
                    "keep one of the two entries and one of the two files",
                )
    for path in ours.entries.keys() & theirs.entries.keys():
        ids = {ours.entries[path].pine_id, theirs.entries[path].pine_id} - {None}
        if len(ids) > 1:
            raise ManifestError(
                f"{path!r} is a different script on each side",
                "move one of the two files and keep both entries",
            )


def _chosen(
    one: Entry | None, other: Entry | None, base: Entry | None, holds: Holds
) -> tuple[Entry, str]:
    """Which of two differing entries to keep, and why."""
    if one is None or other is None:
        chosen = one or other
        assert chosen
        return chosen, "only one side has it"
    if one.pine_id is None or other.pine_id is None:
        return (other if one.pine_id is None else one), "the other side has not saved it yet"
    older, newer = sorted((one, other), key=lambda entry: _version(entry) or Version(0))
    if _version(older) == _version(newer):
        return _same_version(one, other, base, holds)
    # The versions differ. Only the file's text can prove that it is based on the newer one.
    assert newer.base
    if holds(newer.path) in (newer.base.digest, newer.base.expected):
        return newer, "the file has exactly this text"
    also = f"; the other's flag for {newer.shadowed} is dropped" if newer.shadowed else ""
    return older, f"the older of the two, which reverts nothing{also}"


def _same_version(one: Entry, other: Entry, base: Entry | None, holds: Holds) -> tuple[Entry, str]:
    """Choose between two entries with the same base version; keep a flag of either."""
    if one.base and other.base and one.base.digest != other.base.digest:
        raise ManifestError(
            f"{one.path!r}: the two sides have different texts for version {one.base.version}",
            "keep the entry whose digest `pinesync verify` confirms",
        )
    theirs = base is not None and base == one
    entry, why = (other, _CHANGED) if theirs else (one, "both sides have this version")
    file_digest = holds(one.path)
    if one.base != other.base and one.base and other.base:
        for side in (one, other):
            if side.base and side.base.expected == file_digest:
                entry, why = side, "the file has exactly this text"
    if entry.base and one.base and other.base:
        # Keep every version known to be somebody else's, so that no push reverts it unnoticed.
        known = sorted({*one.base.theirs, *other.base.theirs})
        entry = replace(entry, base=replace(entry.base, theirs=tuple(known[-MAX_THEIRS:])))
    if one.shadowed or other.shadowed:
        shadowed = min(flag for flag in (one.shadowed, other.shadowed) if flag)
        return replace(entry, shadowed=shadowed), f"{shadowed} is hidden until it is resolved"
    return entry, why


def _version(entry: Entry) -> Version | None:
    return entry.base.version if entry.base else None
