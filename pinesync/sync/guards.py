"""What looks like an accident is refused before anything is planned on it.

Absence is the least reliable observation of all: a dead session, a quota page and a deleted
account all look like "no scripts". So absence never propagates, and much of it at once stops
the run.
"""

from __future__ import annotations

from collections.abc import Collection

from pinesync.errors import LeftForYou, NoAccess, OtherAccount
from pinesync.model import Account, PineId

FEW = 3
SHARE = 0.2


def vanished(tracked: Collection[PineId], listed: Collection[PineId]) -> frozenset[PineId]:
    """The tracked ids that the list lacks."""
    return frozenset(tracked) - frozenset(listed)


def is_mass_absence(tracked: Collection[PineId], listed: Collection[PineId]) -> bool:
    """Whether so much is missing that the list is doubted: nothing listed, no id in common, or
    more than three and more than a fifth of the tracked scripts gone at once."""
    missing = vanished(tracked, listed)
    if not missing:
        return False
    none_left = len(missing) == len(set(tracked))
    return none_left or len(missing) > max(FEW, SHARE * len(set(tracked)))


def proves_session(tracked: Collection[PineId], listed: Collection[PineId]) -> bool:
    """A list that holds a tracked id is the account's own: no probe is needed."""
    return not frozenset(tracked).isdisjoint(listed)


def refuse_doubtful_list(missing: int, tracked: int) -> None:
    """The list lacks scripts that can still be read one by one."""
    raise NoAccess(
        f"TradingView's list lacks {missing} of {tracked} scripts that it still has",
        "nothing was changed; run `pinesync whoami`, and the same command again later",
    )


def refuse_mass_absence(missing: int, tracked: int) -> None:
    """The account is the right one, and the scripts are really gone."""
    raise LeftForYou(
        f"{missing} of {tracked} scripts are gone from TradingView",
        "nothing was changed; if that is meant, forget them with `pinesync rm PATH…`",
    )


def is_account(expected: Account, found: Account) -> bool:
    """Whether the two are one account: by name, and by id where both are known."""
    same_id = not (expected.user_id and found.user_id) or expected.user_id == found.user_id
    return expected.name.casefold() == found.name.casefold() and same_id


def refuse_other_account(expected: Account | None, found: Account) -> None:
    """Nothing is read or written with the cookie of another account than the workspace's."""
    if expected is None or is_account(expected, found):
        return
    raise OtherAccount(
        f"this workspace belongs to the account {expected.name}, and the cookie to {found.name}",
        f"run `pinesync login` with the cookie of {expected.name}, or name its sign-in with --as",
    )
