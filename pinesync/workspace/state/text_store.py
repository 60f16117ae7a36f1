"""The texts stored on this machine, by digest and by script and version."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from pinesync.atomic import sync_folder
from pinesync.model import Digest, PineId, SavedText, Version, VersionInfo
from pinesync.text.canonical import canonical, digest
from pinesync.workspace.files.exchange import MAX_FILE
from pinesync.workspace.state.codec import is_sound_info
from pinesync.workspace.state.store import Store, file_error, read_body

_COMMIT = r"[0-9a-f]{40}|[0-9a-f]{64}"
_NUMBER = r"[1-9][0-9]{0,5}"
_MAX_OBJECT = 2 * MAX_FILE
"""Binary content decoded as Latin-1 can double in size as UTF-8."""
_MAX_INFO = 16 * 1024
_MAX_DIGEST = 100


class TextStore:
    """Implements `sync.ports.TextStore`. A damaged text or note counts as missing."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def keep(self, text: str, *, durably: bool = True) -> Digest:
        """Store the canonical text and return its digest."""
        text = canonical(text)
        name = digest(text)
        path = self._object(name)
        if self.text_of(name) is None:
            self._store.write(path, text.encode("utf-8"), durably=durably)
        return name

    def file_of(self, name: Digest) -> Path:
        """The path of a stored text, for use without pinesync."""
        return self._object(name)

    def text_of(self, name: Digest) -> str | None:
        """The text; None if it is missing or damaged."""
        body = read_body(self._object(name), _MAX_OBJECT)
        try:
            text = None if body is None else body.decode("utf-8")
        except UnicodeDecodeError:
            return None
        return text if text is not None and digest(text) == name else None

    def remember(self, saved: SavedText) -> None:
        """Cache a version's text. Not durable: a lost text is fetched again."""
        self.keep(saved.source, durably=False)
        known = self.recall_info(saved.pine_id, saved.version)
        # Keep the stored metadata: it has the version's own time, or is from the same response.
        if known is None or known.digest != saved.digest:
            self.note_info(saved.info)

    def note_info(self, info: VersionInfo, *, durably: bool = False) -> None:
        """Write the metadata of a version; by default not durable, like its text."""
        value = {"digest": info.digest, "when": info.when, "name": info.name, "kind": info.kind}
        path = self._saved(info.pine_id, info.version)
        self._store.write(path, json.dumps(value).encode(), durably=durably)
        if durably:
            sync_folder(path.parent.parent)  # an earlier note may have created the directory

    def back_up(self, saved: SavedText) -> None:
        """Store a version's text and metadata durably. Always writes: an existing file may never
        have been flushed."""
        name = digest(saved.source)
        self._store.write(self._object(name), canonical(saved.source).encode("utf-8"))
        known = self.recall_info(saved.pine_id, saved.version)
        same = known is not None and known.digest == saved.digest
        self.note_info(known if known and same else saved.info, durably=True)

    def recall(self, pine_id: PineId, version: Version) -> Digest | None:
        """The digest of a stored version, None if there is none."""
        info = self.recall_info(pine_id, version)
        return info.digest if info else None

    def recall_info(self, pine_id: PineId, version: Version) -> VersionInfo | None:
        """The metadata of a stored version; None if it is missing or damaged."""
        body = read_body(self._saved(pine_id, version), _MAX_INFO)
        if not body:
            return None
        try:
            info = VersionInfo(pine_id, version, **json.loads(body))
        except (ValueError, TypeError, RecursionError):
            return None
        return info if is_sound_info(info) else None

    def versions_of(self, pine_id: PineId) -> list[Version]:
        """The stored versions of a script, even if the script was deleted."""
        try:
            names = os.listdir(self._store.folder / "saved" / pine_id.hex)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise file_error(self._store.folder / "saved" / pine_id.hex, error) from error
        return sorted(Version(int(name)) for name in names if re.fullmatch(_NUMBER, name))

    def note_commit(self, pine_id: PineId, version: Version, commit: str) -> None:
        """Record the commit that has the version's text. Not durable: git has it as well."""
        if not re.fullmatch(_COMMIT, commit):
            raise ValueError(f"not a commit: {commit[:80]!r}")
        if self.commit_of(pine_id, version) != commit:
            self._store.write(self._committed(pine_id, version), commit.encode(), durably=False)

    def commit_of(self, pine_id: PineId, version: Version) -> str | None:
        """The commit recorded for a version; None if it is missing or damaged."""
        body = read_body(self._committed(pine_id, version), _MAX_DIGEST)
        commit = (body or b"").decode("ascii", "replace")
        return commit if re.fullmatch(_COMMIT, commit) else None

    def _object(self, name: Digest) -> Path:
        digits = name.removeprefix("sha256:")
        return self._store.folder / "objects" / digits[:2] / digits[2:]

    def _saved(self, pine_id: PineId, version: Version) -> Path:
        return self._store.folder / "saved" / pine_id.hex / str(version.major)

    def _committed(self, pine_id: PineId, version: Version) -> Path:
        return self._store.folder / "commits" / pine_id.hex / str(version.major)
