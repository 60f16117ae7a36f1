"""`verify`: read everything again, and prove that file, base and service agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import click

from pinesync.app.project import Project, Setup, open_project
from pinesync.cli import completers as completed
from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, jobs, shared
from pinesync.cli.render import emit_json, out
from pinesync.errors import EXIT_DONE, EXIT_LEFT, FacadeError
from pinesync.model import Entry, RelPath, Version
from pinesync.sync.engine.snapshot import Survey, take_snapshot
from pinesync.sync.ports import Remote
from pinesync.sync.selection import select
from pinesync.sync.words import Status
from pinesync.text.canonical import Unreadable, decode, digest
from pinesync.text.plural import pluralize
from pinesync.text.unicode import escape_controls


@click.command("verify", cls=Verb, examples=["pinesync verify", "pinesync verify indicators/"])
@click.argument("paths", nargs=-1, shell_complete=completed.paths)
@jobs
@shared
def command(paths: tuple[str, ...], jobs: int) -> int:
    """Verify that files, bases and TradingView agree, by reading everything.

    Exits with 3 if they do not, and says what differs. Changes nothing.
    """
    result = verify(build_setup(jobs=jobs), paths)
    if emit_json("verify", result):
        return result.exit_code
    proven = 0
    for finding in result.findings:
        proven += not finding.problems
        if finding.problems:
            out(escape_controls(f"{finding.path}: {'; '.join(finding.problems)}"))
    scripts = pluralize(len(result.findings), "script")
    out(f"{proven} of {scripts} proven: file = base = TradingView")
    return result.exit_code


@dataclass(frozen=True, slots=True)
class Difference:
    """One script: verified, or what does not agree."""

    path: RelPath
    version: Version | None
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verified:
    findings: tuple[Difference, ...]

    @property
    def exit_code(self) -> int:
        return EXIT_LEFT if any(finding.problems for finding in self.findings) else EXIT_DONE


def verify(setup: Setup, paths: Sequence[str] = ()) -> Verified:
    """Read every script's file and newest version again, ignoring everything stored. Changes
    nothing."""
    project = open_project(setup)
    ports = project.ports
    view = take_snapshot(ports)
    states = select(view.states, project.patterns(paths))
    open_paths = {r.path for r in project.workspace.log.intents() if r.is_open}
    entries = [s.entry for s in states if s.entry and s.entry.base]
    proofs = ports.tools.parallel(lambda entry: _problems(project, ports.remote, entry), entries)
    by_path = dict(zip([entry.path for entry in entries], proofs, strict=True))
    return Verified(
        tuple(
            Difference(
                s.path,
                s.entry.base.version if s.entry and s.entry.base else None,
                (*_words(view, s.path, s.path in open_paths), *by_path.get(s.path, ())),
            )
            for s in states
        )
    )


def _words(view: Survey, path: RelPath, is_open: bool) -> tuple[str, ...]:
    word = next(s.word for s in view.states if s.path == path)
    words = [] if word is Status.CLEAN else [word]
    return (*words, *(["an interrupted write is pending"] if is_open else []))


def _problems(project: Project, remote: Remote, entry: Entry) -> tuple[str, ...]:
    base, problems = entry.base, []
    assert base
    assert entry.pine_id
    data = project.workspace.tree.read(entry.path)
    try:
        if data is None:
            problems.append("the file is missing")
        elif digest(decode(data)) != base.expected:
            problems.append(f"the file is not the text of {base.version}")
    except Unreadable as error:
        problems.append(f"the file: {error}")
    try:
        newest = remote.get(entry.pine_id)
    except FacadeError as error:
        return (*problems, error.message)
    if newest.version != base.version:
        problems.append(f"the newest version is {newest.version}, the base {base.version}")
    elif newest.digest != base.digest:
        problems.append(f"{base.version} on TradingView is not the text that was recorded")
    return tuple(problems)
