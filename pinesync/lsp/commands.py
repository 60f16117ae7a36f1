"""Push, pull and diff for an editor: the commands of everyday, and never past what is not saved."""

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
"""An editor shows a message in a corner."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an act: the message for the person and how grave it is. `outcomes` are those of
    a push or a pull of the workspace at `root`, `diff` is the text of one, for the file that `path`
    names."""

    message: str
    level: Level = "info"
    exit_code: int = EXIT_DONE
    root: Path | None = None
    outcomes: tuple[Outcome, ...] = ()
    path: RelPath | None = None
    diff: str = ""


def push_there(setup: Setup, path: Path, texts: Mapping[Path, str]) -> Answer:
    """Save the script, or all of the folder, as `pinesync push` does; `texts` are those of the
    open documents, and what the editor shows is what is sent, or nothing is."""
    place = required(setup, path)
    refuse_unsaved(place, texts, "push")
    seen = _seen(place, path, texts)

    def act(project: Project) -> Run:
        return push(place.setup, place.paths, seen=seen, project=project)

    run = with_commit(place.setup, act, wish=None, way="to")
    return _answer(place, run, "nothing to push")


def pull_here(setup: Setup, path: Path, texts: Mapping[Path, str]) -> Answer:
    """Bring the script, or all of the folder, as `pinesync pull` does. The files change on disk,
    and it is the editor that reads them again."""
    place = required(setup, path)
    refuse_unsaved(place, texts, "pull")

    def act(project: Project) -> Run:
        return pull(place.setup, place.paths, project=project)

    run = with_commit(place.setup, act, wish=None, way="from")
    return _answer(place, run, "nothing to pull")


def diff_with_remote(setup: Setup, path: Path, texts: Mapping[Path, str]) -> Answer:
    """How the file, as it was saved last, differs from the newest version on TradingView."""
    place = required(setup, path)
    files = diff(place.setup, place.paths, remote=True).files
    less = "; what is not saved in the editor is not in it" if unsaved(place, texts) else ""
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
    """An act that did not begin, or broke off."""
    return Answer(_with_hint(error.message, error.hint or ""), "error", error.exit_code)


def refused(error: PinesyncError) -> Answer:
    return Answer(_with_hint(error.message, error.hint or ""), "warning", error.exit_code)


def without_links(message: str) -> str:
    """The message as text alone. VS Code makes a link of [words](address), also to a command, and
    names and refusals come from others."""
    return message.replace("](", "] (")


def _seen(place: Place, path: Path, texts: Mapping[Path, str]) -> dict[RelPath, Digest]:
    """The text that the person looks at: a file that changes right now is not sent."""
    return {place.path: digest(texts[path])} if place.path and path in texts else {}


def _answer(place: Place, run: Run, nothing: str) -> Answer:
    said = [_told(outcome) for outcome in run.outcomes]
    if run.commit:
        said.append(escape_controls(f"committed {run.commit.subject}"))
    level: Level = "info" if run.exit_code == EXIT_DONE else "warning"
    if run.stopped:
        said.append(_with_hint(run.stopped.message, run.stopped.hint or ""))
        level = "error"
    return Answer(_joined(said or [nothing]), level, run.exit_code, place.root, run.outcomes)


def _told(outcome: Outcome) -> str:
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
