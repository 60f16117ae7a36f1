"""Convert the text of pine.toml into a checked `Manifest`, and back.

No files are read or written here. The text may come from a hostile repository, so `parse` rejects
anything unknown and names the line. Callers parse before they do anything else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pinesync.errors import ManifestError
from pinesync.model import Base, Digest, Entry, PineId, RelPath, Version
from pinesync.text.canonical import canonical, encode_like
from pinesync.workspace import fast_reader, toml
from pinesync.workspace.tables import Manifest as Manifest
from pinesync.workspace.tables import Settings as Settings
from pinesync.workspace.tables import as_mapping, read, read_entry, settings_table
from pinesync.workspace.tables import as_table as as_table


def parse(text: str) -> Manifest:
    """Parse the text of a pine.toml. ManifestError, with the line, if it is not valid."""
    text = text.removeprefix("\ufeff")
    try:
        return read(*(fast_reader.read(text) or (toml.load(text), None)))
    except toml.Unusable as error:
        line = toml.line_of(text, error.keys)
        raise ManifestError(error.message, error.hint, line=line) from None


def bases_of(data: bytes, workspace: str, pine_id: PineId) -> list[Base]:
    """The script's base in an older pine.toml of the workspace; empty if that is not valid."""
    try:
        manifest = parse(data.decode("utf-8"))
    except (ManifestError, UnicodeDecodeError):
        return []
    entries = manifest.entries.values() if manifest.settings.id == workspace else ()
    return [e.base for e in entries if e.pine_id == pine_id and e.base]


def recorded_in(
    manifests: Callable[[Digest], Iterable[bytes]],
    workspace: str,
    texts: Mapping[tuple[PineId, Version], Digest],
) -> dict[PineId, frozenset[Version]]:
    """The scripts of which an older pine.toml of this workspace had that version, each with the
    versions that it lists there as saved by others. `manifests` finds those that may have it."""
    recorded: dict[PineId, frozenset[Version]] = {}
    for (pine_id, version), text in texts.items():
        for old in manifests(text):
            for base in bases_of(old, workspace, pine_id):
                if base.version == version:
                    recorded[pine_id] = recorded.get(pine_id, frozenset()) | set(base.theirs)
    return recorded


def dump_new(manifest: Manifest) -> str:
    """The text of a new pine.toml, sorted by path. `parse` turns it back into `manifest`."""
    entries = {path: as_table(manifest.entries[path]) for path in sorted(manifest.entries)}
    text = toml.plain({"workspace": settings_table(manifest.settings), "scripts": entries})
    return _verified(text, manifest)


def apply(
    text: str,
    changes: Mapping[RelPath, Entry | None],
    settings: Settings | None = None,
    before: Manifest | None = None,
) -> tuple[str, Manifest]:
    """Set entries (None removes one) and optionally the settings. Returns the new text and
    manifest. `before` is the parsed `text`, if known.

    A person's comments, order and line endings are kept as far as `toml.edit` can. The result is
    parsed again and compared with the intended content. Raises ManifestError if the text or the
    result is not valid.
    """
    before = before or parse(text)
    after = _changed(before, changes, settings)
    if after == before:
        return text, before
    edited = _with_blocks(text, before, after) or _with_tables(text, before, after)
    return edited, after


def _with_blocks(text: str, before: Manifest, after: Manifest) -> str | None:
    """Replace changed entries in place if they are exactly as pinesync writes them, so that the
    others need not be serialised. None if that is not enough."""
    if before.settings != after.settings or before.entries.keys() != after.entries.keys():
        return None
    for path, entry in after.entries.items():
        old = before.entries[path]
        if entry is old or entry == old:
            continue
        lines = block(old)
        if text.count(lines) != 1:
            return None
        text = text.replace(lines, block(entry))
    try:
        return _verified(text, after)
    except (ManifestError, AssertionError):
        return None


def block(entry: Entry) -> str:
    """The lines of one entry, as pinesync writes them."""
    return toml.plain({"scripts": {entry.path: as_table(entry)}})


def _with_tables(text: str, before: Manifest, after: Manifest) -> str:
    table = toml.load(text.removeprefix("\ufeff"))
    edited = toml.edit(canonical(text), table, _table(table, before, after))
    return _verified(encode_like(edited, text.encode()).decode(), after)


def from_table(path: str, table: object) -> Entry:
    """Parse an entry's table. Raises ManifestError if it is not valid."""
    try:
        return read_entry(path, as_mapping(table, "scripts", path))
    except toml.Unusable as error:
        raise ManifestError(error.message) from None


def _changed(
    before: Manifest, changes: Mapping[RelPath, Entry | None], settings: Settings | None
) -> Manifest:
    entries = dict(before.entries)
    for path, entry in changes.items():
        if entry is None:
            entries.pop(path, None)
        elif entry.path != path:
            raise ValueError(f"the entry of {entry.path} cannot be stored under {path}")
        else:
            entries[path] = entry
    return Manifest(settings or before.settings, entries)


def _verified(text: str, expected: Manifest) -> str:
    """Return the text if it parses to the expected manifest."""
    try:
        parsed = parse(text)
    except ManifestError as error:
        raise ManifestError(
            f"the change would make it invalid, so nothing was written: {error}"
        ) from error
    if parsed != expected:
        raise AssertionError("pine.toml would not contain the intended entries")
    return text


def _table(table: Mapping[str, Any], before: Manifest, after: Manifest) -> dict[str, Any]:
    """The TOML table of `after`. Unchanged keys keep their values from `table`."""
    old: dict[str, Any] = table.get("scripts", {})
    scripts = {path: raw for path, raw in old.items() if path in after.entries}
    for path, entry in after.entries.items():
        if before.entries.get(path) != entry:
            scripts[path] = as_table(entry)
    # With sorted entries, two branches that add scripts conflict less often in a merge.
    if list(old) == sorted(old):
        scripts = dict(sorted(scripts.items()))
    same = after.settings == before.settings
    workspace = table["workspace"] if same else settings_table(after.settings)
    return {"workspace": workspace, "scripts": scripts}
