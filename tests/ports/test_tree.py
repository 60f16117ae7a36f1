"""The contract of `sync.ports.Tree`."""

from collections.abc import Callable

import pytest

from pinesync.errors import FileError
from pinesync.model import RelPath, Version
from pinesync.sync.intents import Download
from pinesync.sync.operations import Moved, Written
from pinesync.sync.ports import ChangedMeanwhile
from pinesync.text.canonical import digest
from tests.fakes import Place
from tests.ports.conftest import ENTRY, OTHER, PATH, TEXT

NEW, THEIRS = "plot(open)\n", "plot(high)\n"
MARKED = "<<<<<<< a\nx\n=======\ny\n>>>>>>> b\n"
KEY = "0001-aa"


class Killed(Exception):
    """The process ends here."""


def put(
    place: Place, text: str = NEW, expected: str | None = TEXT, path: RelPath = PATH
) -> Download:
    """Put the text there, and return the intent."""
    names: list[str] = []
    place.tree.put(path, text, digest(expected) if expected is not None else None, names.append)
    return download(place, names[0], text, expected)


def broken(
    place: Place, meanwhile: Callable[[], object] | None = None, expected: str | None = TEXT
) -> Download:
    """A put that broke off right before the exchange, or at a change of the file just then."""
    names: list[str] = []

    def begun(name: str) -> None:
        names.append(name)
        if meanwhile is None:
            raise Killed
        meanwhile()

    with pytest.raises(ChangedMeanwhile if meanwhile else Killed):
        place.tree.put(PATH, NEW, digest(expected) if expected is not None else None, begun)
    return download(place, names[0], NEW, expected)


def download(place: Place, temp: str, text: str, before: str | None) -> Download:
    intent = Download(
        key=KEY,
        path=PATH,
        name="One",
        digest=digest(text),
        temp=temp,
        brings=digest(text),
        replaces=digest(before) if before is not None else None,
        landed=Version(4),
    )
    place.log.write(intent)
    return intent


# -- reading --------------------------------------------------------------------------------------


def test_every_script_is_seen_listed_or_not(place: Place) -> None:
    place.manifest.commit({PATH: ENTRY})
    place.write(PATH, TEXT.encode())
    place.write("new.pine", MARKED.encode())
    place.write("notes.txt", b"not a script")
    place.write(".hidden.pine", b"nor this")
    found = place.tree.local_texts()
    assert sorted(found) == [PATH, "new.pine"]
    assert (found[PATH].digest, found[PATH].marked) == (digest(TEXT), False)
    assert found[RelPath("new.pine")].marked


def test_what_is_listed_and_gone_is_not_seen(place: Place) -> None:
    place.manifest.commit({PATH: ENTRY})
    assert dict(place.tree.local_texts()) == {}
    assert dict(place.tree.local_texts([PATH])) == {}


def test_what_is_ignored_is_not_seen_unless_it_is_listed(place: Place) -> None:
    for path in (PATH, OTHER):
        place.write(path, TEXT.encode())
    place.ignore(PATH)
    assert list(place.tree.local_texts()) == [OTHER]
    place.manifest.commit({PATH: ENTRY})
    assert sorted(place.tree.local_texts()) == [PATH, OTHER]


def test_only_some_are_looked_at(place: Place) -> None:
    for path in (PATH, OTHER):
        place.write(path, TEXT.encode())
    assert list(place.tree.local_texts([OTHER])) == [OTHER]


def test_bom_and_line_ends_make_no_other_text(place: Place) -> None:
    place.write(PATH, b"\xef\xbb\xbfplot(close)\r\n")
    assert place.tree.local_texts()[PATH].digest == digest(TEXT)


def test_what_cannot_be_read_has_a_problem(place: Place) -> None:
    place.manifest.commit({PATH: ENTRY})
    place.block(PATH)
    place.write(OTHER, b"\xff")
    found = place.tree.local_texts()
    assert (found[PATH].digest, found[OTHER].digest) == (None, None)
    assert found[PATH].problem
    assert found[OTHER].problem == "not UTF-8: byte 0xff at offset 0"


def test_reading_gives_the_bytes_or_none(place: Place) -> None:
    place.write(PATH, b"\xff\r\n")
    assert place.tree.read(PATH) == b"\xff\r\n"
    assert place.tree.read(OTHER) is None
    place.block(OTHER)
    with pytest.raises(FileError):
        place.tree.read(OTHER)


def test_anything_occupies_a_place(place: Place) -> None:
    assert not place.tree.is_occupied(PATH)
    place.write(PATH, b"\xff")
    place.block(OTHER)
    assert place.tree.is_occupied(PATH)
    assert place.tree.is_occupied(OTHER)


# -- putting --------------------------------------------------------------------------------------


def test_a_new_file_is_put_where_there_is_none(place: Place) -> None:
    put(place, expected=None)
    assert place.files() == {PATH: NEW.encode()}
    assert place.log.journal.files == {PATH: Written(PATH, None, digest(NEW))}


