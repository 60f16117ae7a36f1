"""The tools that save: one file, on one version, or nothing; and taking such a save back."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field

from pinesync.app.commits.commit_scripts import with_commit
from pinesync.app.probe.proofs import refuse_broken
from pinesync.app.project import Project
from pinesync.app.sync.push import push_expected
from pinesync.app.versions.oplog import MAX_OPERATIONS
from pinesync.app.versions.undo import undo
from pinesync.errors import EXIT_LEFT, ActionRequired, Misuse, PinesyncError
from pinesync.mcp import results as r
from pinesync.mcp.boundary import Boundary
from pinesync.mcp.reading import Path
from pinesync.model import RelPath, Version
from pinesync.sync.engine.uploads.prepare_upload import Expected
from pinesync.sync.operations import Operation
from pinesync.sync.outcome import Outcome, Run

VERB = "mcp push"
"""How the operation log tells the saves of these servers from all others."""
_SAVED = ("saved", "recovered")


class NotDone(PinesyncError):
    """A save that was refused, failed, or has an unknown outcome."""

    def __init__(self, outcome: Outcome, message: str) -> None:
        super().__init__(f"{outcome.path}: {message}", outcome.hint)
        self.exit_code = outcome.exit_code or EXIT_LEFT
        self.diagnostics = outcome.diagnostics


class Writing:
    """The tools that save: the name of each method is the tool's, its docstring the description."""

    def __init__(self, boundary: Boundary) -> None:
        self._boundary = boundary

    def push(
        self,
        path: Path,
        base_version: Annotated[
            str, Field(description="The version that the file is based on: `check` returns it.")
        ],
        file_sha256: Annotated[
            str, Field(description="SHA-256 of the file's bytes, in hex: `check` returns it.")
        ],
    ) -> r.SaveResult:
        """Save this one file as the next version on TradingView, if it has exactly these bytes and
        `base_version` is both its base and the newest version. Otherwise nothing is saved."""
        try:
            version = Version.parse(base_version)
        except ValueError as error:
            raise Misuse(f"base_version: {error}", "a version is like 7.0") from None
        if not re.fullmatch("[0-9a-fA-F]{64}", file_sha256):
            raise Misuse("file_sha256 must be 64 hex digits")
        project = self._boundary.project()
        entry = self._boundary.entry(project, path)
        self._boundary.refuse(project, entry.path)
        assert entry.pine_id
        expected = Expected(entry.pine_id, version, file_sha256.lower())

        def act(project: Project) -> Run:
            return push_expected(project, entry.path, expected, verb=VERB)

        run = with_commit(project.setup, act, enabled=False, direction="to")
        return _result(project, entry.path, run)

    def undo(
        self,
        operation: Annotated[str, Field(description="The `operation` that a push returned.")],
    ) -> r.SaveResult:
        """Take back a push of such a server: save the text from before it as the next version. The
        file keeps its text. Refused if anybody saved since, and for everything else that was done
        here."""
        project = self._boundary.project()
        logged = project.workspace.log.operations(MAX_OPERATIONS)
        found = next((one for one in logged if one.key == operation), None)
        if found is None:
            raise _not_own()
        _refuse_others(found)
        for path in found.paths:
            self._boundary.refuse(project, path)
        refuse_broken(project.setup, project.settings.remote, project.settings.owner)
        _, run = undo(project.setup, found.key, project=project)
        return _result(project, found.saves[0].path, run)


def _refuse_others(operation: Operation) -> None:
    """Raise ActionRequired unless it is a push of such a server."""
    if not _is_own(operation):
        raise _not_own()


def _not_own() -> ActionRequired:
    return ActionRequired(
        "no push of `pinesync mcp` has this id",
        "a person can undo it: `pinesync oplog` lists the ids",
    )


def _is_own(operation: Operation) -> bool:
    return operation.verb == VERB and len(operation.saves) == 1


def _result(project: Project, path: RelPath, run: Run) -> r.SaveResult:
    if run.stopped:
        raise run.stopped
    own = [outcome for outcome in run.outcomes if outcome.path == path]
    last = own[-1] if own else None
    if last is None:
        return r.SaveResult(
            done="unchanged",
            version=None,
            operation=None,
            untrusted=r.Message(message="nothing to save: the file has the text of its base"),
        )
    if last.done not in _SAVED or last.exit_code:
        raise NotDone(last, "; ".join(one.message or one.done for one in own))
    return r.SaveResult(
        done=last.done,
        version=str(last.version) if last.version else None,
        operation=_key(project, last),
        findings=r.findings(last.diagnostics),
        untrusted=r.Message(message=r.shown(last.message), hint=r.shown(last.hint)),
    )


def _key(project: Project, outcome: Outcome) -> str | None:
    """The operation that saved the version, if it was a push of such a server."""
    found = (
        one.key
        for one in reversed(project.workspace.log.operations(MAX_OPERATIONS))
        if _is_own(one)
        and (one.saves[0].path, one.saves[0].version) == (outcome.path, outcome.version)
    )
    return next(found, None)
