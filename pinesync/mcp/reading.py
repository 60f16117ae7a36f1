"""The tools that read. Each is a use case of `app`, limited to the scripts of this workspace."""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated, Literal

from pydantic import Field

from pinesync.app.alerts import alerts
from pinesync.app.check import Checked, check
from pinesync.app.sync.diff import diff
from pinesync.app.sync.status import status
from pinesync.app.versions.grep import grep
from pinesync.app.versions.log import log
from pinesync.app.versions.show import show
from pinesync.errors import Misuse
from pinesync.mcp import results as r
from pinesync.mcp.boundary import Boundary
from pinesync.model import Entry

Path = Annotated[
    str, Field(description="A script's file, relative to the workspace, as `status` names it.")
]
AnyPath = Annotated[str | None, Field(description="One script's file; every script without it.")]
Offset = Annotated[int, Field(ge=0, description="`next_offset` of the part before.")]
Rows = Annotated[int, Field(ge=1, le=200, description="The most rows to return.")]
Characters = Annotated[
    int, Field(ge=1, le=100_000, description="The most characters of text to return.")
]
Offline = Annotated[bool, Field(description="Send no request; use what is stored here.")]


class ReadTools:
    """The read tools: the name of each method is the tool's, its docstring the description."""

    def __init__(self, boundary: Boundary) -> None:
        self._boundary = boundary

    def status(
        self, offline: Offline = False, offset: Offset = 0, limit: Rows = 50
    ) -> r.StatusResult:
        """List every script: its status word, the version its file is based on, and the newest."""
        project = self._boundary.open_project()
        report = status(project.setup, offline=offline, project=project)
        lines, page = r.paged(report.lines, offset, limit)
        rows = tuple(
            r.ScriptRow(
                status=line.word,
                base_version=_text(line.version),
                newest_version=_text(line.newest or line.version),
                may_push=self._boundary.why_refused(project, line.path) is None,
                untrusted=_place(line.path, line.name, line.note),
            )
            for line in lines
        )
        return r.StatusResult(**dict(page), remote=report.remote, offline=offline, rows=rows)

    def diff(
        self,
        path: AnyPath = None,
        against: Literal["base", "newest"] = "base",
        offset: Offset = 0,
        limit: Characters = 20_000,
    ) -> r.DiffResult:
        """Compare files with the version they are based on, or with the newest on TradingView."""
        project = self._boundary.open_project()
        paths = [self._boundary.entry_at(project, path).path] if path else []
        files = diff(project.setup, paths, remote=against == "newest").files
        lines = [
            line
            for file in files
            for line in (
                [f"{file.path}: {file.note}"]
                if file.note
                else [f"--- {file.old}", f"+++ {file.new}", *file.lines]
            )
        ]
        text, page = r.part("\n".join(lines), offset, limit)
        return r.DiffResult(
            **dict(page),
            added=sum(file.added for file in files),
            removed=sum(file.removed for file in files),
            untrusted=r.Text(path=path and r.shown(path), name="", text=text),
        )

    def check(
        self,
        path: AnyPath = None,
        text: Annotated[str | None, Field(description="A text to check instead of a file.")] = None,
        offline: Annotated[bool, Field(description="Check the syntax only; send nothing.")] = False,
        offset: Offset = 0,
        limit: Rows = 50,
    ) -> r.CheckResult:
        """Compile one file, or a text, with the full compiler, without saving it."""
        project = self._boundary.open_project()
        if (path is None) == (text is None):
            raise Misuse("name either a path or a text")
        digest = version = None
        if path is None:
            source = ("text.pine", (text or "").encode("utf-8", "surrogatepass"))
        else:
            at = self._boundary.parse_path(path)
            data = project.workspace.tree.read(at)
            if data is None:
                raise Misuse(f"{path}: no such file")
            source = (at, data)
            digest = sha256(data).hexdigest()
            version = base_version(project.workspace.manifest.entries().get(at))
        checks = check(project.setup, offline=offline, full=not offline, source=source)
        if checks.stopped:
            raise checks.stopped
        (one,) = checks.files
        rows, page = r.paged(one.diagnostics, offset, limit)
        return r.CheckResult(
            **dict(page),
            ok=not one.problem and not one.errors,
            errors=len(one.errors),
            warnings=_warnings(one),
            base_version=version,
            file_sha256=digest,
            rows=r.findings(rows),
            untrusted=r.Message(message=r.shown(one.problem)),
        )

    def log(
        self, path: Path, offline: Offline = False, offset: Offset = 0, limit: Rows = 20
    ) -> r.LogResult:
        """List the saved versions of one script, newest first, and who saved them."""
        project = self._boundary.open_project()
        entry = self._boundary.entry_at(project, path)
        result = log(project.setup, [entry.path], offline=offline)
        saves, page = r.paged(result.saves, offset, limit)
        rows = tuple(
            r.VersionRow(
                version=str(save.version),
                when=save.when,
                added=save.added,
                removed=save.removed,
                by=save.by,
                commit=save.commit,
                is_base=save.base,
            )
            for save in saves
        )
        return r.LogResult(**dict(page), rows=rows, untrusted=_place(entry.path, entry.name))

    def show(
        self,
        path: Path,
        version: Annotated[
            str | None, Field(description='Like "7.0"; the newest without it.')
        ] = None,
        offline: Offline = False,
        offset: Offset = 0,
        limit: Characters = 20_000,
    ) -> r.TextResult:
        """Return the text of one saved version."""
        project = self._boundary.open_project()
        entry = self._boundary.entry_at(project, path)
        named = f"{entry.path}@{version}" if version else entry.path
        result = show(project.setup, named, offline=offline)
        text, page = r.part(result.source, offset, limit)
        return r.TextResult(
            **dict(page),
            version=str(result.version),
            when=result.when,
            digest=result.digest,
            untrusted=shown_text(entry, text),
        )

    def grep(
        self,
        pattern: Annotated[str, Field(description="A Python regular expression.")],
        path: AnyPath = None,
        fixed: Annotated[bool, Field(description="Match the pattern as plain text.")] = False,
        ignore_case: bool = False,
        all_versions: bool = False,
        offline: Offline = False,
        offset: Offset = 0,
        limit: Rows = 50,
    ) -> r.GrepResult:
        """Search the newest saved version of the workspace's scripts, or all versions."""
        project = self._boundary.open_project()
        entries = (
            [self._boundary.entry_at(project, path)] if path else self._boundary.entries(project)
        )
        saved = [entry.path for entry in entries if entry.pine_id]
        # Without a path, `grep` would search all scripts of the account.
        if not saved:
            raise Misuse("no script here was ever saved on TradingView")
        result = grep(
            project.setup,
            [pattern],
            saved,
            fixed=fixed,
            ignore_case=ignore_case,
            all_versions=all_versions,
            offline=offline,
        )
        hits, page = r.paged(result.hits, offset, limit)
        rows = tuple(
            r.Match(
                version=str(hit.version),
                line=hit.line,
                untrusted=r.Text(
                    path=hit.path and r.shown(hit.path),
                    name=r.shown(hit.name),
                    text=r.shown(hit.text),
                ),
            )
            for hit in hits
        )
        return r.GrepResult(**dict(page), versions_searched=result.versions, rows=rows)

    def contract(
        self,
        path: Path,
        against: Literal["base", "newest"] = "base",
        offset: Offset = 0,
        limit: Rows = 50,
    ) -> r.ContractResult:
        """List the inputs and plots that charts and alerts may read differently after a push."""
        project = self._boundary.open_project()
        entry = self._boundary.entry_at(project, path)
        files = diff(project.setup, [entry.path], remote=against == "newest", contract=True).files
        shifts, page = r.paged([shift for file in files for shift in file.shifts], offset, limit)
        rows = tuple(
            r.ContractRow(
                slot=shift.slot,
                what=shift.what,
                severity=shift.severity,
                estimated=shift.estimated,
                line=shift.line,
                untrusted=r.Shift(old=r.shown(shift.old), new=r.shown(shift.new)),
            )
            for shift in shifts
        )
        note = "; ".join(file.note for file in files if file.note)
        return r.ContractResult(**dict(page), rows=rows, untrusted=r.Message(message=r.shown(note)))

    def alerts(
        self,
        path: AnyPath = None,
        stale: Annotated[bool, Field(description="Only those on older versions.")] = False,
        offset: Offset = 0,
        limit: Rows = 50,
    ) -> r.AlertsResult:
        """List which alerts run which version of the workspace's scripts."""
        project = self._boundary.open_project()
        paths = [self._boundary.entry_at(project, path).path] if path else []
        of_workspace = [
            alert for alert in alerts(project.setup, paths, stale=stale).rows if alert.path
        ]
        rows, page = r.paged(of_workspace, offset, limit)
        return r.AlertsResult(
            **dict(page),
            rows=tuple(
                r.AlertRow(
                    version=str(alert.version),
                    newest_version=str(alert.newest),
                    stale=alert.stale,
                    active=alert.active,
                    stopped=alert.stopped,
                    webhook=alert.webhook,
                    untrusted=r.AlertPlace(
                        path=r.shown(alert.path or ""),
                        name=r.shown(alert.name),
                        symbol=r.shown(alert.symbol),
                        resolution=r.shown(alert.resolution),
                    ),
                )
                for alert in rows
            ),
        )


def shown_text(entry: Entry, text: str) -> r.Text:
    return r.Text(path=r.shown(entry.path), name=r.shown(entry.name), text=text)


def base_version(entry: Entry | None) -> str | None:
    return _text(entry.base.version) if entry and entry.base else None


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _place(path: str, name: str, note: str = "") -> r.Place:
    return r.Place(path=r.shown(path), name=r.shown(name), note=r.shown(note))


def _warnings(checked: Checked) -> int:
    return sum(diagnostic.severity == "warning" for diagnostic in checked.diagnostics)
