"""`probe`: check the protocol on the user's account, with a script that it creates and deletes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pinesync import __version__
from pinesync.app.probe.facts import FACTS, broken_promise
from pinesync.app.probe.proofs import Proof, keep, place_of, proof_of
from pinesync.app.probe.record import Records
from pinesync.app.project import DEFAULT_REMOTE, Setup, find_account, open_remote
from pinesync.clock import wall
from pinesync.errors import (
    EXIT_DIFFERENT,
    EXIT_DONE,
    EXIT_LEFT,
    ActionRequired,
    Misuse,
    PinesyncError,
    RateLimited,
)

if TYPE_CHECKING:
    from pinesync.app.probe.record import Record
    from pinesync.app.probe.session import ProbeSession
    from pinesync.app.probe.steps import ProbeRun

PACE = 1.0
"""Seconds between two requests to TradingView, at least."""
_UNCLEAR = "goes by the status and reads again; please report it"
_LONGEST = 30.0
"""The longest wait before the script of a rate-limited probe is removed, in seconds."""


@dataclass(frozen=True, slots=True)
class Found:
    """One observed fact. `detail` has the status and the keys of an unclear response;
    `does` what pinesync does with such an answer; `breaks` the promise that it breaks, if any."""

    fact: str
    question: str
    expected: tuple[str, ...]
    seen: str
    detail: str
    does: str
    breaks: int | None

    @property
    def differs(self) -> bool:
        return self.seen not in self.expected


@dataclass(frozen=True, slots=True)
class Probed:
    """The results of a probe. `remote` is tradingview, sandbox or facade; `left` whether its script
    may still be on the account; `stopped` what ended it early, if anything."""

    version: str
    remote: str
    requests: int
    facts: tuple[Found, ...]
    left: bool
    stopped: PinesyncError | None = None

    @property
    def exit_code(self) -> int:
        if self.left:
            return EXIT_LEFT
        if self.stopped:
            return self.stopped.exit_code
        return EXIT_DIFFERENT if any(found.differs for found in self.facts) else EXIT_DONE


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The number of probes that left something, and the names of the scripts that still exist."""

    probes: int
    left: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        return EXIT_LEFT if self.left else EXIT_DONE


def probe(
    setup: Setup,
    *,
    remote: str | None = None,
    pace: float | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Probed:
    """Settle the facts on the account, and keep them. ActionRequired while a script of an earlier
    probe may be left; Misuse for a pace that TradingView is not asked at."""
    from pinesync.app.probe.steps import ProbeRun

    remote, session, records = _open_session(setup, remote, pace, sleep)
    place = place_of(setup, remote)
    with records.exclusive():
        if records.of(place):
            raise ActionRequired(
                "an earlier probe may have left a script there",
                "run `pinesync probe --clean` first",
            )
        probe_run, stopped = ProbeRun(session, place), None
        try:
            probe_run.run()
        except PinesyncError as error:
            stopped = error
        left = probe_run.left or bool(stopped and _is_left(setup, session, stopped))
        _store_proof(setup, remote, probe_run, finished=stopped is None)
    kind = "facade" if remote == DEFAULT_REMOTE and setup.facade_url else remote.partition(":")[0]
    return Probed(__version__, kind, session.pace.sent, tuple(_found(probe_run)), left, stopped)


def clean(
    setup: Setup,
    *,
    remote: str | None = None,
    pace: float | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Cleaned:
    """Remove the scripts that earlier probes left, and nothing else."""
    from pinesync.app.probe.cleaning import clean as clean_one

    remote, session, records = _open_session(setup, remote, pace, sleep)
    with records.exclusive():
        leftover = records.of(place_of(setup, remote))
        left = [
            record.name for record in leftover if clean_one(session, record, setup.settle_seconds)
        ]
    return Cleaned(len(leftover), tuple(left))


def leftovers(setup: Setup, remote: str) -> Sequence[Record]:
    """The probes that may have left a script on this remote."""
    return Records(setup.places.state).of(place_of(setup, remote))


def _open_session(
    setup: Setup, remote: str | None, pace: float | None, sleep: Callable[[float], None]
) -> tuple[str, ProbeSession, Records]:
    """Open a session with the account of `remote`, or of the current workspace."""
    from pinesync.app.probe.session import Limiter, ProbeSession

    remote, project = find_account(setup, remote)
    real = remote == DEFAULT_REMOTE and not setup.facade_url
    if pace is None:
        pace = PACE if remote == DEFAULT_REMOTE else 0.0
    if real and pace < PACE:
        raise Misuse(f"--pace: TradingView is asked once in {PACE:.0f} s at most")
    limiter = Limiter(pace, sleep)
    client = open_remote(
        replace(setup, before=limiter, jobs=1, timeout=None),
        remote,
        manifest=project.workspace.manifest if project else None,
    )
    records = Records(setup.places.state)
    return remote, ProbeSession(client.session, records, limiter), records


def _is_left(setup: Setup, session: ProbeSession, stopped: PinesyncError) -> bool:
    """Remove the script of a probe that ended early. Returns whether one may be left."""
    from pinesync.app.probe.cleaning import clean as clean_one
    from pinesync.app.probe.session import MAX_REQUESTS

    if session.record is None:
        return False
    if isinstance(stopped, RateLimited):
        session.pace.sleep(min(stopped.retry_after or PACE, _LONGEST))
    few = MAX_REQUESTS - session.pace.sent < 4
    try:
        return clean_one(session, session.record, setup.settle_seconds, at_once=few)
    except PinesyncError:
        return True


def _store_proof(setup: Setup, remote: str, probe_run: ProbeRun, *, finished: bool) -> None:
    """Store the observed facts of a known account. A probe that ended early adds to the last
    proof."""
    account = probe_run.account
    if account is None:
        return
    facts = {name: seen.value for name, seen in probe_run.seen.items()}
    if not finished and (before := proof_of(setup, remote, account)):
        facts = {**before.facts, **facts}
    proof = Proof(probe_run.place, account, wall(), __version__, finished, facts)
    keep(setup.places.state, proof)


def _found(probe_run: ProbeRun) -> list[Found]:
    """The observed facts, in the order of the table."""
    observations = []
    for fact in FACTS:
        if seen := probe_run.seen.get(fact.name):
            does = fact.values.get(seen.value, _UNCLEAR)
            breaks = broken_promise(fact.name, seen.value)
            observations.append(
                Found(
                    fact.name, fact.question, fact.expected, seen.value, seen.detail, does, breaks
                )
            )
    return observations
