"""The contract of `sync.ports.IntentLog`."""

from dataclasses import replace

import pytest

from pinesync.errors import Locked, StateError
from pinesync.model import Version
from pinesync.sync.intents import Create, Delete, Download, Intent, Move, Rename, with_state
from pinesync.sync.operations import Change, Moved, SentVersion, Written
from pinesync.text.canonical import digest
from tests.fakes import Place
from tests.ports.conftest import ENTRY, OTHER, PATH, PINE_ID, TEXT, upload

ANY = {"name": "One", "digest": digest(TEXT), "account": "anna", "wall": 1.5, "mono": 2.5}
ONE_OF_EACH: tuple[Intent, ...] = (
    upload(),
    Create(key="0002-bb", path=PATH, known_ids=(PINE_ID,), boot_id="boot", **ANY),  # type: ignore[arg-type]
    Download(key="0003-cc", path=PATH, brings=digest("new\n"), temp=".pinesync-0-a.tmp", **ANY),  # type: ignore[arg-type]
    Rename(key="0004-dd", path=PATH, pine_id=PINE_ID, parent=Version(3), **ANY),  # type: ignore[arg-type]
    Delete(key="0005-ee", path=PATH, pine_id=PINE_ID, parent=Version(3), **ANY),  # type: ignore[arg-type]
    Move(key="0006-ff", path=OTHER, origin=PATH, **ANY),  # type: ignore[arg-type]
)


def test_a_new_log_is_empty(place: Place) -> None:
    assert list(place.log.intents()) == []
    assert list(place.log.operations(5)) == []
    assert place.log.journal.is_empty


def test_written_intents_are_visible_to_every_process_oldest_first(place: Place) -> None:
    for intent in reversed(ONE_OF_EACH):
        place.log.write(intent)
    assert tuple(place.log.intents()) == ONE_OF_EACH
    assert tuple(place.other_process().intents()) == ONE_OF_EACH


def test_an_intent_replaces_the_one_with_its_key(place: Place) -> None:
    place.log.write(upload())
    sent = with_state(upload(), "sent")
    place.log.write(sent)
    assert list(place.log.intents()) == [sent]
    assert list(place.other_process().intents()) == [sent]


def test_an_intent_can_be_dropped_twice(place: Place) -> None:
    one, two = upload("0001-aa"), upload("0002-bb")
    place.log.write(one)
    place.log.write(two)
    place.log.drop([one])
    place.log.drop([one])
    assert list(place.log.intents()) == [two]
    assert list(place.other_process().intents()) == [two]


def test_a_damaged_intent_is_not_treated_as_missing(place: Place) -> None:
    place.log.write(upload())
    place.damage_intent(upload().key)
    with pytest.raises(StateError):
        place.other_process().intents()


def test_only_one_process_writes_at_a_time(place: Place) -> None:
    other = place.other_process()
    with place.log.exclusive():
        for log in (place.log, other):
            with pytest.raises(Locked), log.exclusive():
                raise AssertionError("two write at a time")
    with other.exclusive():
        pass


def test_a_failure_releases_the_lock(place: Place) -> None:
    with pytest.raises(ZeroDivisionError), place.log.exclusive():
        raise ZeroDivisionError
    with place.log.exclusive():
        pass


def test_only_a_landed_save_is_journaled_and_only_once(place: Place) -> None:
    intent = with_state(upload(), "sent")
    place.log.write(intent)
    assert place.log.journal.is_empty
    landed = with_state(intent, "landed", landed=Version(4))
    place.log.write(landed)
    place.log.write(replace(landed, seen=Version(4)))
    assert place.log.journal.saves == [SentVersion(PATH, PINE_ID, Version(4), Version(3))]


def test_the_journal_is_logged_as_one_operation(place: Place) -> None:
    place.write(PATH, TEXT.encode())
    place.manifest.commit({PATH: ENTRY})
    place.tree.put(PATH, "new\n", digest(TEXT), lambda _: None)
    place.tree.add_new_name(PATH, OTHER)
    place.log.write(with_state(with_state(upload(), "sent"), "landed", landed=Version(4)))
    place.log.log_operation("push", 1_700_000_000.0)
    (operation,) = place.log.operations(5)
    assert (operation.verb, operation.when, operation.undoes) == ("push", 1_700_000_000.0, None)
    assert operation.entries == (Change(PATH, None, ENTRY),)
    assert operation.files == (Written(PATH, digest(TEXT), digest("new\n")),)
    assert operation.saves == (SentVersion(PATH, PINE_ID, Version(4), Version(3)),)
    assert operation.moves == (Moved(PATH, OTHER),)
    assert list(place.other_process().operations(5)) == [operation]
    assert place.log.journal.is_empty


def test_an_empty_operation_is_not_logged(place: Place) -> None:
    place.log.log_operation("push", 1.0)
    place.log.write(upload())
    place.manifest.commit({PATH: None})
    place.log.log_operation("push", 2.0)
    assert list(place.log.operations(5)) == []


def test_operations_are_listed_newest_first_despite_wrong_clocks(place: Place) -> None:
    for verb, when in zip("abcd", (30.0, 20.0, 20.0, 10.0), strict=True):
        place.manifest.commit({PATH: replace(ENTRY, name=verb)})
        place.log.log_operation(verb, when)
    assert [o.verb for o in place.log.operations(3)] == ["b", "c", "d"]
    assert [o.when for o in place.log.operations(9)] == [30.0, 20.0, 20.0, 10.0]
    keys = [o.key for o in place.log.operations(9)]
    assert keys == sorted(set(keys))
