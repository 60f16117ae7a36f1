"""Reading an account: the scripts that it lists now, in a session that is proven."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pinesync.model import Account, PineId, ScriptInfo
from pinesync.sync.engine.snapshot import ask_session, prove_session
from pinesync.sync.ports import Remote


@dataclass(frozen=True, slots=True)
class Listed:
    """The saved scripts of an account, by id. `account` is whose they are, None where that was
    not asked, and where there is no script to ask with."""

    scripts: Mapping[PineId, ScriptInfo]
    account: Account | None = None


def read_account(
    remote: Remote,
    tracked: Sequence[PineId] = (),
    expected: Account | None = None,
    *,
    named: bool = False,
) -> Listed:
    """One request where the list alone tells enough, a second one where it proves nothing: it is
    empty, lacks every one of the `tracked` ids, or may be another account's than `expected`. With
    `named` the answer tells whose scripts these are. SessionExpired without a session,
    OtherAccount for another account than `expected`."""
    scripts = {info.pine_id: info for info in remote.list_scripts()}
    if scripts and not (tracked or expected or named):
        return Listed(scripts)
    account = prove_session(remote, tracked, scripts, expected)
    if named and account is None:
        account = expected or (ask_session(remote, next(iter(scripts))) if scripts else None)
    return Listed(scripts, account)
