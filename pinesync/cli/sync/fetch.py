"""`fetch`: read and store what is new on TradingView. Only git's record of it changes here."""

from __future__ import annotations

from dataclasses import dataclass

import click

from pinesync.app.commits.remote_tracking import unfiltered_note, update_tracking
from pinesync.app.project import Setup, open_project
from pinesync.cli.group import Verb
from pinesync.cli.options import build_setup, jobs, shared
from pinesync.cli.render import columns, echo_err, emit_json, out, styled
from pinesync.errors import EXIT_FAILED, FacadeError, NotAccessible, gravest
from pinesync.model import PineId, RelPath, Version
from pinesync.sync.engine.snapshot import ask_session, take_snapshot
from pinesync.sync.engine.version_texts import read_text
from pinesync.sync.planner import ScriptState, VersionKey
from pinesync.sync.ports import Ports
from pinesync.sync.words import Status
from pinesync.text.unicode import escape_controls


@click.command("fetch", cls=Verb, examples=["pinesync fetch"])
@jobs
@shared
def command(jobs: int) -> int:
    """Read what is new on TradingView, and change no file.

    The texts are stored for `diff` and for merging offline. In a git repository, the
    remote-tracking branch tradingview/saved moves, as with every pull: `git diff
    tradingview/saved` and `git log ..tradingview/saved` show what differs. `git config
    pinesync.track false` turns this off.
    """
    result = fetch(build_setup(jobs=jobs))
    if emit_json("fetch", result):
        return result.exit_code
    rows = []
    for arrival in result.arrivals:
        versions = [str(v) for v in (arrival.before, arrival.version) if v]
        rows.append(
            (arrival.word, escape_controls(arrival.path), " → ".join(dict.fromkeys(versions)))
        )
    for row, text in zip(rows, columns(rows, cut={1: 12}), strict=True):
        out(styled(row[0]) + text[len(row[0]) :])
    for arrival in result.arrivals:
        if arrival.problem:
            echo_err(f"{escape_controls(arrival.path)}: {escape_controls(arrival.problem)}")
    if result.note:
        echo_err(f"tradingview/saved: {result.note}")
    if not rows:
        echo_err("nothing new on TradingView")
    return result.exit_code


@dataclass(frozen=True, slots=True)
class Arrival:
    """A script whose version on TradingView differs from the one here: its status, the version it
    is based on, the newest one, and the error if that could not be read."""

    path: RelPath
    word: Status
    before: Version | None
    version: Version
    pine_id: PineId
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """The changes on TradingView that the workspace lacks. The commit of the remote-tracking branch
    is None outside git or if the branch is switched off; `note` is a one-time remark about it."""

    arrivals: tuple[Arrival, ...]
    saved: str | None
    note: str = ""

    @property
    def exit_code(self) -> int:
        return gravest(*(EXIT_FAILED for arrival in self.arrivals if arrival.problem))


def fetch(setup: Setup) -> Fetched:
    """Read every text that a pull or a merge would need, so that both work offline, and move the
    remote-tracking branch. Costs one list request, and one read per version not yet stored."""
    project = open_project(setup)
    ports = project.ports
    view = take_snapshot(project.ports)
    troubles = {**(view.troubles or {})}
    _read(ports, [pair for state in view.states for pair in _versions_to_read(state)], troubles)
    arrivals = tuple(
        Arrival(state.path, state.word, _base(state), info.version, info.pine_id, trouble)
        for state in view.states
        if (info := state.info)
        and ((trouble := troubles.get(info.pine_id, "")) or info.version != _base(state))
    )
    saved = update_tracking(project, view.listed or {})
    return Fetched(arrivals, saved, unfiltered_note(project) if saved else "")


def _versions_to_read(state: ScriptState) -> list[VersionKey]:
    """The newest version unless the file has it, and the base of an edited file."""
    info, entry = state.info, state.entry
    base = entry.base if entry else None
    if info is None:
        return []
    as_agreed = base is not None and state.digest == base.expected
    if base and as_agreed and base.version == info.version:
        return []
    wanted = [info.version] if base is None or as_agreed else [info.version, base.version]
    return [(info.pine_id, version) for version in dict.fromkeys(wanted)]


def _base(state: ScriptState) -> Version | None:
    entry = state.entry
    return entry.base.version if entry and entry.base else None


def _read(ports: Ports, pairs: list[VersionKey], troubles: dict[PineId, str]) -> None:
    def read(pair: VersionKey) -> None:
        try:
            read_text(ports, pair)
        except FacadeError as error:
            if isinstance(error, NotAccessible):
                ask_session(ports.remote, pair[0])
            troubles[pair[0]] = error.message

    ports.tools.parallel(read, [pair for pair in pairs if pair[0] not in troubles])
