"""How many missing scripts make a list doubtful, and which account's cookie is refused."""

import pytest

from pinesync.errors import EXIT_ACCESS, EXIT_LEFT, ActionRequired, NoAccess, OtherAccount
from pinesync.model import Account, PineId
from pinesync.sync import guards

pytestmark = pytest.mark.promise(21)


def ids(count: int, start: int = 0) -> list[PineId]:
    return [PineId(f"USER;{number:032x}") for number in range(start, start + count)]


@pytest.mark.parametrize(
    ("tracked", "most"),
    # The most that may be missing: three, or a fifth where that is more; never all of them.
    [(1, 0), (2, 1), (3, 2), (4, 3), (5, 3), (15, 3), (16, 3), (19, 3), (20, 4), (24, 4),
     (25, 5), (99, 19), (100, 20), (500, 100)],
)  # fmt: skip
def test_mass_absence_has_its_thresholds(tracked: int, most: int) -> None:
    all_of_them = ids(tracked)
    for missing in range(tracked + 1):
        listed = all_of_them[missing:]
        assert guards.is_mass_absence(all_of_them, listed) == (missing > most), missing


@pytest.mark.parametrize("count", [1, 3, 4, 100])
def test_an_empty_or_foreign_list_is_a_mass_absence(count: int) -> None:
    assert guards.is_mass_absence(ids(count), [])
    assert guards.is_mass_absence(ids(count), ids(5, start=1000))


def test_an_empty_workspace_misses_nothing() -> None:
    assert not guards.is_mass_absence([], [])
    assert not guards.is_mass_absence([], ids(5))
    assert not guards.proves_session([], ids(5))


def test_new_scripts_are_not_counted() -> None:
    assert not guards.is_mass_absence(ids(4), ids(1000, start=1))
    assert guards.missing_ids(ids(4), ids(1000, start=1)) == frozenset(ids(1))


def test_a_duplicate_id_counts_once() -> None:
    assert not guards.is_mass_absence(ids(5) * 10, ids(2))
    assert guards.is_mass_absence(ids(5) * 10, ids(1))


@pytest.mark.parametrize("shared", [1, 5])
def test_one_tracked_id_verifies_the_session(shared: int) -> None:
    assert guards.proves_session(ids(5), ids(shared))
    assert not guards.proves_session(ids(5), ids(5, start=5))
    assert not guards.proves_session(ids(5), [])


@pytest.mark.parametrize(
    ("expected", "found", "same"),
    [
        (None, Account("anyone", "1"), True),
        (Account("One", "1"), Account("one", "1"), True),
        (Account("One"), Account("ONE", "1"), True),
        (Account("One", "1"), Account("One"), True),
        (Account("One", "1"), Account("Two", "1"), False),
        (Account("One", "1"), Account("One", "2"), False),
        (Account("One"), Account("Two"), False),
    ],
)
def test_another_account_is_refused(expected: Account | None, found: Account, same: bool) -> None:
    if same:
        guards.refuse_other_account(expected, found)
        return
    with pytest.raises(OtherAccount) as caught:
        guards.refuse_other_account(expected, found)
    assert caught.value.exit_code == EXIT_ACCESS


def test_a_doubtful_list_and_a_mass_absence_have_different_exit_codes() -> None:
    with pytest.raises(NoAccess, match="4 of 10") as doubted:
        guards.refuse_doubtful_list(4, 10)
    with pytest.raises(ActionRequired, match="4 of 10") as gone:
        guards.refuse_mass_absence(4, 10)
    assert (doubted.value.exit_code, gone.value.exit_code) == (EXIT_ACCESS, EXIT_LEFT)
