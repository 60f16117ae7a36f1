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
    """The process is killed here."""


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
    """Interrupt a put right before the exchange, or at a concurrent change of the file."""
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


def test_listed_and_unlisted_scripts_are_found(place: Place) -> None:
    place.manifest.commit({PATH: ENTRY})
    place.write(PATH, TEXT.encode())
    place.write("new.pine", MARKED.encode())
    place.write("notes.txt", b"not a script")
    place.write(".hidden.pine", b"nor this")
    found = place.tree.local_texts()
    assert sorted(found) == [PATH, "new.pine"]
    assert (found[PATH].digest, found[PATH].marked) == (digest(TEXT), False)
    assert found[RelPath("new.pine")].marked


def test_a_missing_listed_file_is_not_found(place: Place) -> None:
    place.manifest.commit({PATH: ENTRY})
    assert dict(place.tree.local_texts()) == {}
    assert dict(place.tree.local_texts([PATH])) == {}


def test_an_ignored_file_is_found_only_if_listed(place: Place) -> None:
    for path in (PATH, OTHER):
        place.write(path, TEXT.encode())
    place.ignore(PATH)
    assert list(place.tree.local_texts()) == [OTHER]
    place.manifest.commit({PATH: ENTRY})
    assert sorted(place.tree.local_texts()) == [PATH, OTHER]


def test_only_the_given_paths_are_read(place: Place) -> None:
    for path in (PATH, OTHER):
        place.write(path, TEXT.encode())
    assert list(place.tree.local_texts([OTHER])) == [OTHER]


def test_bom_and_line_ends_do_not_change_the_digest(place: Place) -> None:
    place.write(PATH, b"\xef\xbb\xbfplot(close)\r\n")
    assert place.tree.local_texts()[PATH].digest == digest(TEXT)


def test_an_unreadable_file_has_a_problem(place: Place) -> None:
    place.manifest.commit({PATH: ENTRY})
    place.block(PATH)
    place.write(OTHER, b"\xff")
    found = place.tree.local_texts()
    assert (found[PATH].digest, found[OTHER].digest) == (None, None)
    assert found[PATH].problem
    assert found[OTHER].problem == "not UTF-8: byte 0xff at offset 0"


def test_read_returns_the_bytes_or_none(place: Place) -> None:
    place.write(PATH, b"\xff\r\n")
    assert place.tree.read(PATH) == b"\xff\r\n"
    assert place.tree.read(OTHER) is None
    place.block(OTHER)
    with pytest.raises(FileError):
        place.tree.read(OTHER)


def test_any_kind_of_file_occupies_a_path(place: Place) -> None:
    assert not place.tree.is_occupied(PATH)
    place.write(PATH, b"\xff")
    place.block(OTHER)
    assert place.tree.is_occupied(PATH)
    assert place.tree.is_occupied(OTHER)


# -- putting --------------------------------------------------------------------------------------


def test_put_creates_a_new_file(place: Place) -> None:
    put(place, expected=None)
    assert place.files() == {PATH: NEW.encode()}
    assert place.log.journal.files == {PATH: Written(PATH, None, digest(NEW))}


def test_put_keeps_the_shape_and_backs_up_the_old_text(place: Place) -> None:
    place.write(PATH, b"\xef\xbb\xbfplot(close)\r\n")
    put(place)
    assert place.files() == {PATH: b"\xef\xbb\xbfplot(open)\r\n"}
    assert place.texts.text_of(digest(TEXT)) == TEXT
    assert place.log.journal.files == {PATH: Written(PATH, digest(TEXT), digest(NEW))}


def test_the_temporary_file_is_named_before_the_exchange(place: Place) -> None:
    place.write(PATH, TEXT.encode())
    seen: list[tuple[str, bytes | None]] = []
    place.tree.put(PATH, NEW, digest(TEXT), lambda n: seen.append((n, place.tree.read(PATH))))
    ((name, text),) = seen
    assert name.startswith(".pinesync-")
    assert "/" not in name
    assert text == TEXT.encode()