def test_a_file_gets_the_text_in_its_own_shape_and_what_it_had_is_kept(place: Place) -> None:
    place.write(PATH, b"\xef\xbb\xbfplot(close)\r\n")
    put(place)
    assert place.files() == {PATH: b"\xef\xbb\xbfplot(open)\r\n"}
    assert place.texts.text_of(digest(TEXT)) == TEXT
    assert place.log.journal.files == {PATH: Written(PATH, digest(TEXT), digest(NEW))}


def test_the_temporary_file_is_named_while_the_old_text_is_there(place: Place) -> None:
    place.write(PATH, TEXT.encode())
    seen: list[tuple[str, bytes | None]] = []
    place.tree.put(PATH, NEW, digest(TEXT), lambda n: seen.append((n, place.tree.read(PATH))))
    ((name, text),) = seen
    assert name.startswith(".pinesync-")
    assert "/" not in name
    assert text == TEXT.encode()


@pytest.mark.parametrize("there", [THEIRS.encode(), b"\xff"], ids=["another text", "no text"])
@pytest.mark.parametrize("expected", [None, TEXT])
def test_another_text_than_the_expected_one_stays(
    place: Place, there: bytes, expected: str | None
) -> None:
    place.write(PATH, there)
    names: list[str] = []
    with pytest.raises(ChangedMeanwhile):
        place.tree.put(PATH, NEW, digest(expected) if expected else None, names.append)
    if names:
        assert not place.tree.finish_write(download(place, names[0], NEW, expected))
    assert place.files() == {PATH: there}
    assert place.log.journal.is_empty


def test_a_missing_file_is_not_recreated(place: Place) -> None:
    with pytest.raises(FileError):
        put(place)
    assert place.files() == {}


def test_nothing_is_put_over_what_is_no_file(place: Place) -> None:
    place.block(PATH)
    for expected in (None, TEXT):
        with pytest.raises(FileError):
            put(place, expected=expected)


# -- a put that broke off -------------------------------------------------------------------------


@pytest.mark.parametrize("before", [TEXT, None])
def test_killed_before_the_exchange_nothing_was_done(place: Place, before: str | None) -> None:
    if before:
        place.write(PATH, before.encode())
    intent = broken(place, expected=before)
    assert not place.tree.finish_write(intent)
    assert place.files() == ({PATH: before.encode()} if before else {})
    assert list(place.log.intents()) == []
    assert place.log.journal.is_empty


@pytest.mark.parametrize("before", [TEXT, None])
def test_killed_after_it_all_was_done(place: Place, before: str | None) -> None:
    if before:
        place.write(PATH, before.encode())
    intent = put(place, expected=before)
    place.log.log_operation("pull", 1.0)
    assert place.tree.finish_write(intent)
    assert place.files() == {PATH: NEW.encode()}
    assert list(place.log.intents()) == [intent], "it is the caller's to close"
    assert place.log.journal.files == {PATH: Written(PATH, intent.replaces, digest(NEW))}


def test_done_and_edited_since_it_was_done(place: Place) -> None:
    place.write(PATH, TEXT.encode())
    intent = put(place)
    place.write(PATH, THEIRS.encode())
    assert place.tree.finish_write(intent)
    assert place.files() == {PATH: THEIRS.encode()}


@pytest.mark.parametrize("there", [TEXT, THEIRS])
def test_cleaned_up_by_somebody_else_it_was_not_done(place: Place, there: str) -> None:
    place.write(PATH, TEXT.encode())
    intent = broken(place)
    place.remove(f"indicators/{intent.temp}")
    place.write(PATH, there.encode())
    assert not place.tree.finish_write(intent)
    assert place.files() == {PATH: there.encode()}
    assert list(place.log.intents()) == []


def test_killed_between_the_exchange_and_its_end_it_is_finished(place: Place) -> None:
    place.write(PATH, TEXT.encode())
    intent = broken(place)
    place.write(PATH, NEW.encode())
    place.write(f"indicators/{intent.temp}", TEXT.encode())
    assert place.tree.finish_write(intent)
    assert place.files() == {PATH: NEW.encode()}
    assert place.texts.text_of(digest(TEXT)) == TEXT


def test_an_editor_that_came_in_between_gets_its_text_back(place: Place) -> None:
    place.write(PATH, TEXT.encode())
    intent = broken(place)
    place.write(PATH, NEW.encode())
    place.write(f"indicators/{intent.temp}", THEIRS.encode())
    assert not place.tree.finish_write(intent)
    assert place.files() == {PATH: THEIRS.encode()}


def test_of_two_texts_that_nobody_expected_both_are_kept(place: Place) -> None:
    place.write(PATH, TEXT.encode())
    intent = broken(place)
    place.write(PATH, b"the newer one\n")
    place.write(f"indicators/{intent.temp}", THEIRS.encode())
    assert not place.tree.finish_write(intent)
    assert place.files() == {PATH: b"the newer one\n"}
    assert place.texts.text_of(digest(THEIRS)) == THEIRS


