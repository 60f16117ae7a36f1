"""Refuse likely accidents before planning.

Absence is the least reliable observation: a dead session, a quota page and a deleted account all
look like "no scripts". So absence never propagates, and if many scripts are missing at the same
time, the run stops.
"""

from __future__ import annotations

from collections.abc import Collection

from pinesync.errors import ActionRequired, NoAccess, OtherAccount
from pinesync.model import Account, PineId

FEW = 3
SHARE = 0.2


def missing_ids(tracked: Collection[PineId], listed: Collection[PineId]) -> frozenset[PineId]:
    """The tracked ids that are missing from the list."""
    return frozenset(tracked) - frozenset(listed)


def is_mass_absence(tracked: Collection[PineId], listed: Collection[PineId]) -> bool:
    """Whether too many scripts are missing to trust the list: the list is empty, shares no id with
    the tracked scripts, or lacks more than three and more than a fifth of them."""
    missing = missing_ids(tracked, listed)
    if not missing:
        return False
    none_left = len(missing) == len(set(tracked))
    return none_left or len(missing) > max(FEW, SHARE * len(set(tracked)))


def proves_session(tracked: Collection[PineId], listed: Collection[PineId]) -> bool:
    """Whether the list contains a tracked id. It then comes from the right account, without a
    probe."""
    return not frozenset(tracked).isdisjoint(listed)


def refuse_doubtful_list(missing: int, tracked: int) -> None:
    """Refuse a list that lacks scripts which can still be read one by one."""
    raise NoAccess(
        f"TradingView's list lacks {missing} of {tracked} scripts that it still has",
        "nothing was changed; check `pinesync whoami` and run the same command again later",
    )


def refuse_mass_absence(missing: int, tracked: int) -> None:
    """Refuse because many scripts are really gone from the right account."""
    raise ActionRequired(
        f"{missing} of {tracked} scripts are gone from TradingView",
        "nothing was changed; if you deleted them, forget them with `pinesync rm PATH…`",
    )


def is_account(expected: Account, found: Account) -> bool:
    """Whether both are the same account, by name and, if both are known, by id."""
    same_id = not (expected.user_id and found.user_id) or expected.user_id == found.user_id
    return expected.name.casefold() == found.name.casefold() and same_id


def refuse_other_account(expected: Account | None, found: Account) -> None:
    """Refuse to read or write with the cookie of an account other than the workspace's."""
    if expected is None or is_account(expected, found):
        return
    raise OtherAccount(
        f"this workspace belongs to the account {expected.name}, but the cookie to {found.name}",
        f"run `pinesync login` with the cookie of {expected.name}, or name its sign-in with --as",
    )