@pytest.mark.parametrize("content", [THEIRS.encode(), b"\xff"], ids=["another text", "no text"])
@pytest.mark.parametrize("expected", [None, TEXT])
def test_put_does_not_replace_an_unexpected_text(
    place: Place, content: bytes, expected: str | None
) -> None:
    place.write(PATH, content)
    names: list[str] = []
    with pytest.raises(ChangedMeanwhile):
        place.tree.put(PATH, NEW, digest(expected) if expected else None, names.append)
    if names:
        assert not place.tree.finish_write(download(place, names[0], NEW, expected))
    assert place.files() == {PATH: content}
    assert place.log.journal.is_empty


def test_put_does_not_recreate_a_missing_file(place: Place) -> None:
    with pytest.raises(FileError):
        put(place)
    assert place.files() == {}


def test_put_does_not_replace_a_folder(place: Place) -> None:
    place.block(PATH)
    for expected in (None, TEXT):
        with pytest.raises(FileError):
            put(place, expected=expected)


# -- a put that broke off -------------------------------------------------------------------------


@pytest.mark.parametrize("before", [TEXT, None])
def test_a_put_killed_before_the_exchange_did_nothing(place: Place, before: str | None) -> None:
    if before:
        place.write(PATH, before.encode())
    intent = broken(place, expected=before)
    assert not place.tree.finish_write(intent)
    assert place.files() == ({PATH: before.encode()} if before else {})
    assert list(place.log.intents()) == []
    assert place.log.journal.is_empty


@pytest.mark.parametrize("before", [TEXT, None])
def test_a_put_killed_at_its_end_is_done(place: Place, before: str | None) -> None:
    if before:
        place.write(PATH, before.encode())
    intent = put(place, expected=before)
    place.log.log_operation("pull", 1.0)
    assert place.tree.finish_write(intent)
    assert place.files() == {PATH: NEW.encode()}
    assert list(place.log.intents()) == [intent], "it is the caller's to close"
    assert place.log.journal.files == {PATH: Written(PATH, intent.replaces, digest(NEW))}


def test_a_put_is_done_although_the_file_was_edited_since(place: Place) -> None:
    place.write(PATH, TEXT.encode())
    intent = put(place)
    place.write(PATH, THEIRS.encode())
    assert place.tree.finish_write(intent)
    assert place.files() == {PATH: THEIRS.encode()}


@pytest.mark.parametrize("content", [TEXT, THEIRS])
def test_a_put_whose_temporary_file_was_removed_did_nothing(place: Place, content: str) -> None:
    place.write(PATH, TEXT.encode())
    intent = broken(place)
    place.remove(f"indicators/{intent.temp}")
    place.write(PATH, content.encode())
    assert not place.tree.finish_write(intent)
    assert place.files() == {PATH: content.encode()}
    assert list(place.log.intents()) == []


def test_a_put_killed_after_the_exchange_is_finished(place: Place) -> None:
    place.write(PATH, TEXT.encode())
    intent = broken(place)
    place.write(PATH, NEW.encode())
    place.write(f"indicators/{intent.temp}", TEXT.encode())
    assert place.tree.finish_write(intent)
    assert place.files() == {PATH: NEW.encode()}
    assert place.texts.text_of(digest(TEXT)) == TEXT


def test_finish_write_restores_the_text_an_editor_saved(place: Place) -> None:
    place.write(PATH, TEXT.encode())
    intent = broken(place)
    place.write(PATH, NEW.encode())
    place.write(f"indicators/{intent.temp}", THEIRS.encode())
    assert not place.tree.finish_write(intent)
    assert place.files() == {PATH: THEIRS.encode()}


