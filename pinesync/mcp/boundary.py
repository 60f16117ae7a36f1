"""What a server was started for: one workspace, and the scripts in it that it may push.

An agent edits files with its own tools, pine.toml among them. So the boundary is fixed when the
server starts, and what pine.toml says later only restricts it: an entry counts if it was there at
the start, or if pinesync itself wrote it, which the operation log knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from pinesync.app.project import Project, Setup, open_project, project_at
from pinesync.app.versions.oplog import MAX_OPERATIONS
from pinesync.errors import ActionRequired, Misuse
from pinesync.model import Entry, RelPath
from pinesync.sync.operations import Operation
from pinesync.text.filenames import BadPath, check_path
from pinesync.workspace.manifest import Settings

_RESTART = "a person can check pine.toml and restart the server"


class Boundary:
    """`allow` are the patterns of `--allow-push`. Misuse or ManifestError without a workspace."""

    def __init__(self, setup: Setup, allow: Sequence[str] = ()) -> None:
        project = open_project(setup)
        self._root = project.workspace.root
        self._setup = replace(setup, cwd=self._root)
        self._allow = tuple(allow)
        self._settings = project.settings
        self._entries = dict(project.workspace.manifest.entries())
        self._logged: Sequence[Operation] | None = None

    @property
    def writes(self) -> bool:
        """Whether anything may be pushed."""
        return bool(self._allow)

    def project(self) -> Project:
        """The workspace as it is now."""
        self._logged = None
        return project_at(self._setup, self._root)

    def path(self, raw: str) -> RelPath:
        """A path as the agent gave it. Misuse if it is not one that pine.toml could list."""
        try:
            return check_path(raw)
        except BadPath as error:
            raise Misuse(f"{raw}: not a script's file in this workspace: {error}") from None

    def entry(self, project: Project, raw: str) -> Entry:
        """The script of a path. Misuse if pine.toml does not list exactly that."""
        found = project.workspace.manifest.entries().get(self.path(raw))
        if found is None:
            raise Misuse(f"{raw}: not listed in pine.toml", "`status` names the scripts")
        return found

    def entries(self, project: Project) -> list[Entry]:
        return list(project.workspace.manifest.entries().values())

    def refuse(self, project: Project, path: RelPath) -> None:
        """Raise ActionRequired if this server may not push the script."""
        if why := self.refusal(project, path):
            raise ActionRequired(f"{path}: {why}", "ask a person to push it")

    def refusal(self, project: Project, path: RelPath) -> str | None:
        """Why this server may not push the script; None if it may."""
        settings, entry = project.settings, project.workspace.manifest.entries().get(path)
        if not any(fits(pattern, path) for pattern in self._allow):
            return "no --allow-push of this server names it"
        protected = (*self._settings.protected, *settings.protected)
        if any(fnmatchcase(path, pattern) for pattern in protected):
            return "pine.toml protects it"
        if entry is None or entry.pine_id is None:
            return "it was never saved on TradingView"
        if self._is_loosened(settings) or not self._is_known(project, entry):
            return f"pine.toml was edited since this server began: {_RESTART}"
        return None

    def _is_loosened(self, settings: Settings) -> bool:
        """Whether pine.toml names another place than at the start, or no longer refuses what charts
        and alerts may misread."""
        before = self._settings
        moved = (settings.id, settings.remote) != (before.id, before.remote)
        return moved or (before.contract == "refuse" and settings.contract != "refuse")

    def _is_known(self, project: Project, entry: Entry) -> bool:
        if self._entries.get(entry.path) == entry:
            return True
        if self._logged is None:
            self._logged = project.workspace.log.operations(MAX_OPERATIONS)
        return any(change.after == entry for one in self._logged for change in one.entries)


def fits(pattern: str, path: str) -> bool:
    """Whether a pattern of `--allow-push` names the path. As in a shell, `*` matches within one
    directory; `folder/**` is all below the folder."""
    wanted, parts = pattern.split("/"), path.split("/")
    if wanted[-1] == "**" and len(parts) >= len(wanted):
        wanted = wanted[:-1]
        parts = parts[: len(wanted)]
    return len(wanted) == len(parts) and all(map(fnmatchcase, parts, wanted))
