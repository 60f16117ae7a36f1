"""Looking at the three sides at once."""

from __future__ import annotations

from threading import Event
from typing import Any

import pytest

from pinesync.errors import BotCheck, FileError, OtherAccount, SessionExpired
from pinesync.model import Account, PineId
from pinesync.sync.engine.account import read_account
from pinesync.workspace.working_tree import WorkingTree
from tests.fakes import OWNER, FakeRemote
from tests.sync.conftest import Bench

ONE = "//@version=6\nindicator('One')\nplot(close)\n"
LONG = 20.0


def test_the_files_are_read_while_the_service_is_asked(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of the two ends only once the other has begun."""
    _, path = bench.script("One", ONE)
    bench.write(path, ONE + "// edited\n")
    asked, read = Event(), Event()
    ask, look = bench.fake.list_scripts, WorkingTree.local_texts

    def list_scripts() -> Any:
        asked.set()
        assert read.wait(LONG)
        return ask()

    def local_texts(tree: WorkingTree, *only: Any) -> Any:
        assert asked.wait(LONG)
        read.set()
        return look(tree, *only)

    monkeypatch.setattr(bench.fake, "list_scripts", list_scripts)
    monkeypatch.setattr(WorkingTree, "local_texts", local_texts)
    assert bench.words() == {path: "modified"}


def test_either_side_may_fail(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    _, path = bench.script("One", ONE)

    def no_list() -> Any:
        raise BotCheck("a page", "wait")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(bench.fake, "list_scripts", no_list)
        with pytest.raises(BotCheck):
            bench.words()

    def no_files(*_: Any) -> Any:
        raise FileError("no files")

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(WorkingTree, "local_texts", no_files)
        with pytest.raises(FileError):
            bench.words()
    assert bench.words() == {path: "clean"}


ANNA = Account("anna", "1")


def test_an_account_is_asked_for_only_where_its_list_proves_nothing() -> None:
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


def test_an_empty_list_is_believed_once_the_session_is_proven() -> None:
    remote = FakeRemote()
    assert not read_account(remote, named=True).scripts
    remote.signed_in = False
    for named in (True, False):
        with pytest.raises(SessionExpired):
            read_account(remote, named=named)
