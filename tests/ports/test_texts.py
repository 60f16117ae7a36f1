"""The contract of `sync.ports.TextStore`."""

from dataclasses import replace

import pytest

from pinesync.model import Digest, PineId, SavedText, Version, VersionInfo
from pinesync.text.canonical import Unreadable, digest
from tests.fakes import Place
from tests.ports.conftest import PINE_ID, TEXT

SAVED = SavedText(PINE_ID, "One", Version(3), Version(5), TEXT, digest(TEXT), updated=100)
STRANGE = PineId("USER;" + "9" * 32)


def test_a_text_is_stored_by_the_digest_of_its_canonical_form(place: Place) -> None:
    name = place.texts.keep("\ufeffone\r\ntwo\r")
    assert name == digest("one\ntwo\n")
    assert place.texts.text_of(name) == "one\ntwo\n"
    assert place.texts.keep("one\ntwo\n") == name


def test_an_empty_text_can_be_stored(place: Place) -> None:
    assert place.texts.text_of(place.texts.keep("")) == ""


def test_unknown_texts_and_versions_are_none(place: Place) -> None:
    assert place.texts.text_of(digest("never")) is None
    assert place.texts.text_of(Digest("sha256:" + "0" * 64)) is None
    assert place.texts.recall(PINE_ID, Version(3)) is None
    assert place.texts.recall_info(PINE_ID, Version(3)) is None


def test_a_lone_surrogate_is_refused(place: Place) -> None:
    with pytest.raises(Unreadable):
        place.texts.keep("\ud800")


@pytest.mark.parametrize("hold", ["remember", "back_up"])
def test_a_version_is_stored_by_its_number(place: Place, hold: str) -> None:
    getattr(place.texts, hold)(SAVED)
    assert place.texts.text_of(SAVED.digest) == TEXT
    assert place.texts.recall(PINE_ID, Version(3)) == SAVED.digest
    assert place.texts.recall_info(PINE_ID, Version(3)) == SAVED.info
    assert place.texts.recall(PINE_ID, Version(4)) is None
    assert place.texts.recall(STRANGE, Version(3)) is None


@pytest.mark.parametrize("hold", ["remember", "back_up"])
def test_metadata_of_the_same_text_is_kept(place: Place, hold: str) -> None:
    place.texts.remember(SAVED)
    getattr(place.texts, hold)(replace(SAVED, name="Later", updated=200))
    assert place.texts.recall_info(PINE_ID, Version(3)) == SAVED.info


@pytest.mark.parametrize("hold", ["remember", "back_up"])
def test_another_text_of_a_version_replaces_its_metadata(place: Place, hold: str) -> None:
    place.texts.remember(SAVED)
    other = replace(SAVED, source="other\n", digest=digest("other\n"))
    getattr(place.texts, hold)(other)
    assert place.texts.recall_info(PINE_ID, Version(3)) == other.info


def test_noted_metadata_replaces_the_stored_metadata(place: Place) -> None:
    place.texts.remember(SAVED)
    info = VersionInfo(PINE_ID, Version(3), digest("other\n"), 300, "Other", "library")
    place.texts.note_info(info)
    assert place.texts.recall_info(PINE_ID, Version(3)) == info
    assert place.texts.recall(PINE_ID, Version(3)) == digest("other\n")


@pytest.mark.parametrize("hold", ["remember", "back_up"])
def test_a_lost_text_keeps_its_metadata_and_can_be_stored_again(place: Place, hold: str) -> None:
    place.texts.remember(SAVED)
    place.lose_text(SAVED.digest)
    assert place.texts.recall(PINE_ID, Version(3)) == SAVED.digest
    assert place.texts.text_of(SAVED.digest) is None
    getattr(place.texts, hold)(SAVED)
    assert place.texts.text_of(SAVED.digest) == TEXT
