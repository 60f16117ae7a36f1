"""The code lens: the version and the status word."""

from __future__ import annotations

import pytest
from lsprotocol.types import MessageType

from tests.lsp.conftest import OnTrend, Opening
from tests.lsp.editor import Editor
from tests.world import EXTRA, LONGER, SLOWER, TREND_PATH, World

served = pytest.mark.parametrize("world", ["facade"], indirect=True)
ACTS = ["push", "pull", "diff"]


@served
def test_each_status_has_its_code_lens(clone: World, on_trend: OnTrend) -> None:
    editor, uri = on_trend()
    before = len(clone.plan.log)
    assert editor.lenses(uri) == ["clean 1.0", *ACTS]
    clone.write(LONGER)
    assert editor.lenses(uri) == ["modified 1.0", *ACTS]
    assert len(clone.plan.log) == before, "nobody was asked"
    # After a save, the versions on TradingView are known.
    clone.web_save(SLOWER)
    editor.type(uri, LONGER)
    editor.save(uri)
    editor.until(lambda: editor.renewed)
    assert editor.lenses(uri)[0] == "diverged 1.0 → 2.0"
    # A later edit is compared with the current versions.
    assert clone("pull").code == 0
    assert editor.lenses(uri)[0] == "modified 2.0"
    clone.web_save(EXTRA)
    editor.do("refresh", uri)
    assert editor.lenses(uri)[0] == "diverged 2.0 → 3.0"


def test_new_and_untracked_files_have_a_code_lens(clone: World, editor: Editor) -> None:
    clone.write(EXTRA, "mine.pine")
    uri = editor.open(clone.folder / "mine.pine")
    assert editor.lenses(uri) == ["untracked"]
    assert clone("add", "mine.pine").code == 0
    assert editor.lenses(uri) == ["new", *ACTS]


def test_several_workspaces_work_although_one_is_broken(clone: World, opening: Opening) -> None:
    """Each file belongs to the workspace it is in; a broken pine.toml is reported once."""
    second = clone.place / "second"
    assert clone("clone", "--sandbox", str(second), cwd=clone.place).code == 0
    editor = opening(clone.place, folders=(clone.folder, second))
    first_uri, second_uri = (editor.open(root / TREND_PATH) for root in (clone.folder, second))
    clone.write(LONGER)
    assert editor.lenses(first_uri)[0] == "modified 1.0"
    assert editor.lenses(second_uri)[0] == "clean 1.0"
    manifest = second / "pine.toml"
    text = manifest.read_text("utf-8")
    manifest.write_text(text + "<<<<<<< mine\n", "utf-8")
    for _ in range(2):
        assert editor.lenses(second_uri) == []
        assert editor.lenses(first_uri)[0] == "modified 1.0"
    (message,) = editor.messages
    assert message.type == MessageType.Warning
    assert message.message.startswith("pine.toml")
    assert editor.do("push", second_uri)["exit_code"] == 2
    manifest.write_text(text, "utf-8")
    assert editor.lenses(second_uri)[0] == "clean 1.0"
    assert editor.leave() == 0


def test_a_missing_account_is_reported_only_by_push(world: World, opening: Opening) -> None:
    """A teammate without a sign-in: the compiler is used, the list is not."""
    world.clone()
    manifest = world.folder / "pine.toml"
    text = manifest.read_text("utf-8").replace('"sandbox"', '"tradingview"', 1)
    manifest.write_text(text, "utf-8")
    editor = opening(world.folder, "--sandbox")
    world.write(LONGER)
    uri = editor.open(world.folder / TREND_PATH)
    editor.save(uri)
    editor.until(lambda: editor.renewed)
    assert editor.lenses(uri)[0] == "modified 1.0"
    assert editor.messages == []
    assert editor.do("push", uri)["exit_code"] == 5
    assert editor.messages[-1].type == MessageType.Error


@served
def test_a_broken_manifest_is_reported_once(clone: World, on_trend: OnTrend) -> None:
    """No matter whether the compiler, the lenses or the poll finds it; and again after it was fixed
    once."""
    editor, uri = on_trend()
    manifest = clone.folder / "pine.toml"
    whole = manifest.read_text("utf-8")
    for times in (1, 2):
        manifest.write_text(whole + "<<<<<<< mine\n", "utf-8")
        editor.save(uri)
        editor.until(lambda: editor.renewed)
        editor.renewed = 0
        assert editor.lenses(uri) == []
        assert len(editor.messages) == times
        manifest.write_text(whole, "utf-8")
        assert editor.lenses(uri)[0] == "clean 1.0"
