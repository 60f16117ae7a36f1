"""All versions of scripts: each text is read once, and times never go back."""

from dataclasses import replace

import pytest

from pinesync.errors import BadResponse, BotCheck, NotAccessible, PinesyncError, ServiceDown
from pinesync.model import PineId, Version, VersionInfo
from pinesync.sync.engine.version_histories import missing_versions, read_histories, stored_history
from pinesync.sync.ports import TextStore
from pinesync.text.canonical import digest
from tests.fakes import FakeRemote, Threads
from tests.fakes.bench import Bench

TEXTS = ("one\n", "two\n", "one\n", "four\n")
LAST = Version(len(TEXTS))


@pytest.fixture
def remote(bench: Bench) -> FakeRemote:
    return bench.fake


@pytest.fixture
def texts(bench: Bench) -> TextStore:
    return bench.place.texts


def read(bench: Bench, pine_id: PineId, last: Version = LAST) -> tuple[VersionInfo, ...]:
    """With one read at a time."""
    ports = bench.ports()
    ports = replace(ports, tools=replace(ports.tools, parallel=Threads(jobs=1)))
    return read_histories(ports, {pine_id: last})[pine_id]


def test_every_version_is_read_once(bench: Bench, remote: FakeRemote, texts: TextStore) -> None:
    pine_id = remote.add("One", *TEXTS)
    found = read(bench, pine_id)
    assert [info.version.major for info in found] == [1, 2, 3, 4]
    assert [texts.text_of(info.digest) for info in found] == list(TEXTS)
    assert [info.when for info in found] == [remote.began + 60 * n for n in (1, 2, 3, 4)]
    assert (remote.sent("get"), remote.sent("versions")) == (4, 1)
    assert read(bench, pine_id) == found
    assert len(remote.calls) == 5


def test_only_newer_versions_are_read(bench: Bench, remote: FakeRemote, texts: TextStore) -> None:
    pine_id = remote.add("One", *TEXTS)
    read(bench, pine_id)
    remote.web_save(pine_id, "five\n")
    assert missing_versions(texts, pine_id, Version(5)) == [Version(5)]
    assert read(bench, pine_id, Version(5))[4].digest == digest("five\n")
    assert remote.sent("get") == 5


def test_a_lost_text_is_read_again(bench: Bench, remote: FakeRemote) -> None:
    pine_id = remote.add("One", *TEXTS)
    found = read(bench, pine_id)
    bench.place.lose_text(digest("four\n"))
    assert read(bench, pine_id) == found
    assert (remote.sent("get"), remote.calls[-1]) == (5, f"get {pine_id} 4.0")


@pytest.mark.parametrize(
    "error",
    [
        NotAccessible(404, "Not Found"),
        BadResponse("no list"),
        ServiceDown("500"),
        BotCheck("a page came"),
    ],
)
def test_versions_are_read_one_by_one_without_a_version_list(
    bench: Bench, remote: FakeRemote, error: PinesyncError
) -> None:
    pine_id = remote.add("One", *TEXTS)
    remote.fail_next("versions", error)
    assert [info.digest for info in read(bench, pine_id)] == [digest(t) for t in TEXTS]


def test_times_of_an_incomplete_list_are_ignored(bench: Bench) -> None:
    pine_id = bench.fake.add("One", *TEXTS)
    bench.fake.times = {Version(1): 7, Version(4): 8}
    assert [info.when for info in read(bench, pine_id)] == [0, 0, 0, 0]


def test_times_never_go_back(bench: Bench) -> None:
    pine_id = bench.fake.add("One", *TEXTS)
    bench.fake.times = {Version(n): t for n, t in enumerate((100, 300, 200, 400), 1)}
    assert [info.when for info in read(bench, pine_id)] == [100, 300, 300, 400]


def test_an_unreadable_version_stops_the_read_and_keeps_the_others(
    bench: Bench, remote: FakeRemote, texts: TextStore
) -> None:
    pine_id = remote.add("One", *TEXTS)
    for _ in range(3):
        remote.at_next("get", lambda: None)
    remote.at_next("get", lambda: remote.fail_next("get", NotAccessible(404, "gone")))
    with pytest.raises(NotAccessible):
        read(bench, pine_id)
    stored = stored_history(texts, pine_id, LAST)
    assert [info.version.major for info in stored] == [1, 2, 3]
    assert len(read(bench, pine_id)) == 4
