"""The data of the HTML report: `status`, side-by-side diffs, and the times of known versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from pinesync.app.project import Project, Setup, open_project
from pinesync.app.sync.diff import agreed_text
from pinesync.app.sync.status import Line, StatusReport, status_with_survey
from pinesync.app.sync.text_diff import SideBySide, side_by_side
from pinesync.app.versions.log import Provenance
from pinesync.clock import now
from pinesync.errors import FacadeError, PinesyncError
from pinesync.model import PineId, RelPath, Version
from pinesync.sync.engine.snapshot import Survey
from pinesync.sync.engine.version_texts import read_text, stored_text
from pinesync.sync.planner import VersionKey
from pinesync.sync.words import Status
from pinesync.text.canonical import Unreadable, decode

MAX_COMPARED = 200
"""Limits of the side-by-side diffs: scripts, lines of one script, lines of all together."""
MAX_LINES = 500
MAX_LINES_OF_ALL = 20_000
MAX_ASKED = 50
"""For at most this many changed scripts, ask the service when their versions were saved."""


@dataclass(frozen=True, slots=True)
class Save:
    """One saved version; `when` in epoch seconds. `by` is "pinesync" if this machine saved it.
    `base` is True for the base of the local file."""

    version: Version
    when: int
    by: str
    base: bool


@dataclass(frozen=True, slots=True)
class Script:
    """One line of `status` with details. `modified` is when the newest known version was saved, 0
    if unknown. `difference` is None if there is nothing to compare, or if that failed: `trouble`
    then says why."""

    line: Line
    saves: tuple[Save, ...] = ()
    left: str = ""
    right: str = ""
    difference: SideBySide | None = None
    trouble: str = ""

    @property
    def modified(self) -> int:
        return max((save.when for save in self.saves), default=0)


@dataclass(frozen=True, slots=True)
class ReportData:
    """The workspace at the time `when`, in epoch seconds. `scripts` has the order of `status`."""

    folder: str
    when: float
    status: StatusReport
    scripts: tuple[Script, ...]


def build_report(
    setup: Setup, paths: Sequence[str] = (), *, offline: bool = False, exit_code: bool = False
) -> ReportData:
    """Get the status with one request. Then download the texts to compare that are not stored, and
    the times of changed scripts. Offline, send no request."""
    project = open_project(setup)
    if not offline:
        project = replace(project, client=project.remote())
    report, view = status_with_survey(project, paths, offline=offline, exit_code=exit_code)
    shown = [line for line in report.lines if line.word.sides][:MAX_COMPARED]
    compared = {line.path for line in shown}
    sides = _Sides(project, shown)
    times = {} if offline else _times(project, shown)
    provenance = Provenance(project)
    scripts = []
    left = MAX_LINES_OF_ALL
    for line in report.lines:
        script = Script(line, _saves(project, view, provenance, line, times))
        if line.path in compared:
            script = sides.of(script, min(MAX_LINES, left))
            left -= sum(map(len, script.difference.hunks)) if script.difference else 0
        scripts.append(script)
    return ReportData(project.workspace.root.name, now().wall, report, tuple(scripts))


class _Sides:
    """The texts to compare. Those not stored locally are downloaded in one batch."""

    def __init__(self, project: Project, shown: Sequence[Line]) -> None:
        self._project = project
        self._entries = project.workspace.manifest.entries()
        self._troubles: dict[VersionKey, str] = {}
        if project.client:
            wanted = [self._wanted(line, side) for line in shown for side in line.word.sides or ()]
            pairs = dict.fromkeys(pair for pair in wanted if pair)
            project.ports.tools.parallel(self._read, [p for p in pairs if self._held(p) is None])

    def of(self, script: Script, limit: int) -> Script:
        """The script with its two sides."""
        line = script.line
        assert line.word.sides
        left, right = line.word.sides
        labels = self._label(line, left), self._label(line, right)
        try:
            old, new = self._text(line, left), self._text(line, right)
        except Unreadable as error:
            return replace(script, trouble=str(error))
        difference = side_by_side(old, new, limit) if old != new else None
        return replace(script, left=labels[0], right=labels[1], difference=difference)

    def _text(self, line: Line, side: str) -> str:
        """Raises Unreadable if the text is not available."""
        if side == "nothing":
            return ""
        if side == "file":
            data = self._project.workspace.tree.read(line.path)
            if data is None:
                raise Unreadable("the file is gone")
            return decode(data)
        pair = self._version(line, side)
        text = self._agreed(line.path) if side == "base" else None
        if text is None and pair:
            text = self._held(pair)
        if text is None:
            why = self._troubles.get(pair, "") if pair else ""
            raise Unreadable(why or "the text to compare with is not stored here")
        return text

    def _agreed(self, path: RelPath) -> str | None:
        entry = self._entries.get(path)
        return agreed_text(self._project, entry) if entry else None

    def _wanted(self, line: Line, side: str) -> VersionKey | None:
        """The version to download for this side, or None if no request can help."""
        if side == "base" and self._agreed(line.path) is not None:
            return None
        return self._version(line, side)

    def _version(self, line: Line, side: str) -> VersionKey | None:
        version = line.version if side == "base" else line.newest or line.version
        if side not in ("base", "newest") or version is None or line.pine_id is None:
            return None
        return line.pine_id, version

    def _label(self, line: Line, side: str) -> str:
        if side in ("file", "nothing"):
            return {"file": "file", "nothing": "nothing there yet"}[side]
        pair = self._version(line, side)
        agreed = side == "base" or line.newest is None
        return f"{pair[1] if pair else '?'}, {'last agreed' if agreed else 'on TradingView'}"

    def _held(self, pair: VersionKey) -> str | None:
        return stored_text(self._project.workspace.texts, pair)

    def _read(self, pair: VersionKey) -> None:
        assert self._project.client
        try:
            read_text(self._project.ports, pair)
        except FacadeError as error:
            self._troubles[pair] = error.message


def _times(project: Project, shown: Iterable[Line]) -> dict[PineId, Mapping[Version, int]]:
    """When the versions of changed scripts were saved, as far as the service says."""

    def read_times(pine_id: PineId) -> Mapping[Version, int]:
        # These times are optional: the list and the texts contain some as well.
        with suppress(PinesyncError):
            return project.remote().versions(pine_id)
        return {}

    ids = [line.pine_id for line in shown if line.pine_id and line.word is not Status.GONE][
        :MAX_ASKED
    ]
    return dict(zip(ids, project.ports.tools.parallel(read_times, ids), strict=True))


def _saves(
    project: Project,
    view: Survey,
    provenance: Provenance,
    line: Line,
    times: Mapping[PineId, Mapping[Version, int]],
) -> tuple[Save, ...]:
    """The versions with a known time, in order. Times never decrease."""
    pine_id = line.pine_id
    if pine_id is None:
        return ()
    texts = project.workspace.texts
    infos = [texts.recall_info(pine_id, version) for version in texts.versions_of(pine_id)]
    known = {info.version: info.when for info in infos if info}
    listed = (view.listed or {}).get(pine_id)
    if listed:
        known.setdefault(listed.version, listed.modified)
    known |= {version: when for version, when in times.get(pine_id, {}).items() if when}
    saves: list[Save] = []
    latest = 0
    for version, when in sorted(known.items()):
        if when:
            latest = max(latest, when)
            saves.append(
                Save(
                    version, latest, provenance.saved_by(pine_id, version), version == line.version
                )
            )
    return tuple(saves)
