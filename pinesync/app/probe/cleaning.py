"""Remove the scripts that a probe created, and nothing else. Its record is dropped once the account
is proven clean."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from pinesync.app.probe.record import Record
from pinesync.app.probe.session import ProbeSession
from pinesync.errors import NoAccess, OutcomeUnknown, PinesyncError
from pinesync.model import PineId, ScriptInfo
from pinesync.protocol import requests, responses
from pinesync.sync.guards import is_account


def clean(session: ProbeSession, record: Record, settle: float, *, at_once: bool = False) -> bool:
    """Delete the scripts of the probe. Returns whether one is still listed. With `at_once` and a
    proven id, delete the script before reading the list. Raises NoAccess if this session shows
    another account; OutcomeUnknown while a create may still appear."""
    session.record = record
    listed: Sequence[ScriptInfo] = ()
    if at_once and record.pine_id:
        doomed = [record.pine_id]
    else:
        listed = session.listed()
        doomed = record.ours(listed)
    deleted = False
    for pine_id in doomed:
        deleted |= _delete(session, pine_id)
    if doomed:
        listed = session.listed()
    if record.ours(listed):
        return True
    if not deleted:
        _prove(session, record, listed)
    if wait := record.seconds_left(settle, appeared=deleted):
        raise OutcomeUnknown(
            "the probe's create has no answer, and may still appear",
            f"run `pinesync probe --clean` in {wait:.0f} s",
        )
    session.records.drop(record)
    return False


def _delete(session: ProbeSession, pine_id: PineId) -> bool:
    """Whether the service reports the script as deleted. Only the list proves it."""
    with suppress(PinesyncError):
        responses.deleted(session.write(requests.delete(pine_id)).answer)
        return True
    return False


def _prove(session: ProbeSession, record: Record, listed: Sequence[ScriptInfo]) -> None:
    """Raise NoAccess unless the session is alive and belongs to the probed account."""
    if any(info.pine_id in record.known for info in listed):
        return
    _, account = session.account()
    if account and record.account.name and is_account(record.account, account):
        return
    if listed or record.known:
        raise NoAccess(
            "this session does not show the account that was probed",
            "sign in to that account, then run `pinesync probe --clean` again",
        )
