"""The limits of one MCP server: its workspace, and the scripts it may push.

An agent can edit any file, including pine.toml. So the limits are fixed when the server starts;
later changes to pine.toml can only narrow them: an entry counts if it was there at the start, or if
the operation log shows that pinesync itself wrote it.
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


class Boundary:
    """`allow` are the patterns of `--allow-push`. Raises Misuse or ManifestError without a
    workspace."""

    def __init__(self, setup: Setup, allow: Sequence[str] = ()) -> None:
        project = open_project(setup)
        self._root = project.workspace.root
        self._setup = replace(setup, cwd=self._root)
        self._allow = tuple(allow)
        self._settings = project.settings
        self._protected = set(project.settings.protected)
        self._refuses_shifts = project.settings.contract == "refuse"
        self._entries = dict(project.workspace.manifest.entries())
        self._logged: Sequence[Operation] | None = None

    @property
    def may_push(self) -> bool:
        """Whether anything may be pushed."""
        return bool(self._allow)

    def open_project(self) -> Project:
        """The workspace as it is now. What pine.toml forbade once stays forbidden."""
        self._logged = None
        project = project_at(self._setup, self._root)
        self._protected.update(project.settings.protected)
        self._refuses_shifts |= project.settings.contract == "refuse"
        return project

    def parse_path(self, raw: str) -> RelPath:
        """A path as the agent gave it. Raises Misuse if pine.toml could not list it."""
        try:
            return check_path(raw)
        except BadPath as error:
            raise Misuse(f"{raw}: not a script's file in this workspace: {error}") from None

    def entry_at(self, project: Project, raw: str) -> Entry:
        """The script at a path. Raises Misuse if pine.toml does not list exactly that path."""
        entry = project.workspace.manifest.entries().get(self.parse_path(raw))
        if entry is None:
            raise Misuse(f"{raw}: not listed in pine.toml", "`status` names the scripts")
        return entry

    def entries(self, project: Project) -> list[Entry]:
        return list(project.workspace.manifest.entries().values())

    def unmatched(self) -> tuple[list[str], list[str]]:
        """The patterns of `--allow-push`, and those of `protected`, that match no script."""
        return (
            [p for p in self._allow if not any(matches(p, path) for path in self._entries)],
            [p for p in self._protected if not any(protects(p, path) for path in self._entries)],
        )

    def check_push(self, project: Project, path: RelPath) -> None:
        """Raise ActionRequired if this server may not push the script."""
        if why := self.why_refused(project, path):
            raise ActionRequired(f"{path}: {why}", "ask a person to push it")

    def why_refused(self, project: Project, path: RelPath) -> str | None:
        """Why this server may not push the script; None if it may."""
        settings, entry = project.settings, project.workspace.manifest.entries().get(path)
        if not any(matches(pattern, path) for pattern in self._allow):
            return "no --allow-push pattern of this server matches it"
        if any(protects(pattern, path) for pattern in self._protected):
            return "pine.toml protects it"
        if entry is None or entry.pine_id is None:
            return "it was never saved on TradingView"
        if self._is_loosened(settings) or not self._is_known(project, entry):
            return (
                "pine.toml has changed since this server started: ask a person to review it and "
                "restart the server"
            )
        return None

    def _is_loosened(self, settings: Settings) -> bool:
        """Whether pine.toml names another workspace, remote or account than at the start, or no
        longer refuses what charts and alerts may misread."""
        before = self._settings
        moved = (settings.id, settings.remote) != (before.id, before.remote)
        moved |= before.account not in (None, settings.account)
        return moved or (self._refuses_shifts and settings.contract != "refuse")

    def _is_known(self, project: Project, entry: Entry) -> bool:
        if self._entries.get(entry.path) == entry:
            return True
        if self._logged is None:
            self._logged = project.workspace.log.operations(MAX_OPERATIONS)
        return any(
            change.after == entry for operation in self._logged for change in operation.entries
        )


def matches(pattern: str, path: str) -> bool:
    """Whether a pattern of `--allow-push` matches the path. As in a shell, `*` matches within one
    directory; `folder/**` matches everything below the folder."""
    wanted, parts = pattern.split("/"), path.split("/")
    if wanted[-1] == "**" and len(parts) >= len(wanted):
        wanted = wanted[:-1]
        parts = parts[: len(wanted)]
    return len(wanted) == len(parts) and all(map(fnmatchcase, parts, wanted))


def protects(pattern: str, path: str) -> bool:
    """Whether a pattern of `protected` matches the path. When in doubt it does, since a person can
    still push: in any case, a folder for all below it, a name without a folder in every folder, and
    `*` across folders."""
    wanted, path = pattern.removeprefix("./").strip("/").casefold(), path.casefold()
    places = (path, path.rpartition("/")[2])
    return any(fnmatchcase(at, wanted) for at in places) or fnmatchcase(path, f"{wanted}/*")
