"""Push, pull and diff from an editor follow the same rules, and never touch unsaved text."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from lsprotocol.types import MessageType

from tests.lsp.conftest import OnTrend
from tests.lsp.editor import Editor
from tests.world import BREAKOUT_PATH, TOOLS_PATH, TREND_PATH, World
from tests.world.repository import start
from tests.world.scripts import BREAKOUT, BROKEN, LONGER, MERGED, SLOWER, TOOLS, TREND

served = pytest.mark.parametrize("world", ["facade"], indirect=True)


def test_a_push_saves_one_script(clone: World, on_trend: OnTrend) -> None:
    clone.write(LONGER)
    clone.write(BREAKOUT + "// mine\n", BREAKOUT_PATH)
    editor, uri = on_trend()
    answer = editor.do("push", uri)
    assert (answer["exit_code"], answer["diff"]) == (0, "")
    (message,) = editor.messages
    assert message.type == MessageType.Info
    assert message.message == answer["message"] == f"{TREND_PATH}: saved 1.0 → 2.0"
    assert clone.saved() == [TREND, LONGER]
    assert clone.saved("Breakout") == [BREAKOUT]
    assert editor.lenses(uri)[0] == "clean 2.0"
    assert editor.renewed
    assert clone.statuses() == {BREAKOUT_PATH: "modified"}
    assert editor.do("push", uri)["message"] == "nothing to push"
    assert clone.saved() == [TREND, LONGER]


def test_a_push_of_the_folder_refuses_unsaved_files(clone: World, on_trend: OnTrend) -> None:
    clone.write(LONGER)
    clone.write(BREAKOUT + "// mine\n", BREAKOUT_PATH)
    editor, uri = on_trend(LONGER + "// more\n")
    refused = editor.do("push", clone.folder.as_uri())
    assert refused["exit_code"] == 3
    assert editor.messages[-1].message.startswith(f"{TREND_PATH}: unsaved changes in the editor")
    assert clone.saved() == [TREND]
    editor.forget(uri)
    assert editor.do("push", clone.folder.as_uri())["exit_code"] == 0
    assert clone.statuses() == {}


def test_push_and_pull_of_a_subfolder_leave_other_files(clone: World, editor: Editor) -> None:
    """Other files are neither sent nor pulled, and may be unsaved."""
    mine = BREAKOUT + "// mine\n"
    clone.write(LONGER)
    clone.write(mine, BREAKOUT_PATH)
    (clone.folder / "drafts").mkdir()
    editor.open(clone.folder / TREND_PATH, LONGER + "// not saved\n")
    editor.do("push", (clone.folder / "drafts").as_uri())
    assert clone.saved("Breakout") == [BREAKOUT]
    strategies = (clone.folder / "strategies").as_uri()
    assert editor.do("push", strategies)["exit_code"] == 0
    assert (clone.saved(), clone.saved("Breakout")) == ([TREND], [BREAKOUT, mine])
    before = clone.read(TOOLS_PATH)
    clone.web_save(TOOLS + "// there\n", "Tools")
    assert editor.do("pull", strategies)["exit_code"] == 0
    assert clone.read(TOOLS_PATH) == before
    inside = (clone.folder / "indicators").as_uri()
    assert editor.do("push", inside)["exit_code"] == 3
    assert clone.saved() == [TREND]


@pytest.mark.parametrize("verb", ["push", "pull"])
def test_unsaved_changes_are_never_overwritten(clone: World, on_trend: OnTrend, verb: str) -> None:
    """The file's old text is not sent, and no new one is written under the edit."""
    clone.web_save(SLOWER, "Trend") if verb == "pull" else clone.write(LONGER)
    before = clone.read()
    editor, uri = on_trend()
    editor.type(uri, before + "// not saved\n")
    assert editor.do(verb, uri)["exit_code"] == 3
    (message,) = editor.messages
    assert message.type == MessageType.Warning
    assert message.message == (
        f"{TREND_PATH}: unsaved changes in the editor; nothing was done "
        f"(hint: save it, then {verb} again)"
    )
    assert clone.read() == before
    assert len(clone.saved()) == (2 if verb == "pull" else 1)
    assert clone.version() == "1.0"
    # Other line ends or a BOM are not an edit.
    editor.type(uri, "\ufeff" + before.replace("\n", "\r\n"))
    assert editor.do(verb, uri)["exit_code"] == 0


def test_a_refused_push_is_a_warning_with_its_hint(clone: World, on_trend: OnTrend) -> None:
    clone.web_save(SLOWER)
    clone.write(LONGER)
    editor, uri = on_trend()
    assert editor.do("push", uri)["exit_code"] == 3
    (message,) = editor.messages
    assert message.type == MessageType.Warning
    assert message.message == (
        f"{TREND_PATH}: saved on TradingView since you pulled (1.0 → 2.0) "
        "(hint: run `pinesync pull` to merge it, then push again)"
    )
    assert clone.saved() == [TREND, SLOWER]
    assert editor.do("pull", uri)["exit_code"] == 0
    assert clone.read() == MERGED
    # The editor still shows the old text: what it shows is sent, or nothing.
    assert editor.do("push", uri)["exit_code"] == 3
    assert clone.saved() == [TREND, SLOWER]
    editor.type(uri, MERGED)
    assert editor.do("push", uri)["exit_code"] == 0
    assert clone.saved() == [TREND, SLOWER, MERGED]


