"""Which sent saves landed, found from the versions alone."""

from dataclasses import replace

import pytest

from pinesync import errors
from pinesync.model import Digest, PineId, RelPath, Version
from pinesync.sync import recovery
from pinesync.sync.intents import Create, Save, Upload
from pinesync.sync.recovery import Landed, Landing


def log(texts: str, first: int = 1) -> dict[Version, Digest]:
    """One letter per version, starting with `first`."""
    return {Version(n): Digest(text) for n, text in enumerate(texts, first)}


TEXT = Digest("M")


def version(number: int | None) -> Version | None:
    return Version(number) if number else None


@pytest.mark.parametrize(
    ("texts", "landed", "shadowed"),
    [
        ("A", None, None),
        ("AM", 2, None),
        ("AX", None, None),
        ("AXM", 3, 2),
        ("AXYM", 4, 3),
        ("AXAM", 4, 3),
        ("AAM", 3, None),
        ("AAAM", 4, None),
        ("AXXM", 4, 2),
        ("AMX", 2, None),
        ("AMA", 2, None),
        ("AMXM", 2, None),
        ("AXMX", 3, 2),
        ("MXM", 3, 2),
        ("MM", 2, None),
        ("MX", None, None),
    ],
)
def test_a_landed_save_is_found_with_the_version_it_hides(
    texts: str, landed: int | None, shadowed: int | None
) -> None:
    found = recovery.find(TEXT, Version(1), log(texts))
    assert found == (Landed(Version(landed), version(shadowed)) if landed else None)


@pytest.mark.parametrize(
    ("texts", "ours", "landed", "shadowed"),
    [
        ("AM", [2], None, None),
        ("AMM", [2], 3, None),
        ("AYM", [2], 3, None),
        ("AXYM", [3], 4, 2),
        ("AYXM", [2], 4, 3),
    ],
)
def test_other_saves_of_ours_are_skipped(
    texts: str, ours: list[int], landed: int | None, shadowed: int | None
) -> None:
    found = recovery.find(TEXT, Version(1), log(texts), [Version(n) for n in ours])
    assert found == (Landed(Version(landed), version(shadowed)) if landed else None)


def test_versions_up_to_the_parent_are_ignored() -> None:
    assert recovery.find(TEXT, Version(3), log("MMA")) is None
    assert recovery.find(TEXT, Version(3), log("AXM", first=3)) == Landed(Version(5), Version(4))


def test_version_numbers_are_compared_as_numbers() -> None:
    texts = log("A" * 9 + "XM")
    shuffled = dict(sorted(texts.items(), key=lambda item: str(item[0])))
    assert recovery.find(TEXT, Version(9), shuffled) == Landed(Version(11), Version(10))


def test_a_recovered_create_shadows_no_version() -> None:
    assert recovery.find(TEXT, None, log("M")) == Landed(Version(1), None)
    assert recovery.find(TEXT, None, log("XM")) == Landed(Version(2), None)


@pytest.mark.parametrize(
    ("texts", "known", "stranger"),
    [
        ("A", "M", None),
        ("AX", "M", 2),
        ("AXY", "M", None),
        ("AXX", "M", None),
        ("AMX", "M", 3),
        ("AM", "M", None),
        ("AXYZ", "MYZ", 2),
    ],
)
def test_the_only_unknown_version_is_found(texts: str, known: str, stranger: int | None) -> None:
    digests = {Digest(letter) for letter in known}
    assert recovery.unknown_version(Version(1), log(texts), digests) == version(stranger)


def test_landed_saves_are_ours() -> None:
    pine_id, path = PineId("USER;" + "1" * 32), RelPath("a.pine")
    made = Create(key="a", state="landed", path=path, name="A", digest=TEXT, landed=Version(1))
    sent = Upload(path=path, name="A", digest=TEXT, pine_id=pine_id, parent=Version(1))
    saved = replace(sent, key="b", state="landed", landed=Version(4))
    uploads: list[Save] = [made, saved, sent]
    assert recovery.own_versions_of(uploads) == {Version(1), Version(4)}
    assert recovery.own_versions_of(uploads, besides=made) == {Version(4)}
    assert recovery.own_versions_of([]) == frozenset()


@pytest.mark.parametrize(
    ("error", "sent"),
    [
        (errors.NetworkError("dns", sent=False), Landing.NOT_SENT),
        (errors.NetworkError("reset"), Landing.UNKNOWN),
        (errors.RateLimited("429"), Landing.UNKNOWN),
        (errors.ServiceDown("500"), Landing.UNKNOWN),
        (errors.BadResponse("3xx, empty, truncated"), Landing.UNKNOWN),
        (errors.BotCheck("html"), Landing.UNKNOWN),
        (errors.SessionExpired("html login"), Landing.UNKNOWN),
        (errors.Refused(200, "an error key"), Landing.UNKNOWN),
        (errors.NotAccessible(200, "success: false"), Landing.UNKNOWN),
        (errors.NameTaken("409"), Landing.REFUSED),
        *((errors.Refused(code, "no"), Landing.REFUSED) for code in (400, 413, 420)),
        *((errors.NotAccessible(code, "no"), Landing.REFUSED) for code in (401, 403, 404)),
        # Not in the table of promises.md, and a proxy's timeout proves nothing.
        *((errors.Refused(code, "?"), Landing.UNKNOWN) for code in (408, 425, 499)),
        (errors.PinesyncError("anything else"), Landing.UNKNOWN),
    ],
)
def test_each_error_says_whether_the_request_was_sent(
    error: errors.PinesyncError, sent: Landing
) -> None:
    assert recovery.outcome(error) is sent
