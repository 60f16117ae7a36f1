"""The contract of `sync.ports.Manifest`."""

from dataclasses import replace

import pytest

from pinesync.errors import FileError, ManifestError, Misuse
from pinesync.model import Account, Base, Digest, PineId, Version
from pinesync.sync.operations import Change
from pinesync.text.canonical import digest
from tests.fakes import FOLDERS, OWNER, Place
from tests.ports.conftest import ENTRY, OTHER, PATH, PINE_ID, TEXT

SECOND = replace(ENTRY, path=OTHER, name="Two", pine_id=PineId("USER;" + "2" * 32))


def test_a_new_manifest_is_empty(place: Place) -> None:
    assert dict(place.manifest.entries()) == {}


def test_entries_are_set_and_removed_in_one_write(place: Place) -> None:
    place.manifest.commit({PATH: ENTRY})
    assert dict(place.manifest.entries()) == {PATH: ENTRY}
    place.manifest.commit({PATH: None, OTHER: SECOND})
    assert dict(place.manifest.entries()) == {OTHER: SECOND}


def test_every_field_of_an_entry_is_stored(place: Place) -> None:
    base = Base(Version(9), digest(TEXT), digest("sent\n"), (Version(7),), digest("chosen\n"))
    entry = replace(ENTRY, name='A "name" = 測', base=base, shadowed=Version(8))
    place.manifest.commit({PATH: entry, OTHER: replace(SECOND, pine_id=None, base=None)})
    assert place.manifest.entries()[PATH] == entry
    assert place.manifest.entries()[OTHER].pine_id is None


def test_other_entries_are_not_changed(place: Place) -> None:
    place.manifest.commit({PATH: ENTRY, OTHER: SECOND})
    place.manifest.commit({PATH: replace(ENTRY, shadowed=Version(2))})
    assert place.manifest.entries()[OTHER] == SECOND


def test_returned_entries_do_not_change_later(place: Place) -> None:
    before = place.manifest.entries()
    place.manifest.commit({PATH: ENTRY})
    assert dict(before) == {}


def test_removing_an_unlisted_entry_changes_nothing(place: Place) -> None:
    place.manifest.commit({PATH: ENTRY})
    place.log.log_operation("first", 1.0)
    place.manifest.commit({OTHER: None, PATH: ENTRY})
    assert dict(place.manifest.entries()) == {PATH: ENTRY}
    assert place.log.journal.is_empty


def test_changes_are_journaled(place: Place) -> None:
    place.manifest.commit({PATH: ENTRY})
    place.manifest.commit({PATH: replace(ENTRY, name="Three")})
    assert list(place.log.journal.entries.values()) == [
        Change(PATH, None, replace(ENTRY, name="Three"))
    ]


def test_an_entry_moves_to_another_path(place: Place) -> None:
    place.manifest.commit({PATH: ENTRY})
    place.manifest.follow(PATH, replace(ENTRY, path=OTHER))
    assert dict(place.manifest.entries()) == {OTHER: replace(ENTRY, path=OTHER)}
    place.manifest.follow(PATH, replace(ENTRY, path=OTHER))
    assert dict(place.manifest.entries()) == {OTHER: replace(ENTRY, path=OTHER)}


def test_the_scope_is_the_account_or_some_of_its_scripts(place: Place) -> None:
    scope = place.manifest.scope()
    assert dict(scope.folders or {}) == FOLDERS
    assert (scope.account, scope.track_all, scope.only) == (None, True, None)
    assert place.manifest.scope(frozenset({PATH})).only == frozenset({PATH})


def test_the_first_account_is_pinned(place: Place) -> None:
    place.manifest.commit({PATH: ENTRY})
    for account in (OWNER, Account("anna", "1")):
        place.manifest.pin(account)
        assert place.manifest.scope().account == OWNER
    assert dict(place.manifest.entries()) == {PATH: ENTRY}


def test_an_unwritable_manifest_is_not_changed(place: Place) -> None:
    place.manifest.commit({PATH: ENTRY})
    place.manifest.refuse_unwritable()
    with place.full():
        with pytest.raises(FileError):
            place.manifest.refuse_unwritable()
        with pytest.raises(FileError):
            place.manifest.commit({OTHER: SECOND})
        with pytest.raises(FileError):
            place.manifest.pin(OWNER)
        assert dict(place.manifest.entries()) == {PATH: ENTRY}
    assert OTHER not in place.log.journal.entries
    assert place.manifest.scope().account is None
    assert place.files() == {}
    place.manifest.refuse_unwritable()


def test_an_invalid_manifest_is_not_treated_as_empty(place: Place) -> None:
    place.manifest.commit({PATH: ENTRY})
    place.break_manifest()
    cannot_be_used(place, ManifestError)


def test_a_missing_manifest_is_not_treated_as_empty(place: Place) -> None:
    place.remove_manifest()
    cannot_be_used(place, Misuse)


def cannot_be_used(place: Place, error: type[Exception]) -> None:
    with pytest.raises(error):
        place.manifest.entries()
    with pytest.raises(error):
        place.manifest.scope()
    with pytest.raises(error):
        place.manifest.commit({OTHER: SECOND})


# -- git ------------------------------------------------------------------------------------------


def wanted(
    version: int, text: str = TEXT, pine_id: PineId = PINE_ID
) -> dict[tuple[PineId, Version], Digest]:
    return {(pine_id, Version(version)): digest(text)}


def test_without_a_repository_nothing_is_recorded(place: Place) -> None:
    place.manifest.commit({PATH: ENTRY})
    assert not place.manifest.has_history()
    assert dict(place.manifest.recorded(wanted(3))) == {}


def test_a_committed_base_stays_recorded(place: Place) -> None:
    place.start_git()
    assert place.manifest.has_history()
    assert dict(place.manifest.recorded(wanted(3))) == {}
    place.manifest.commit({PATH: ENTRY})
    place.commit()
    place.manifest.commit({PATH: replace(ENTRY, base=Base(Version(4), digest("four\n")))})
    assert dict(place.manifest.recorded(wanted(3))) == {PINE_ID: frozenset()}
    assert dict(place.manifest.recorded(wanted(4, "four\n"))) == {}, "in no commit yet"
    place.commit()
    both = {**wanted(3), **wanted(4, "four\n")}
    assert dict(place.manifest.recorded(both)) == {PINE_ID: frozenset()}


def test_another_version_text_or_script_is_not_recorded(place: Place) -> None:
    place.start_git()
    place.manifest.commit({PATH: ENTRY})
    place.commit()
    strange = PineId("USER;" + "9" * 32)
    for pairs in (wanted(4), wanted(3, "other\n"), wanted(3, TEXT, strange), {}):
        assert dict(place.manifest.recorded(pairs)) == {}


def test_recorded_foreign_versions_span_the_commits_with_the_text(place: Place) -> None:
    place.start_git()
    for base in (
        Base(Version(3), digest(TEXT), theirs=(Version(1),)),
        Base(Version(3), digest(TEXT), theirs=(Version(2), Version(3))),
        Base(Version(4), digest("four\n"), theirs=(Version(4),)),
    ):
        place.manifest.commit({PATH: replace(ENTRY, base=base)})
        place.commit()
    every = frozenset({Version(1), Version(2), Version(3)})
    assert dict(place.manifest.recorded(wanted(3))) == {PINE_ID: every}
