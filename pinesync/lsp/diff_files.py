"""Temporary files with diffs for an editor to open, outside any workspace."""

from __future__ import annotations

import tempfile
from pathlib import Path

from pinesync.model import RelPath


class DiffFiles:
    """A temporary directory that only its owner can read. It is deleted with the server."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def write(self, path: RelPath, text: str) -> Path:
        """Write the diff to a file, and return its path."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(
                prefix="pinesync-", ignore_cleanup_errors=True
            )
        file = Path(self._folder.name, f"{path}.diff")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
        return file

    def close(self) -> None:
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
