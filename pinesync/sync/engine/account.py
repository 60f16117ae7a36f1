"""Reading an account: the scripts that it lists now, in a session that is proven."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pinesync.model import Account, PineId, ScriptInfo
from pinesync.sync.engine.snapshot import ask_session, prove_session
from pinesync.sync.ports import Remote


@dataclass(frozen=True, slots=True)
class Listed:
    """The saved scripts of an account, by id. `account` is their owner; None if it was not
    requested, or no script exists to request it with."""

    scripts: Mapping[PineId, ScriptInfo]
    account: Account | None = None


def read_account(
    remote: Remote,
    tracked: Sequence[PineId] = (),
    expected: Account | None = None,
    *,
    named: bool = False,
) -> Listed:
    """List the account's scripts. Sends a second request if the list proves nothing: it is
    empty, lacks all `tracked` ids, or may be of another account than `expected`. With `named`,
    the result always has the account. SessionExpired without a session, OtherAccount if the
    account is not the `expected` one."""
    scripts = {info.pine_id: info for info in remote.list_scripts()}
    if scripts and not (tracked or expected or named):
        return Listed(scripts)
    account = prove_session(remote, tracked, scripts, expected)
    if named and account is None:
        account = expected or (ask_session(remote, next(iter(scripts))) if scripts else None)
    return Listed(scripts, account)
