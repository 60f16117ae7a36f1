"""Output for the runs of pull, push, restore and resolve."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

from pinesync.cli.options import current
from pinesync.cli.render import (
    body_of,
    diagnostic_lines,
    echo_err,
    error_lines,
    json_object,
    out,
    styled,
)
from pinesync.model import RelPath
from pinesync.sync.next_step import hint_for
from pinesync.sync.outcome import Done, Outcome, Planned, Recorded, Run
from pinesync.text.filenames import shell_quote
from pinesync.text.plural import pluralize
from pinesync.text.unicode import escape_controls

_RESULTS = frozenset(
    "saved created adopted pulled written merged kept recovered resolved restored forgotten "
    "moved renamed deleted".split()
)
_WIDTH = 9
_SHORT = 10
"""Digits of a commit, as git itself shows it."""


def print_run(
    command: str,
    run: Run,
    *,
    nothing: str,
    sums: bool = False,
    more: Mapping[str, Any] | None = None,
) -> int:
    """Print results on standard output and reasons on standard error. Return the exit code. With
    `sums`, end with a line of sums, and list scripts that are merely behind only with -v. `more` is
    for --json only."""
    if current().json:
        out(json_object(command, run.exit_code, {**(more or {}), **_body(run)}))
        return run.exit_code
    for planned in run.planned:
        out(
            f"{styled(planned.word, planned.word.ljust(_WIDTH))}  {escape_controls(planned.path)}: "
            f"would {planned.act}"
        )
        _print_diagnostics(planned)
    advised = ""
    behind = [o.path for o in run.outcomes if sums and o.done == "skipped" and not o.exit_code]
    for outcome in run.outcomes:
        if outcome.path in behind and not current().verbose:
            continue
        advice = outcome.hint.replace(shell_quote(outcome.path), "")
        _print_outcome(outcome, advice="" if advice == advised else outcome.hint)
        advised = advice
    if run.commit:
        word = styled("saved", "committed".ljust(_WIDTH))
        out(f"{word}  {run.commit.commit[:_SHORT]}  {escape_controls(run.commit.subject)}")
    if run.record and run.record.paths:
        _print_record(run.record)
    if sums:
        _print_totals(run, behind)
    if run.stopped:
        for line in error_lines(run.stopped.message, run.stopped.hint):
            echo_err(line)
    elif run.is_empty:
        echo_err(nothing)
    return run.exit_code


def _print_totals(run: Run, behind: Sequence[RelPath]) -> None:
    """One line for all scripts, if the lines before do not say it already."""
    counts = Counter(o.done for o in run.outcomes if o.done != "told" and o.path not in behind)
    sums = [_total(counts[done], done) for done in get_args(Done) if counts[done]]
    sums += [f"{len(behind)} behind"] if behind else []
    if counts.total() > 1 or behind:
        out(", ".join(sums))
    if behind:
        echo_err(f"hint: {escape_controls(hint_for('pull', behind))}")


def _total(number: int, done: str) -> str:
    return pluralize(number, done) if done == "conflict" else f"{number} {done}"


def _body(run: Run) -> dict[str, Any]:
    """The run as JSON. It includes a text only if a finding points into it, and a commit or a
    record only if one was made."""
    outcomes = tuple(o if o.diagnostics else replace(o, source="") for o in run.outcomes)
    body = body_of(replace(run, outcomes=outcomes))
    for key in ("commit", "record"):
        if body[key] is None:
            del body[key]
    return body


def _print_record(record: Recorded) -> None:
    scripts = pluralize(len(record.paths), "script")
    if record.commit is None:
        out(f"{record.ref}: would record {scripts}")
        return
    word = styled("saved", "recorded".ljust(_WIDTH))
    out(f"{word}  {record.commit[:_SHORT]}  {scripts} on {record.ref}")


def _print_outcome(outcome: Outcome, *, advice: str) -> None:
    """Print one outcome. `advice` is left out if the previous one was the same."""
    path = escape_controls(outcome.path)
    if outcome.done in _RESULTS:
        word = styled(outcome.done, outcome.done.ljust(_WIDTH))
        before = f"{escape_controls(outcome.moved_from)} → " if outcome.moved_from else ""
        out(f"{word}  {before}{path}{_versions(outcome)}")
        if outcome.message:
            echo_err(f"  {escape_controls(outcome.message)}")
    else:
        echo_err(f"{path}: {escape_controls(outcome.message)}")
    _print_diagnostics(outcome)
    if advice:
        echo_err(f"  hint: {escape_controls(advice)}")


def _print_diagnostics(outcome: Outcome | Planned) -> None:
    for diagnostic in outcome.diagnostics:
        for line in diagnostic_lines(outcome.path, diagnostic, outcome.source):
            echo_err(line)


def _versions(outcome: Outcome) -> str:
    parts = [str(v) for v in (outcome.before, outcome.version) if v]
    return f"  {' → '.join(dict.fromkeys(parts))}" if parts else ""
