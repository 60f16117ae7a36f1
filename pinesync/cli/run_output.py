"""How a run of pull, push, restore or resolve is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pinesync.cli.options import current
from pinesync.cli.render import (
    body_of,
    counted,
    diagnostic_lines,
    error_lines,
    harmless,
    one_object,
    out,
    say,
    tinted,
)
from pinesync.sync.outcome import Outcome, Recorded, Run
from pinesync.text.filenames import typed

_RESULTS = frozenset(
    "saved created adopted pulled written merged kept recovered resolved restored forgotten "
    "moved renamed deleted".split()
)
_WIDTH = 9
_SHORT = 10
"""Digits of a commit, as git itself shows it."""


def tell(command: str, run: Run, *, nothing: str, more: Mapping[str, Any] | None = None) -> int:
    """Results on standard output, reasons on standard error; the exit code. `more` is for --json
    alone."""
    if current().json:
        out(one_object(command, run.exit_code, {**(more or {}), **_body(run)}))
        return run.exit_code
    for planned in run.planned:
        out(
            f"{tinted(planned.word, planned.word.ljust(_WIDTH))}  {harmless(planned.path)}: "
            f"would {planned.act}"
        )
    advised = ""
    for outcome in run.outcomes:
        advice = outcome.hint.replace(typed(outcome.path), "")
        _tell(outcome, hint="" if advice == advised else outcome.hint)
        advised = advice
    if run.commit:
        word = tinted("saved", "committed".ljust(_WIDTH))
        out(f"{word}  {run.commit.commit[:_SHORT]}  {harmless(run.commit.subject)}")
    if run.record and run.record.paths:
        _tell_record(run.record)
    if run.stopped:
        for line in error_lines(run.stopped.message, run.stopped.hint):
            say(line)
    elif not run.outcomes and not run.planned:
        say(nothing)
    return run.exit_code


def _body(run: Run) -> dict[str, Any]:
    """The run, with no text unless a finding points into it, and neither commit nor record where
    none was made."""
    outcomes = tuple(o if o.diagnostics else replace(o, source="") for o in run.outcomes)
    body = body_of(replace(run, outcomes=outcomes))
    for key in ("commit", "record"):
        if body[key] is None:
            del body[key]
    return body


def _tell_record(record: Recorded) -> None:
    scripts = counted(len(record.paths), "script")
    if record.commit is None:
        out(f"{record.ref}: would record {scripts}")
        return
    word = tinted("saved", "recorded".ljust(_WIDTH))
    out(f"{word}  {record.commit[:_SHORT]}  {scripts} on {record.ref}")


def _tell(outcome: Outcome, *, hint: str) -> None:
    """The hint is left out where the one before says the same of another path."""
    path = harmless(outcome.path)
    if outcome.done in _RESULTS:
        word = tinted(outcome.done, outcome.done.ljust(_WIDTH))
        before = f"{harmless(outcome.moved_from)} → " if outcome.moved_from else ""
        out(f"{word}  {before}{path}{_versions(outcome)}")
        if outcome.message:
            say(f"  {harmless(outcome.message)}")
    else:
        say(f"{path}: {harmless(outcome.message)}")
    for diagnostic in outcome.diagnostics:
        for line in diagnostic_lines(outcome.path, diagnostic, outcome.source):
            say(line)
    if hint:
        say(f"  hint: {harmless(hint)}")


def _versions(outcome: Outcome) -> str:
    parts = [str(v) for v in (outcome.before, outcome.version) if v]
    return f"  {' → '.join(dict.fromkeys(parts))}" if parts else ""