def test_a_compile_error_is_shown_at_its_position(clone: World, on_trend: OnTrend) -> None:
    clone.write(BROKEN)
    editor, uri = on_trend()
    assert editor.findings(uri, 1) == []
    assert editor.do("push", uri)["exit_code"] == 4
    assert editor.messages[-1].type == MessageType.Warning
    editor.until(lambda: editor.found[uri])
    assert editor.found[uri][0].range.start.line == 12
    assert clone.saved() == [TREND]


def test_a_pull_downloads_the_newest_version(clone: World, on_trend: OnTrend) -> None:
    clone.web_save(SLOWER)
    editor, uri = on_trend()
    assert editor.do("pull", uri)["exit_code"] == 0
    assert editor.messages[-1].message == f"{TREND_PATH}: pulled 1.0 → 2.0"
    assert clone.read() == SLOWER
    assert clone.version() == "2.0"


@pytest.mark.parametrize("able", [True, False])
def test_the_diff_opens_next_to_the_file(clone: World, on_trend: OnTrend, able: bool) -> None:
    """If the editor cannot open the file, the message has its path."""
    clone.web_save(SLOWER)
    editor, uri = on_trend(able=able)
    answer = editor.do("diff", uri)
    assert answer["exit_code"] == 0
    assert (
        '-length = input.int(50, "Length")\n+length = input.int(20, "Length")\n' in answer["diff"]
    )
    first = answer["diff"].splitlines()[0]
    assert first == f"--- a/{TREND_PATH} (TradingView 2.0)"
    if able:
        editor.until(lambda: editor.opened)
        shown = Path(unquote(urlsplit(editor.opened[0]).path))
        assert str(shown) not in editor.messages[-1].message
    else:
        shown = Path(editor.messages[-1].message.splitlines()[-1])
        assert not editor.opened
    assert shown.read_text("utf-8") == answer["diff"]
    assert shown.name == "Trend.pine.diff"
    assert shown.parents[1].stat().st_mode & 0o077 == 0
    assert clone.folder not in shown.parents
    assert editor.leave() == 0
    assert not shown.exists()
    assert clone.read() == TREND


def test_diff_reports_no_difference_and_unsaved_changes(clone: World, on_trend: OnTrend) -> None:
    editor, uri = on_trend()
    assert editor.do("diff", uri)["message"] == "no difference from TradingView"
    editor.type(uri, LONGER)
    message = editor.do("diff", uri)["message"]
    assert message == "no difference from TradingView, without the editor's unsaved changes"


def test_a_push_commits_if_git_config_says_so(clone: World, on_trend: OnTrend) -> None:
    """It is an ordinary push: `git config pinesync.commit` applies."""
    start(clone)
    clone.git("config", "pinesync.commit", "true")
    clone.write(LONGER)
    editor, uri = on_trend()
    assert editor.do("push", uri)["message"].endswith("\ncommitted Trend 2.0")
    clone.git("diff", "--exit-code", "HEAD")


@pytest.mark.parametrize("arguments", [(), ("",), ("Trend.pine",), ("https://a.invalid/b.pine",)])
def test_a_command_without_a_file_is_refused(
    clone: World, editor: Editor, arguments: tuple[str, ...]
) -> None:
    for verb in ("push", "pull", "diff"):
        assert editor.do(verb, *arguments)["exit_code"] == 2
    assert [message.type for message in editor.messages] == [MessageType.Warning] * 3
    assert editor.leave() == 0


def test_files_outside_the_workspace_are_refused(clone: World, editor: Editor) -> None:
    (clone.place / "elsewhere.pine").write_text(LONGER, "utf-8")
    (clone.folder / "link.pine").symlink_to(clone.place / "elsewhere.pine")
    for uri in (
        (clone.folder / "link.pine").as_uri(),
        f"{clone.folder.as_uri()}/../elsewhere.pine",
        (clone.folder / "pine.toml").as_uri(),
    ):
        assert editor.do("push", uri)["exit_code"] != 0
    assert len(clone.account()) == 3


@served
def test_no_output_contains_the_cookie(clone: World, on_trend: OnTrend) -> None:
    clone.write(LONGER)
    editor, uri = on_trend()
    clone.plan.add("list:1:expire")
    answers = [editor.do(verb, uri) for verb in ("diff", "push", "pull")]
    assert {answer["exit_code"] for answer in answers} == {5}
    assert clone.user.sessionid not in repr((answers, editor.messages, editor.published))
    assert editor.leave() == 0
    assert editor.process.stderr is not None
    assert clone.user.sessionid.encode() not in editor.run(editor.process.stderr.read())
