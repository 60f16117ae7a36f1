"""Push, pull and diff for an editor. They refuse to run past unsaved changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pinesync.app.commits.commit_scripts import with_commit
from pinesync.app.project import Project, Setup
from pinesync.app.sync.diff import diff
from pinesync.app.sync.pull import pull
from pinesync.app.sync.push import push
from pinesync.errors import EXIT_DONE, PinesyncError
from pinesync.lsp.documents import Target, refuse_unsaved, require_target, unsaved
from pinesync.model import Digest, RelPath
from pinesync.sync.outcome import Outcome, Run
from pinesync.text.canonical import digest
from pinesync.text.unicode import escape_controls

Level = Literal["info", "warning", "error"]

_MAX_LINES = 6
"""The most lines of a message: editors show it in a corner."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The result of a command: a message for the user and its severity. `outcomes` are those of a
    push or pull in the workspace at `root`; `diff` is the diff of the file `path`."""

    message: str
    level: Level = "info"
    exit_code: int = EXIT_DONE
    root: Path | None = None
    outcomes: tuple[Outcome, ...] = ()
    path: RelPath | None = None
    diff: str = ""


def push_command(setup: Setup, path: Path, texts: Mapping[Path, str]) -> CommandResult:
    """Push the script, or all scripts in the directory, like `pinesync push`. `texts` are the open
    documents. Sends exactly what the editor shows, or nothing."""
    target = require_target(setup, path)
    refuse_unsaved(target, texts, "push")
    seen = _expected_digests(target, path, texts)

    def action(project: Project) -> Run:
        return push(target.setup, target.paths, seen=seen, project=project)

    run = with_commit(target.setup, action, enabled=None, direction="to")
    return _result_of(target, run, "nothing to push")


def pull_command(setup: Setup, path: Path, texts: Mapping[Path, str]) -> CommandResult:
    """Pull the script, or all scripts in the directory, like `pinesync pull`. The files change on
    disk, and the editor reloads them."""
    target = require_target(setup, path)
    refuse_unsaved(target, texts, "pull")

    def action(project: Project) -> Run:
        return pull(target.setup, target.paths, project=project)

    run = with_commit(target.setup, action, enabled=None, direction="from")
    return _result_of(target, run, "nothing to pull")


def diff_command(setup: Setup, path: Path, texts: Mapping[Path, str]) -> CommandResult:
    """Compare the file on disk with the newest version on TradingView."""
    target = require_target(setup, path)
    files = diff(target.setup, target.paths, remote=True).files
    suffix = ", without the editor's unsaved changes" if unsaved(target, texts) else ""
    if not files:
        return CommandResult(f"no difference from TradingView{suffix}")
    notes = [f"{file.path}: {file.note}" for file in files if file.note]
    parts = [
        "\n".join((f"--- {file.old}", f"+++ {file.new}", *file.lines, ""))
        for file in files
        if not file.note
    ]
    counts = [f"{f.path}: +{f.added} -{f.removed} from TradingView" for f in files if not f.note]
    message = _join_lines([*counts, *notes]) + suffix
    level: Level = "info" if parts else "warning"
    shown = target.path or RelPath("folder")
    return CommandResult(message, level, path=shown, diff="".join(parts))


def failed(error: PinesyncError) -> CommandResult:
    """The result of a failed command."""
    return CommandResult(_with_hint(error.message, error.hint or ""), "error", error.exit_code)


def refused(error: PinesyncError) -> CommandResult:
    return CommandResult(_with_hint(error.message, error.hint or ""), "warning", error.exit_code)


def without_links(message: str) -> str:
    """Defuse links in the message. VS Code turns [words](address) into a link, even to a command,
    and script names and refusals are untrusted."""
    return message.replace("](", "] (")


def _expected_digests(
    target: Target, path: Path, texts: Mapping[Path, str]
) -> dict[RelPath, Digest]:
    """The digests of the texts on screen, so that a push skips a file that changes meanwhile."""
    return {target.path: digest(texts[path])} if target.path and path in texts else {}


def _result_of(target: Target, run: Run, nothing: str) -> CommandResult:
    lines = [_summary(outcome) for outcome in run.outcomes]
    if run.commit:
        lines.append(escape_controls(f"committed {run.commit.subject}"))
    level: Level = "info" if run.exit_code == EXIT_DONE else "warning"
    if run.stopped:
        lines.append(_with_hint(run.stopped.message, run.stopped.hint or ""))
        level = "error"
    return CommandResult(
        _join_lines(lines or [nothing]), level, run.exit_code, target.root, run.outcomes
    )


def _summary(outcome: Outcome) -> str:
    versions = dict.fromkeys(str(v) for v in (outcome.before, outcome.version) if v)
    done = " ".join((outcome.done, *([" → ".join(versions)] if versions else [])))
    if outcome.exit_code == EXIT_DONE:
        summary = f"{outcome.path}: {done}"
        summary += f", {outcome.message}" if outcome.message else ""
    else:
        summary = f"{outcome.path}: {outcome.message or done}"
    return _with_hint(summary, outcome.hint)


def _with_hint(message: str, hint: str) -> str:
    return escape_controls(message) + (f" (hint: {escape_controls(hint)})" if hint else "")


def _join_lines(lines: Sequence[str]) -> str:
    more = [f"and {len(lines) - _MAX_LINES} more"] if len(lines) > _MAX_LINES else []
    return "\n".join([*lines[:_MAX_LINES], *more])
