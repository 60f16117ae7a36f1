"""Foreign text is plain text to an editor and a desktop: no link, no command, no markup."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from pinesync.cli.on_error import error_notifier
from pinesync.lsp import commands
from pinesync.model import RelPath
from pinesync.sandbox.faults import Fault
from pinesync.watch.events import Notice
from tests.lsp.conftest import Opening, opening  # noqa: F401
from tests.watch.processes import WatchProcess
from tests.watch.test_process import recording, was_started
from tests.world import LONGER, TREND_PATH, World

LINK = "[Repair](command:workbench.action.terminal.new)"
TEXT = "[Repair] (command:workbench.action.terminal.new)"
served = pytest.mark.parametrize("world", ["facade"], indirect=True)


def test_a_key_of_pine_toml_does_not_become_a_link(clone: World, opening: Opening) -> None:  # noqa: F811
    file = clone.folder / "pine.toml"
    file.write_text(f"'{LINK}' = 1\n" + file.read_text())
    editor = opening(clone.folder)
    answer = editor.do("pull", (clone.folder / TREND_PATH).as_uri())
    assert answer["exit_code"] == 2
    (message,) = editor.messages
    assert TEXT in message.message == answer["message"]
    assert LINK not in message.message


@served
def test_a_refusal_by_the_service_does_not_become_a_link(
    clone: World,
    opening: Opening,  # noqa: F811
) -> None:
    body = f'{{"success":false,"reason":"{LINK}"}}'.encode()
    clone.plan.add(Fault("save_next", "answer", status=400, count=None, body=body))
    clone.write(LONGER)
    editor = opening(clone.folder)
    answer = editor.do("push", (clone.folder / TREND_PATH).as_uri())
    assert answer["exit_code"] != 0
    assert TEXT in editor.messages[-1].message == answer["message"]


@pytest.mark.promise("S9")
def test_removing_links_keeps_other_brackets() -> None:
    assert commands.without_links("a[0](b) ](](") == "a[0] (b) ] (] ("
    assert commands.without_links("plain (text) [x]") == "plain (text) [x]"


def test_a_name_in_a_code_lens_does_not_become_an_icon(clone: World, opening: Opening) -> None:  # noqa: F811
    clone.store.rename(clone.user, clone.id_of(), "$(verified) Trend")
    editor = opening(clone.folder)
    uri = editor.open(clone.folder / TREND_PATH)
    editor.do("refresh", uri)
    (title, *_) = editor.lenses(uri)
    assert "$ (verified)" in title
    assert "$(" not in title


@pytest.mark.promise("S9")
@pytest.mark.skipif(sys.platform == "darwin", reason="the desktop of macOS reads no markup")
def test_output_contains_no_markup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recording(tmp_path, "notify-send")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    error_notifier(None, notify=True)(
        Notice(RelPath(TREND_PATH), "diverged", "<b>R&D</b> \\074b\\076")
    )
    words, _ = was_started(tmp_path)
    assert words[-1] == "&lt;b&gt;R&amp;D&lt;/b&gt; \\\\074b\\\\076"


@served
def test_a_notification_has_no_markup(clone: World, tmp_path: Path) -> None:
    """notify-send undoes escapes of C in its text, and the desktop reads the rest as markup."""
    folder = tmp_path / "bin"
    folder.mkdir()
    recording(folder, "notify-send")
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    reason = '<a href=\\"evil.invalid\\">R&D</a> \\\\074b\\\\076'
    body = f'{{"success":false,"reason":"{reason}"}}'.encode()
    clone.plan.add(Fault("save_next", "answer", status=400, count=None, body=body))
    with WatchProcess(clone, "--json", "--notify", PATH=path) as session:
        session.next_event("quiet")
        clone.write(LONGER)
        session.next_event("done", TREND_PATH)
        session.next_event("quiet")
        _, title, text = was_started(folder)[0]
        session.interrupt()
    assert title == TREND_PATH
    assert '&lt;a href="evil.invalid"&gt;R&amp;D&lt;/a&gt; \\\\074b\\\\076' in text