def test_an_edit_at_the_last_moment_stays(place: Place) -> None:
    place.write(PATH, TEXT.encode())
    intent = broken(place, lambda: place.write(PATH, THEIRS.encode()))
    assert not place.tree.finish_write(intent)
    assert place.files() == {PATH: THEIRS.encode()}


def test_a_file_made_at_the_last_moment_stays(place: Place) -> None:
    intent = broken(place, lambda: place.write(PATH, THEIRS.encode()), expected=None)
    assert not place.tree.finish_write(intent)
    assert place.files() == {PATH: THEIRS.encode()}


def test_leftovers_that_nobody_knows_are_kept_and_removed(place: Place) -> None:
    place.write(PATH, TEXT.encode())
    place.write("indicators/.pinesync-0-a.tmp", THEIRS.encode())
    place.write(".pinesync-0-b.tmp", b"\xff")
    place.tree.clear_leftovers()
    assert place.files() == {PATH: TEXT.encode()}
    assert place.texts.text_of(digest(THEIRS)) == THEIRS
    assert place.texts.text_of(digest("\xff")) == "\xff"


# -- moving ---------------------------------------------------------------------------------------


def is_moved(place: Place, text: str = TEXT) -> bool:
    return place.tree.is_moved(PATH, OTHER, digest(text))


def test_a_file_moves_in_two_steps(place: Place) -> None:
    place.write(PATH, TEXT.encode())
    assert not is_moved(place)
    place.tree.add_new_name(PATH, OTHER)
    assert place.files() == {PATH: TEXT.encode(), OTHER: TEXT.encode()}
    assert is_moved(place)
    assert place.tree.remove_old_name(PATH, OTHER, KEY)
    assert place.files() == {OTHER: TEXT.encode()}
    assert is_moved(place)
    assert not is_moved(place, THEIRS)
    assert place.log.journal.moves == [Moved(PATH, OTHER)]


def test_each_step_may_be_done_again(place: Place) -> None:
    place.write(PATH, TEXT.encode())
    place.tree.add_new_name(PATH, OTHER)
    place.tree.add_new_name(PATH, OTHER)
    assert place.tree.remove_old_name(PATH, OTHER, KEY)
    assert place.tree.remove_old_name(PATH, OTHER, KEY)
    assert place.files() == {OTHER: TEXT.encode()}


def test_no_file_is_moved_over_another(place: Place) -> None:
    place.write(PATH, TEXT.encode())
    place.write(OTHER, THEIRS.encode())
    with pytest.raises(ChangedMeanwhile):
        place.tree.add_new_name(PATH, OTHER)
    assert not is_moved(place)
    assert not place.tree.remove_old_name(PATH, OTHER, KEY)
    assert place.files() == {PATH: TEXT.encode(), OTHER: THEIRS.encode()}


def test_what_is_not_there_does_not_move(place: Place) -> None:
    with pytest.raises(FileError):
        place.tree.add_new_name(PATH, OTHER)
    place.block(PATH)
    with pytest.raises(FileError):
        place.tree.add_new_name(PATH, OTHER)
    assert place.log.journal.moves == []


def test_an_old_path_that_was_saved_meanwhile_stays(place: Place) -> None:
    place.write(PATH, TEXT.encode())
    place.tree.add_new_name(PATH, OTHER)
    place.write(PATH, THEIRS.encode())
    assert not is_moved(place)
    assert not place.tree.remove_old_name(PATH, OTHER, KEY)
    assert place.files() == {PATH: THEIRS.encode(), OTHER: TEXT.encode()}


def test_a_new_path_is_taken_away_again(place: Place) -> None:
    place.write(PATH, TEXT.encode())
    place.tree.add_new_name(PATH, OTHER)
    place.tree.revert_move(PATH, OTHER, digest(TEXT), KEY)
    assert place.files() == {PATH: TEXT.encode()}
    place.tree.revert_move(PATH, OTHER, digest(TEXT), KEY)
    assert place.files() == {PATH: TEXT.encode()}


def test_unless_it_was_saved_meanwhile(place: Place) -> None:
    place.write(PATH, TEXT.encode())
    place.tree.add_new_name(PATH, OTHER)
    place.write(OTHER, THEIRS.encode())
    place.tree.revert_move(PATH, OTHER, digest(TEXT), KEY)
    assert place.files() == {PATH: TEXT.encode(), OTHER: THEIRS.encode()}


def test_the_only_file_gets_its_old_path_back(place: Place) -> None:
    place.write(PATH, TEXT.encode())
    place.tree.add_new_name(PATH, OTHER)
    place.remove(PATH)
    place.tree.revert_move(PATH, OTHER, digest(TEXT), KEY)
    assert place.files() == {PATH: TEXT.encode()}
