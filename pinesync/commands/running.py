"""What pull and push share: the run's result, and what is said of scripts that are left alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pinesync.commands.choosing import id_of
from pinesync.commands.project import Project
from pinesync.errors import EXIT_LATER, EXIT_LEFT, PinesyncError, gravest
from pinesync.model import Entry, PineId, RelPath
from pinesync.naming import typed
from pinesync.sync.execute.late import find_late
from pinesync.sync.execute.look import View, look
from pinesync.sync.execute.pull import Step
from pinesync.sync.plan import Situation
from pinesync.sync.policy import Act, Local, There
from pinesync.sync.ports import Ports
from pinesync.sync.report import Outcome, enumerated
from pinesync.sync.words import Status
from pinesync.text import NO_TEXT


@dataclass(frozen=True, slots=True)
class Planned:
    """A step that a dry run would do."""

    path: RelPath
    word: Status
    act: str


@dataclass(frozen=True, slots=True)
class Committed:
    """The commit of what a run changed, and whose files are in it."""

    commit: str
    subject: str
    paths: tuple[RelPath, ...]


@dataclass(frozen=True, slots=True)
class Recorded:
    """The side ref that records the bases, its newest commit, and the scripts that are new there.
    `commit` is None of what a dry run would record, and where there is no record yet."""

    ref: str
    commit: str | None
    paths: tuple[RelPath, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """What a run did, in order, and the error that ended it early, if one did. A dry run has
    `planned` instead. `commit` is there where one was made, `record` where one was asked for."""

    outcomes: tuple[Outcome, ...] = ()
    planned: tuple[Planned, ...] = ()
    dry_run: bool = False
    stopped: PinesyncError | None = None
    commit: Committed | None = None
    record: Recorded | None = None

    @property
    def exit_code(self) -> int:
        codes = [outcome.exit_code for outcome in self.outcomes]
        return gravest(*codes, *([self.stopped.exit_code] if self.stopped else []))


def finished(outcomes: Iterable[Outcome], before: Sequence[Outcome] = ()) -> Run:
    """Run the steps to the end, or to the error that stops them: what was done is told anyway."""
    done = list(before)
    try:
        for outcome in outcomes:
            done.append(outcome)  # noqa: PERF402 - what came before an error counts
    except PinesyncError as error:
        return Run(tuple(done), stopped=error)
    return Run(tuple(done))


def viewed(
    project: Project, ports: Ports, only: frozenset[RelPath] | None = None
) -> tuple[View, tuple[Outcome, ...]]:
    """The three sides, once saves that came late are accounted for; of `only` these scripts. The
    account is pinned to the folder with the first script seen."""
    view = look(ports.remote, ports.workspace, ports.tools, project.scope(only))
    late = find_late(ports, view.listed or {})
    if late:
        view = look(ports.remote, ports.workspace, ports.tools, project.scope(only))
    if changes := {**view.flagged, **_forgotten_choices(view)}:
        project.folder.commit(changes)
    settings = project.settings
    if view.account and settings.account is None:
        project.folder.commit({}, settings.pinned(view.account))
    return view, late


def _forgotten_choices(view: View) -> dict[RelPath, Entry]:
    """A text that was chosen by name, and is not in the file any more, is not meant any more."""
    clean = (s.entry for s in view.situations if s.local is Local.SAME and s.entry)
    chosen = ((entry, entry.base) for entry in clean if entry.base and entry.base.chosen)
    return {e.path: replace(e, base=replace(base, chosen=None)) for e, base in chosen}


def planned(steps: Sequence[Step]) -> Run:
    rows = tuple(
        Planned(step.situation.path, step.situation.word, _PLANNED.get(step.act, step.act.value))
        for step in steps
        if step.act is not Act.NOTHING
    )
    return Run(planned=rows, dry_run=True)


def left_alone(
    step: Step,
    troubles: Mapping[PineId, str] | None = None,
    moves: Mapping[RelPath, RelPath] | None = None,
) -> Outcome | None:
    """What is told of a step that changes nothing; None where there is nothing to tell. `moves`
    are the files that were moved by hand, new path to old."""
    situation, path = step.situation, step.situation.path
    if step.act in (Act.NOTHING, Act.LEAVE):
        return None
    told = Outcome(path, "refused", exit_code=EXIT_LEFT, pine_id=id_of(situation))
    if step.act is Act.TELL and path in (moves or {}).values():
        new = next(new for new, old in (moves or {}).items() if old == path)
        return replace(
            told,
            done="told",
            exit_code=0,
            message=f"the file was moved to {new}",
            hint=f"`pinesync add --moved {typed(new)}` keeps it the same script",
        )
    if step.act is Act.TELL:
        return replace(
            told,
            done="told",
            exit_code=0,
            message="the file is gone; the script on TradingView stays",
            hint=f"`pinesync restore {typed(path)}` brings it back; `pinesync rm` forgets it",
        )
    message, hint = _reason(step)
    if situation.word is Status.UNREADABLE and not situation.problem.startswith(NO_TEXT):
        hint = "put a plain file there that you can read; nothing was sent or replaced"
    pine_id = id_of(situation)
    trouble = (troubles or {}).get(pine_id) if pine_id else None
    if situation.word is Status.UNREADABLE and situation.entry is None:
        told = replace(told, done="told", exit_code=0)  # nobody listed it
    base = situation.entry.base if situation.entry else None
    newest = situation.info.version if situation.info else None
    words = {
        "path": typed(path),
        "id": pine_id,
        "before": base.version if base else None,
        "after": newest or (base.version if base else None),
        "theirs": enumerated(situation.comparison.reverted),
        "unknown": situation.comparison.unknown,
    }
    if step.act is Act.LATER:
        told = replace(told, exit_code=EXIT_LATER)
    return replace(
        told,
        done="kept" if step.act is Act.KEEP else told.done,
        message=trouble or situation.problem or message.format(**words),
        hint=hint.format(**words),
    )


def _reason(step: Step) -> tuple[str, str]:
    """Why a step changes nothing, and what to do: by the word of status, or closer."""
    situation = step.situation
    if step.act is Act.LATER:
        return _UNCOMPARED
    if situation.there is There.RECORDED_THEIRS and situation.word is Status.ROLLED_BACK:
        return _BEHIND_THEIRS
    if situation.word is Status.DIVERGED and situation.entry and situation.entry.base is None:
        return _LINKED
    refusal = situation.word.refusal
    assert refusal, f"nothing is said of {situation.word}"
    return refusal


_UNCOMPARED = (
    "cannot tell whether this takes back what somebody else saved: {unknown}",
    "nothing was sent or changed; run the same command again later",
)
_BEHIND_THEIRS = (
    "git went back to before {after}, and somebody else saved in between",
    "`pinesync pull {path}` brings it back; `pinesync push --over {after} {path}` means it",
)
_LINKED = (
    "linked with a script that has another text ({after})",
    "run `pinesync pull` to merge the two, then push again",
)
_PLANNED = {
    Act.TELL: "be left: the file is missing",
    Act.LEAVE: "be left: pull brings what was saved there",
    Act.FORWARD: "take the newest version",
    Act.ADOPT: "be noted as it is: both sides are equal",
    Act.ADOPT_FORWARD: "take the newest version",
    Act.MERGE: "be merged, with conflict markers where both changed a line",
    Act.WRITE: "be written",
    Act.KEEP: "be kept: the script is gone",
    Act.SAVE: "be saved as the next version",
    Act.SAVE_OVER: "be saved over the newest version",
    Act.CREATE: "be created",
    Act.REFUSE: "be refused",
    Act.PUT_BACK: "be merged from the version that its text is really based on",
    Act.LATER: "be refused: the versions to compare it with cannot be read now",
    Act.TAKE_OURS: "keep its text, on top of theirs",
    Act.TAKE_THEIRS: "take their text",
}
AGREES = frozenset(_PLANNED[act] for act in (Act.SAVE, Act.SAVE_OVER, Act.CREATE, Act.ADOPT))
"""What a push would do to give a script a newer base."""


def not_listed(situation: Situation, moves: Mapping[RelPath, RelPath]) -> Outcome:
    """A file that was named for a push and that pine.toml does not list."""
    path = situation.path
    what = "add --moved" if path in moves else "add"
    return Outcome(
        path,
        "refused",
        message="not listed yet, so it was not saved",
        hint=f"run `pinesync {what} {typed(path)}`, then push again",
        exit_code=EXIT_LEFT,
    )
