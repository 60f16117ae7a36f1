"""All versions of scripts: each text read once, times that never go back."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from pinesync.commands.pool import Pool
from pinesync.errors import BadAnswer, BotCheck, NotAccessible, PinesyncError, ServiceDown
from pinesync.model import PineId, Version, VersionInfo
from pinesync.sync.engine.version_histories import held_history, not_held, read_histories
from pinesync.sync.ports import Ports, Tools
from pinesync.text.canonical import digest
from pinesync.workspace.files import Tree
from pinesync.workspace.state import State
from pinesync.workspace.workspace import Workspace
from tests.fakes import FakeRemote

TEXTS = ("one\n", "two\n", "one\n", "four\n")
LAST = Version(len(TEXTS))


@pytest.fixture
def remote() -> FakeRemote:
    return FakeRemote()


@pytest.fixture
def folder(tmp_path: Path) -> Workspace:
    return Workspace(Tree(tmp_path), State(tmp_path / "state"), lambda: 0.0)


def ports_of(remote: FakeRemote, folder: Workspace) -> Ports:
    tools = cast("Tools", SimpleNamespace(each=Pool(jobs=1)))
    one = folder
    return Ports(lambda: remote, one.manifest, one.tree, one.texts, one.log, tools)


def read(
    remote: FakeRemote, folder: Workspace, pine_id: PineId, last: Version = LAST
) -> tuple[VersionInfo, ...]:
    return read_histories(ports_of(remote, folder), {pine_id: last})[pine_id]


def test_every_version_is_read_once(remote: FakeRemote, folder: Workspace) -> None:
    pine_id = remote.add("One", *TEXTS)
    found = read(remote, folder, pine_id)
    assert [info.version.major for info in found] == [1, 2, 3, 4]
    assert [folder.texts.text_of(info.digest) for info in found] == list(TEXTS)
    assert [info.when for info in found] == [remote.began + 60 * n for n in (1, 2, 3, 4)]
    assert (remote.sent("get"), remote.sent("versions")) == (4, 1)
    assert read(remote, folder, pine_id) == found
    assert len(remote.calls) == 5


def test_what_came_since_is_read_alone(remote: FakeRemote, folder: Workspace) -> None:
    pine_id = remote.add("One", *TEXTS)
    read(remote, folder, pine_id)
    remote.web_save(pine_id, "five\n")
    assert not_held(folder.texts, pine_id, Version(5)) == [Version(5)]
    assert read(remote, folder, pine_id, Version(5))[4].digest == digest("five\n")
    assert remote.sent("get") == 5


def test_a_text_that_was_lost_here_is_read_again(remote: FakeRemote, folder: Workspace) -> None:
    pine_id = remote.add("One", *TEXTS)
    found = read(remote, folder, pine_id)
    digits = digest("four\n").removeprefix("sha256:")
    (folder.state.folder / "objects" / digits[:2] / digits[2:]).unlink()
    assert read(remote, folder, pine_id) == found
    assert (remote.sent("get"), remote.calls[-1]) == (5, f"get {pine_id} 4.0")


@pytest.mark.parametrize(
    "error",
    [
        NotAccessible(404, "Not Found"),
        BadAnswer("no list"),
        ServiceDown("500"),
        BotCheck("a page came"),
    ],
)
def test_a_service_without_the_path_is_walked(
    remote: FakeRemote, folder: Workspace, error: PinesyncError
) -> None:
    pine_id = remote.add("One", *TEXTS)
    remote.fail_next("versions", error)
    assert [info.digest for info in read(remote, folder, pine_id)] == [digest(t) for t in TEXTS]


def test_times_of_other_versions_are_not_believed(
    remote: FakeRemote, folder: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    pine_id = remote.add("One", *TEXTS)
    monkeypatch.setattr(remote, "versions", lambda _: {Version(1): 7, Version(4): 8})
    assert [info.when for info in read(remote, folder, pine_id)] == [0, 0, 0, 0]


def test_times_never_go_back(
    remote: FakeRemote, folder: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    pine_id = remote.add("One", *TEXTS)
    told = {Version(1): 100, Version(2): 300, Version(3): 200, Version(4): 400}
    monkeypatch.setattr(remote, "versions", lambda _: told)
    assert [info.when for info in read(remote, folder, pine_id)] == [100, 300, 300, 400]


def test_a_version_that_cannot_be_read_ends_it_and_the_rest_is_held(
    remote: FakeRemote, folder: Workspace
) -> None:
    pine_id = remote.add("One", *TEXTS)
    for _ in range(3):
        remote.at_next("get", lambda: None)
    remote.at_next("get", lambda: remote.fail_next("get", NotAccessible(404, "gone")))
    with pytest.raises(NotAccessible):
        read(remote, folder, pine_id)
    held = held_history(folder.texts, pine_id, LAST)
    assert [info.version.major for info in held] == [1, 2, 3]
    assert len(read(remote, folder, pine_id)) == 4
