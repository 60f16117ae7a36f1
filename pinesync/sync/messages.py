"""Messages for scripts that a run leaves alone, and for the steps of a dry run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pinesync.errors import EXIT_LATER, EXIT_LEFT
from pinesync.model import PineId, RelPath
from pinesync.sync.outcome import Outcome, Planned, Run, join_versions
from pinesync.sync.planner import ScriptState, Step
from pinesync.sync.policy import Act, RemoteSide
from pinesync.sync.selection import id_of
from pinesync.sync.words import Status
from pinesync.text.canonical import NO_TEXT
from pinesync.text.filenames import shell_quote


def planned_run(steps: Sequence[Step], previews: Sequence[Planned] = ()) -> Run:
    """The run of a plan. `previews` are rows with findings; an empty `act` in one is the step's."""
    known = {preview.path: preview for preview in previews}

    def row(step: Step) -> Planned:
        path, act = step.state.path, _PLANNED.get(step.act, step.act.value)
        if preview := known.get(path):
            return replace(preview, act=preview.act or act)
        return Planned(path, step.state.word, act)

    return Run(planned=tuple(row(s) for s in steps if s.act is not Act.NOTHING), dry_run=True)


def unchanged_outcome(
    step: Step,
    troubles: Mapping[PineId, str] | None = None,
    moves: Mapping[RelPath, RelPath] | None = None,
) -> Outcome | None:
    """The outcome of a step that changes nothing; None if there is nothing to report. `moves` maps
    the new path of each file that was moved by hand to its old path."""
    state, path = step.state, step.state.path
    if step.act in (Act.NOTHING, Act.LEAVE):
        return None
    outcome = Outcome(path, "refused", exit_code=EXIT_LEFT, pine_id=id_of(state))
    if step.act is Act.EXPLAIN and path in (moves or {}).values():
        new = next(new for new, old in (moves or {}).items() if old == path)
        return replace(
            outcome,
            done="told",
            exit_code=0,
            message=f"the file was moved to {new}",
            hint=f"`pinesync add --moved {shell_quote(new)}` keeps it the same script",
        )
    if step.act is Act.EXPLAIN:
        return replace(
            outcome,
            done="told",
            exit_code=0,
            message="the file is gone; the script on TradingView stays",
            hint=f"`pinesync restore {shell_quote(path)}` brings it back; `pinesync rm` forgets it",
        )
    message, hint = _reason(step)
    if state.word is Status.UNREADABLE and not state.problem.startswith(NO_TEXT):
        hint = "replace it with a readable plain file; nothing was sent or replaced"
    pine_id = id_of(state)
    trouble = (troubles or {}).get(pine_id) if pine_id else None
    if state.word is Status.UNREADABLE and state.entry is None:
        outcome = replace(outcome, done="told", exit_code=0)  # it is not listed
    base = state.entry.base if state.entry else None
    newest = state.info.version if state.info else None
    words = {
        "path": shell_quote(path),
        "id": pine_id,
        "before": base.version if base else None,
        "after": newest or (base.version if base else None),
        "theirs": join_versions(state.comparison.reverted),
        "unknown": state.comparison.unknown,
    }
    if step.act is Act.LATER:
        outcome = replace(outcome, exit_code=EXIT_LATER)
    return replace(
        outcome,
        done="kept" if step.act is Act.KEEP else outcome.done,
        message=trouble or state.problem or message.format(**words),
        hint=hint.format(**words),
    )


def _reason(step: Step) -> tuple[str, str]:
    """Why a step changes nothing, and what to do: from the status word, or more specific."""
    state = step.state
    # The versions between base and newest could not be read.
    if step.act is Act.LATER:
        return _UNCOMPARED
    # Git checked out an older base, and the newer versions include saves by others.
    if state.remote is RemoteSide.RECORDED_THEIRS and state.word is Status.ROLLED_BACK:
        return _BEHIND_THEIRS
    # Linked but never synced: there is no base, so the two texts merely differ.
    if state.word is Status.DIVERGED and state.entry and state.entry.base is None:
        return _LINKED
    refusal = state.word.refusal
    assert refusal, f"no message for {state.word}"
    return refusal


_UNCOMPARED = (
    "cannot tell whether this reverts somebody else's save: {unknown}",
    "nothing was sent or changed; run the same command again later",
)
_BEHIND_THEIRS = (
    "git went back to before {after}, and somebody else saved in between",
    "`pinesync pull {path}` restores that; `pinesync push --over {after} {path}` overwrites it",
)
_LINKED = (
    "linked with a script that has a different text ({after})",
    "run `pinesync pull` to merge the two, then push again",
)
_PLANNED = {
    Act.EXPLAIN: "be left: the file is missing",
    Act.LEAVE: "be left: pull downloads the newer version",
    Act.FORWARD: "take the newest version",
    Act.ADOPT: "be recorded as it is: both sides are equal",
    Act.ADOPT_FORWARD: "take the newest version",
    Act.MERGE: "be merged, with conflict markers where both changed a line",
    Act.WRITE: "be written",
    Act.KEEP: "be kept: the script is gone",
    Act.SAVE: "be saved as the next version",
    Act.SAVE_OVER: "be saved over the newest version",
    Act.CREATE: "be created",
    Act.REFUSE: "be refused",
    Act.PUT_BACK: "be merged, from the version that its text is really based on",
    Act.LATER: "be refused: the versions to compare it with cannot be read now",
    Act.TAKE_OURS: "keep its text, on top of theirs",
    Act.TAKE_THEIRS: "take their text",
}
AGREES = frozenset(_PLANNED[act] for act in (Act.SAVE, Act.SAVE_OVER, Act.CREATE, Act.ADOPT))
"""The planned steps of a push that give a script a newer base."""


def not_listed(state: ScriptState, moves: Mapping[RelPath, RelPath]) -> Outcome:
    """The outcome for a file named in a push that pine.toml does not list."""
    path = state.path
    what = "add --moved" if path in moves else "add"
    return Outcome(
        path,
        "refused",
        message="not listed yet, so it was not saved",
        hint=f"run `pinesync {what} {shell_quote(path)}`, then push again",
        exit_code=EXIT_LEFT,
    )
