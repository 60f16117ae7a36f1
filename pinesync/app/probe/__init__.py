"""`probe`: prove the protocol on the user's account, with a script that it makes and removes."""

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
    from pinesync.app.probe.steps import Probing

PACE = 1.0
"""Seconds between two requests to TradingView, at least."""
_UNCLEAR = "goes by the status and reads again; please report it"
_LONGEST = 30.0
"""The longest wait before the script of a rate-limited probe is removed, in seconds."""


@dataclass(frozen=True, slots=True)
class Found:
    """One fact as it was seen. `detail` is the status and the keys of an answer that is unclear;
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
    """What a probe has found. `remote` is tradingview, sandbox or facade; `left` whether its script
    may still be there; `stopped` what ended it early, if anything."""

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
    """How many probes left something, and the names of the scripts that are still there."""

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
    from pinesync.app.probe.steps import Probing

    remote, session, records = _open_session(setup, remote, pace, sleep)
    place = place_of(setup, remote)
    with records.exclusive():
        if records.of(place):
            raise ActionRequired(
                "an earlier probe may have left a script there",
                "run `pinesync probe --clean` first",
            )
        probing, stopped = Probing(session, place), None
        try:
            probing.run()
        except PinesyncError as error:
            stopped = error
        left = probing.left or bool(stopped and _is_left(setup, session, stopped))
        _store_proof(setup, remote, probing, finished=stopped is None)
    kind = "facade" if remote == DEFAULT_REMOTE and setup.facade_url else remote.partition(":")[0]
    return Probed(__version__, kind, session.pace.sent, tuple(_found(probing)), left, stopped)


def clean(
    setup: Setup,
    *,
    remote: str | None = None,
    pace: float | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Cleaned:
    """Remove what earlier probes left there, and only that."""
    from pinesync.app.probe.cleaning import clean as clean_one

    remote, session, records = _open_session(setup, remote, pace, sleep)
    with records.exclusive():
        found = records.of(place_of(setup, remote))
        left = [record.name for record in found if clean_one(session, record, setup.settle_seconds)]
    return Cleaned(len(found), tuple(left))


def leftovers(setup: Setup, remote: str) -> Sequence[Record]:
    """The probes that may have left a script there."""
    return Records(setup.places.state).of(place_of(setup, remote))


def _open_session(
    setup: Setup, remote: str | None, pace: float | None, sleep: Callable[[float], None]
) -> tuple[str, ProbeSession, Records]:
    """The account to ask: that of `remote`, or of the workspace here."""
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
    """Remove the script of a probe that ended early. Whether one may be left."""
    from pinesync.app.probe.cleaning import clean as clean_one
    from pinesync.app.probe.session import MOST

    if session.record is None:
        return False
    if isinstance(stopped, RateLimited):
        session.pace.sleep(min(stopped.retry_after or PACE, _LONGEST))
    few = MOST - session.pace.sent < 4
    try:
        return clean_one(session, session.record, setup.settle_seconds, at_once=few)
    except PinesyncError:
        return True


def _store_proof(setup: Setup, remote: str, probing: Probing, *, finished: bool) -> None:
    """Keep what was seen of a known account. A probe that ended early adds to what was known."""
    account = probing.account
    if account is None:
        return
    facts = {name: seen.value for name, seen in probing.seen.items()}
    if not finished and (before := proof_of(setup, remote, account)):
        facts = {**before.facts, **facts}
    proof = Proof(probing.place, account, wall(), __version__, finished, facts)
    keep(setup.places.state, proof)


def _found(probing: Probing) -> list[Found]:
    """The facts that were seen, in the table's order."""
    found = []
    for fact in FACTS:
        if seen := probing.seen.get(fact.name):
            does = fact.values.get(seen.value, _UNCLEAR)
            breaks = broken_promise(fact.name, seen.value)
            found.append(
                Found(
                    fact.name, fact.question, fact.expected, seen.value, seen.detail, does, breaks
                )
            )
    return found
