"""The resources: the texts of scripts and of their bases, and the pages of the documentation."""

from __future__ import annotations

from collections.abc import Iterator

from pinesync.app.package_data import package_data
from pinesync.app.sync.diff import agreed_text
from pinesync.app.versions.show import show
from pinesync.errors import FileError, Misuse
from pinesync.mcp import results as r
from pinesync.mcp.boundary import Boundary
from pinesync.mcp.reading import base_version, shown_text
from pinesync.model import Entry
from pinesync.text.canonical import Unreadable, decode

_FOLDERS = ("guides", "reference")
_MAX_CHARACTERS = 100_000


class Resources:
    """The text of a script: the docstring of each method is the description."""

    def __init__(self, boundary: Boundary) -> None:
        self._boundary = boundary

    def script(self, path: str) -> r.TextResult:
        """The text of a script's file as it is now."""
        project = self._boundary.open_project()
        entry = self._boundary.entry_at(project, path)
        data = project.workspace.tree.read(entry.path)
        if data is None:
            raise FileError(f"{entry.path}: the file is missing")
        try:
            return _whole(entry, decode(data))
        except Unreadable as error:
            raise FileError(f"{entry.path}: {error}") from None

    def base(self, path: str) -> r.TextResult:
        """The text that a script's file is based on."""
        project = self._boundary.open_project()
        entry = self._boundary.entry_at(project, path)
        text = agreed_text(project, entry)
        if text is None and entry.base:
            named = f"{entry.path}@{entry.base.version}"
            text = show(project.setup, named).source
        if text is None:
            raise Misuse(f"{entry.path}: has no base: it was never saved on TradingView")
        return _whole(entry, text)


def _whole(entry: Entry, text: str) -> r.TextResult:
    cut, page = r.part(text, 0, _MAX_CHARACTERS)
    return r.TextResult(
        **dict(page),
        version=base_version(entry),
        when=0,
        digest=None,
        untrusted=shown_text(entry, cut),
    )


def pages() -> Iterator[tuple[str, str]]:
    """The pages of the documentation that the wheel has, by their path without `.md`."""
    for folder in _FOLDERS:
        for page in sorted((package_data("docs") / folder).iterdir(), key=lambda one: one.name):
            if page.name.endswith(".md"):
                yield f"{folder}/{page.name.removesuffix('.md')}", page.read_text("utf-8")
