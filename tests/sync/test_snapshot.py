"""A snapshot of file, entry and service."""

from dataclasses import replace
from threading import Event
from typing import Any

import pytest

from pinesync.errors import BotCheck, FileError, OtherAccount, SessionExpired
from pinesync.model import Account, PineId
from pinesync.sync.engine.account import read_account
from pinesync.sync.engine.snapshot import take_snapshot
from tests.fakes import OWNER, FakeRemote, FakeTree
from tests.fakes.bench import Bench

ONE = "//@version=6\nindicator('One')\nplot(close)\n"
LONG = 20.0


def test_files_are_read_while_the_list_is_requested(bench: Bench) -> None:
    """Each of the two ends only after the other has started."""
    _, path = bench.script("One", ONE)
    bench.write(path, ONE + "// edited\n")
    requested, read = Event(), Event()

    def asking() -> None:
        requested.set()
        assert read.wait(LONG)

    class Watched(FakeTree):
        def local_texts(self, only: Any = None) -> Any:
            assert requested.wait(LONG)
            read.set()
            return super().local_texts(only)

    bench.fake.at_each["list_scripts"] = asking
    assert words(bench, Watched) == {path: "modified"}


def words(bench: Bench, kind: type[FakeTree]) -> dict[str, str]:
    """The status words with the files in such a tree."""
    ports = bench.ports()
    tree = kind(ports.manifest.entries, ports.texts, ports.log)
    tree.files = dict(bench.place.files())
    view = take_snapshot(replace(ports, tree=tree))
    return {situation.path: situation.word for situation in view.states}


def test_a_failure_on_either_side_is_raised(bench: Bench) -> None:
    _, path = bench.script("One", ONE)
    bench.fake.fail_next("list_scripts", BotCheck("a page", "wait"))
    with pytest.raises(BotCheck):
        bench.statuses()

    class Unreadable(FakeTree):
        def local_texts(self, only: Any = None) -> Any:
            raise FileError("no files")

    with pytest.raises(FileError):
        words(bench, Unreadable)
    assert bench.statuses() == {path: "clean"}


ANNA = Account("anna", "1")


def test_the_account_is_requested_only_if_the_list_proves_nothing() -> None:
    remote = FakeRemote()
    mine = remote.add("One", ONE)
    assert read_account(remote).account is None
    assert read_account(remote, [mine], OWNER).account is None
    assert read_account(remote, [mine], OWNER, named=True).account == OWNER
    assert remote.sent("whoami") == 0
    assert read_account(remote, named=True).account == OWNER
    assert read_account(remote, [PineId("USER;" + "9" * 32)], OWNER).account == OWNER
    assert remote.sent("whoami") == 2
    assert remote.sent("list_scripts") == 5


def test_the_list_of_another_account_is_refused() -> None:
    remote = FakeRemote()
    remote.add("One", ONE)
    with pytest.raises(OtherAccount):
        read_account(remote, expected=ANNA)


def test_an_empty_list_is_accepted_once_the_session_is_verified() -> None:
    remote = FakeRemote()
    assert not read_account(remote, named=True).scripts
    remote.signed_in = False
    for named in (True, False):
        with pytest.raises(SessionExpired):
            read_account(remote, named=named)
