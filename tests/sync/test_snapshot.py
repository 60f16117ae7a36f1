"""Looking at the three sides at once."""

from __future__ import annotations

from threading import Event
from typing import Any

import pytest

from pinesync.errors import BotCheck, FileError
from pinesync.workspace.working_tree import WorkingTree
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
