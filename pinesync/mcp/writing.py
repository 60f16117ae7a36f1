"""The tools that write: `push` saves one file on top of one version, and `undo` reverts such a
push."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Annotated

from pydantic import Field

from pinesync.app.check import check
from pinesync.app.commits.commit_scripts import with_commit
from pinesync.app.probe.proofs import refuse_broken
from pinesync.app.project import Project
from pinesync.app.sync.push import push_expected
from pinesync.app.versions.oplog import MAX_OPERATIONS
from pinesync.app.versions.undo import undo
from pinesync.errors import EXIT_COMPILE, EXIT_LEFT, ActionRequired, Misuse, PinesyncError
from pinesync.mcp import results as r
from pinesync.mcp.boundary import Boundary
from pinesync.mcp.reading import Path
from pinesync.model import RelPath, Version
from pinesync.sync.engine.uploads.prepare_upload import Expected
from pinesync.sync.operations import Operation
from pinesync.sync.outcome import Outcome, Run

VERB = "mcp push"
"""The verb of an MCP push in the operation log."""
_SAVED = ("saved", "recovered")


class SaveNotDone(PinesyncError):
    """A save that was refused, failed, or has an unknown outcome."""

    def __init__(self, outcome: Outcome, message: str) -> None:
        super().__init__(f"{outcome.path}: {message}", outcome.hint)
        self.exit_code = outcome.exit_code or EXIT_LEFT
        self.diagnostics = outcome.diagnostics


class WriteTools:
    """The tools that write. Each method's name is the tool's, its docstring the description."""

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
        """Save this file as the next version on TradingView. Refused, with nothing saved, unless
        the file has exactly these bytes and `base_version` is both its base and the newest
        version."""
        try:
            version = Version.parse(base_version)
        except ValueError as error:
            raise Misuse(f"base_version: {error}", "a version is like 7.0") from None
        if not re.fullmatch("[0-9a-fA-F]{64}", file_sha256):
            raise Misuse("file_sha256 must be 64 hex digits")
        project = self._boundary.open_project()
        entry = self._boundary.entry_at(project, path)
        self._boundary.check_push(project, entry.path)
        assert entry.pine_id
        expected = Expected(entry.pine_id, version, file_sha256.lower())

        def push_script(project: Project) -> Run:
            return push_expected(project, entry.path, expected, verb=VERB)

        _require_compiling(project, entry.path, expected)
        run = with_commit(project.setup, push_script, enabled=False, direction="to")
        return _result(project, entry.path, run)

    def undo(
        self,
        operation: Annotated[str, Field(description="The `operation` that a push returned.")],
    ) -> r.SaveResult:
        """Undo a push made by `pinesync mcp`: save the text from before it as the next version. The
        file on disk does not change. Refused if anything was saved since, and for any other
        operation."""
        project = self._boundary.open_project()
        operations = project.workspace.log.operations(MAX_OPERATIONS)
        mcp_push = next((entry for entry in operations if entry.key == operation), None)
        if mcp_push is None:
            raise _not_an_mcp_push()
        _require_mcp_push(mcp_push)
        for path in mcp_push.paths:
            self._boundary.check_push(project, path)
        refuse_broken(project.setup, project.settings.remote, project.settings.owner)
        _, run = undo(project.setup, mcp_push.key, project=project)
        return _result(project, mcp_push.saves[0].path, run)


def _require_compiling(project: Project, path: RelPath, expected: Expected) -> None:
    """Raise SaveNotDone if the full compiler finds an error in these bytes. A push by a person asks
    the quick one alone, which knows no limits and no Pine below v5."""
    data = project.workspace.tree.read(path)
    if data is None or sha256(data).hexdigest() != expected.sha256:
        return  # the push itself refuses other bytes
    checks = check(project.setup, full=True, source=(path, data))
    if checks.stopped:
        raise checks.stopped
    if errors := checks.files[0].errors:
        outcome = Outcome(path, "refused", exit_code=EXIT_COMPILE, diagnostics=errors)
        raise SaveNotDone(outcome, "does not compile; nothing was saved")


def _require_mcp_push(operation: Operation) -> None:
    """Raise ActionRequired unless it is a push made by `pinesync mcp`."""
    if not _is_mcp_push(operation):
        raise _not_an_mcp_push()


def _not_an_mcp_push() -> ActionRequired:
    return ActionRequired(
        "no push of `pinesync mcp` has this id",
        "a person can undo it: `pinesync oplog` lists the ids",
    )


def _is_mcp_push(operation: Operation) -> bool:
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
    if last.done not in _SAVED:
        raise SaveNotDone(last, "; ".join(outcome.message or outcome.done for outcome in own))
    return r.SaveResult(
        done=last.done,
        exit_code=last.exit_code,
        version=str(last.version) if last.version else None,
        operation=_operation_id(project, last),
        findings=r.findings(last.diagnostics),
        untrusted=r.Message(message=r.shown(last.message), hint=r.hint(last.hint)),
    )


def _operation_id(project: Project, outcome: Outcome) -> str | None:
    """The operation that saved the version, if it was a push made by `pinesync mcp`."""
    keys = (
        operation.key
        for operation in reversed(project.workspace.log.operations(MAX_OPERATIONS))
        if _is_mcp_push(operation)
        and (operation.saves[0].path, operation.saves[0].version) == (outcome.path, outcome.version)
    )
    return next(keys, None)
