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
from pinesync.lsp.documents import Place, refuse_unsaved, required, unsaved
from pinesync.model import Digest, RelPath
from pinesync.sync.outcome import Outcome, Run
from pinesync.text.canonical import digest
from pinesync.text.unicode import escape_controls

Level = Literal["info", "warning", "error"]

_MOST = 6
"""The most lines of a message: editors show it in a corner."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a command: a message for the user and its severity. `outcomes` are those of a
    push or pull in the workspace at `root`; `diff` is the diff of the file `path`."""

    message: str
    level: Level = "info"
    exit_code: int = EXIT_DONE
    root: Path | None = None
    outcomes: tuple[Outcome, ...] = ()
    path: RelPath | None = None
    diff: str = ""


def push_there(setup: Setup, path: Path, texts: Mapping[Path, str]) -> Answer:
    """Push the script, or all scripts in the directory, like `pinesync push`. `texts` are the open
    documents. Sends exactly what the editor shows, or nothing."""
    place = required(setup, path)
    refuse_unsaved(place, texts, "push")
    seen = _seen(place, path, texts)

    def act(project: Project) -> Run:
        return push(place.setup, place.paths, seen=seen, project=project)

    run = with_commit(place.setup, act, wish=None, way="to")
    return _answer(place, run, "nothing to push")


def pull_here(setup: Setup, path: Path, texts: Mapping[Path, str]) -> Answer:
    """Pull the script, or all scripts in the directory, like `pinesync pull`. The files change on
    disk, and the editor reloads them."""
    place = required(setup, path)
    refuse_unsaved(place, texts, "pull")

    def act(project: Project) -> Run:
        return pull(place.setup, place.paths, project=project)

    run = with_commit(place.setup, act, wish=None, way="from")
    return _answer(place, run, "nothing to pull")


def diff_with_remote(setup: Setup, path: Path, texts: Mapping[Path, str]) -> Answer:
    """Compare the file on disk with the newest version on TradingView."""
    place = required(setup, path)
    files = diff(place.setup, place.paths, remote=True).files
    less = ", without the editor's unsaved changes" if unsaved(place, texts) else ""
    if not files:
        return Answer(f"no difference from TradingView{less}")
    notes = [f"{file.path}: {file.note}" for file in files if file.note]
    parts = [
        "\n".join((f"--- {file.old}", f"+++ {file.new}", *file.lines, ""))
        for file in files
        if not file.note
    ]
    counts = [f"{f.path}: +{f.added} -{f.removed} from TradingView" for f in files if not f.note]
    message = _joined([*counts, *notes]) + less
    level: Level = "info" if parts else "warning"
    named = place.path or RelPath("folder")
    return Answer(message, level, path=named, diff="".join(parts))


def failed(error: PinesyncError) -> Answer:
    """The result of a failed command."""
    return Answer(_with_hint(error.message, error.hint or ""), "error", error.exit_code)


def refused(error: PinesyncError) -> Answer:
    return Answer(_with_hint(error.message, error.hint or ""), "warning", error.exit_code)


def without_links(message: str) -> str:
    """Defuse links in the message. VS Code turns [words](address) into a link, even to a command,
    and script names and refusals are untrusted."""
    return message.replace("](", "] (")


def _seen(place: Place, path: Path, texts: Mapping[Path, str]) -> dict[RelPath, Digest]:
    """The digests of the texts on screen, so that a push skips a file that changes meanwhile."""
    return {place.path: digest(texts[path])} if place.path and path in texts else {}


def _answer(place: Place, run: Run, nothing: str) -> Answer:
    said = [_summary(outcome) for outcome in run.outcomes]
    if run.commit:
        said.append(escape_controls(f"committed {run.commit.subject}"))
    level: Level = "info" if run.exit_code == EXIT_DONE else "warning"
    if run.stopped:
        said.append(_with_hint(run.stopped.message, run.stopped.hint or ""))
        level = "error"
    return Answer(_joined(said or [nothing]), level, run.exit_code, place.root, run.outcomes)


def _summary(outcome: Outcome) -> str:
    versions = dict.fromkeys(str(v) for v in (outcome.before, outcome.version) if v)
    done = " ".join((outcome.done, *([" → ".join(versions)] if versions else [])))
    if outcome.exit_code == EXIT_DONE:
        said = f"{outcome.path}: {done}"
        said += f", {outcome.message}" if outcome.message else ""
    else:
        said = f"{outcome.path}: {outcome.message or done}"
    return _with_hint(said, outcome.hint)


def _with_hint(message: str, hint: str) -> str:
    return escape_controls(message) + (f" (hint: {escape_controls(hint)})" if hint else "")


def _joined(said: Sequence[str]) -> str:
    more = [f"and {len(said) - _MOST} more"] if len(said) > _MOST else []
    return "\n".join([*said[:_MOST], *more])