def test_finish_write_keeps_an_unexpected_file_and_stores_the_other_text(place: Place) -> None:
    place.write(PATH, TEXT.encode())
    intent = broken(place)
    place.write(PATH, b"the newer one\n")
    place.write(f"indicators/{intent.temp}", THEIRS.encode())
    assert not place.tree.finish_write(intent)
    assert place.files() == {PATH: b"the newer one\n"}
    assert place.texts.text_of(digest(THEIRS)) == THEIRS


def test_put_keeps_an_edit_made_at_the_last_moment(place: Place) -> None:
    place.write(PATH, TEXT.encode())
    intent = broken(place, lambda: place.write(PATH, THEIRS.encode()))
    assert not place.tree.finish_write(intent)
    assert place.files() == {PATH: THEIRS.encode()}


def test_put_keeps_a_file_created_at_the_last_moment(place: Place) -> None:
    intent = broken(place, lambda: place.write(PATH, THEIRS.encode()), expected=None)
    assert not place.tree.finish_write(intent)
    assert place.files() == {PATH: THEIRS.encode()}


def test_unknown_leftovers_are_backed_up_and_removed(place: Place) -> None:
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


def test_each_step_of_a_move_is_idempotent(place: Place) -> None:
    place.write(PATH, TEXT.encode())
    place.tree.add_new_name(PATH, OTHER)
    place.tree.add_new_name(PATH, OTHER)
    assert place.tree.remove_old_name(PATH, OTHER, KEY)
    assert place.tree.remove_old_name(PATH, OTHER, KEY)
    assert place.files() == {OTHER: TEXT.encode()}


def test_a_move_does_not_overwrite_a_file(place: Place) -> None:
    place.write(PATH, TEXT.encode())
    place.write(OTHER, THEIRS.encode())
    with pytest.raises(ChangedMeanwhile):
        place.tree.add_new_name(PATH, OTHER)
    assert not is_moved(place)
    assert not place.tree.remove_old_name(PATH, OTHER, KEY)
    assert place.files() == {PATH: TEXT.encode(), OTHER: THEIRS.encode()}


def test_a_missing_file_does_not_move(place: Place) -> None:
    with pytest.raises(FileError):
        place.tree.add_new_name(PATH, OTHER)
    place.block(PATH)
    with pytest.raises(FileError):
        place.tree.add_new_name(PATH, OTHER)
    assert place.log.journal.moves == []


def test_a_move_keeps_an_old_path_that_was_saved_again(place: Place) -> None:
    place.write(PATH, TEXT.encode())
    place.tree.add_new_name(PATH, OTHER)
    place.write(PATH, THEIRS.encode())
    assert not is_moved(place)
    assert not place.tree.remove_old_name(PATH, OTHER, KEY)
    assert place.files() == {PATH: THEIRS.encode(), OTHER: TEXT.encode()}


def test_a_retracted_move_removes_the_new_path(place: Place) -> None:
    place.write(PATH, TEXT.encode())
    place.tree.add_new_name(PATH, OTHER)
    place.tree.revert_move(PATH, OTHER, digest(TEXT), KEY)
    assert place.files() == {PATH: TEXT.encode()}
    place.tree.revert_move(PATH, OTHER, digest(TEXT), KEY)
    assert place.files() == {PATH: TEXT.encode()}


def test_a_retracted_move_keeps_a_new_path_that_was_saved(place: Place) -> None:
    place.write(PATH, TEXT.encode())
    place.tree.add_new_name(PATH, OTHER)
    place.write(OTHER, THEIRS.encode())
    place.tree.revert_move(PATH, OTHER, digest(TEXT), KEY)
    assert place.files() == {PATH: TEXT.encode(), OTHER: THEIRS.encode()}


def test_a_retracted_move_restores_the_old_path(place: Place) -> None:
    place.write(PATH, TEXT.encode())
    place.tree.add_new_name(PATH, OTHER)
    place.remove(PATH)
    place.tree.revert_move(PATH, OTHER, digest(TEXT), KEY)
    assert place.files() == {PATH: TEXT.encode()}
