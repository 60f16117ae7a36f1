"""Parse revisions: PATH, PATH@5, or a script id."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pinesync.app.project import Project
from pinesync.errors import Misuse
from pinesync.model import Entry, PineId, RelPath, Version
from pinesync.text.filenames import shell_quote

# A file name may itself contain an @ before its suffix.
_AT = re.compile(r"(.+\.pine|USER;[0-9a-f]{32})@(?!.*\.pine$)(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Revision:
    """A saved script, and a version if one was given. `entry` is None for a script given by its id
    that pine.toml does not list."""

    pine_id: PineId
    entry: Entry | None
    version: Version | None = None

    @property
    def path(self) -> RelPath | None:
        return self.entry.path if self.entry else None

    @property
    def label(self) -> str:
        """The script as the user typed it."""
        return self.entry.path if self.entry else self.pine_id

    @property
    def argument(self) -> str:
        """The same, quoted for a shell."""
        return shell_quote(self.entry.path) if self.entry else f"'{self.pine_id}'"


def names_version(raw: str) -> bool:
    """Whether a version follows the path, as in `PATH@5`."""
    return _AT.fullmatch(raw) is not None


def revision(project: Project, raw: str) -> Revision:
    """Parse `PATH`, `PATH@5` or `USER;…@5`. Raises Misuse if it is not a saved script."""
    match = _AT.fullmatch(raw)
    name, version = (match[1], _version(raw, match[2])) if match else (raw, None)
    try:
        pine_id = PineId(name)
    except ValueError:
        return _by_path(project, name, version)
    entries = project.workspace.manifest.entries().values()
    listed = next((entry for entry in entries if entry.pine_id == pine_id), None)
    return Revision(pine_id, listed, version)


def version_revision(project: Project, raw: str) -> tuple[Revision, Version]:
    """The same, but the version is required."""
    parsed = revision(project, raw)
    if parsed.version is None:
        raise Misuse(
            f"{raw}: which version?",
            f"{parsed.argument}@5 is version 5.0; `pinesync log {parsed.argument}` lists them",
        )
    return parsed, parsed.version


def all_revisions(project: Project, raws: Sequence[str]) -> list[Revision]:
    """The scripts given, without versions; all tracked scripts if none is given."""
    if not raws:
        entries = project.workspace.manifest.entries().values()
        return [Revision(entry.pine_id, entry) for entry in entries if entry.pine_id]
    revisions = [revision(project, raw) for raw in raws]
    for raw, parsed in zip(raws, revisions, strict=True):
        if parsed.version is not None:
            raise Misuse(f"{raw}: without a version here", "--all-versions looks into every one")
    return revisions


def _by_path(project: Project, raw: str, version: Version | None) -> Revision:
    path = project.path(raw)
    entry = project.workspace.manifest.entries().get(path)
    if entry is None:
        hint = "`pinesync status` lists the scripts here, `pinesync list` those of the account"
        raise Misuse(f"{path}: not listed in pine.toml", hint)
    if entry.pine_id is None:
        raise Misuse(f"{path}: never saved on TradingView yet", "`pinesync push` creates it")
    return Revision(entry.pine_id, entry, version)


def _version(raw: str, number: str) -> Version:
    try:
        return Version.parse(number)
    except ValueError as error:
        raise Misuse(f"{raw}: {error}", "a version is like 7.0, or 7") from None
