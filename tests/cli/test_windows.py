"""Windows specifics, as far as they can be tested here: its console, its pager, its paths."""

from __future__ import annotations

import io
import os
import queue
import sys
from pathlib import Path

import pytest

from pinesync.cli.keys import keys
from pinesync.cli.on_error import _notifier, _run
from pinesync.cli.options import command_words
from pinesync.cli.pager import _encoded, _pager
from tests.watch.test_process import recording, was_started
from tests.world import TREND_PATH


class Console(io.StringIO):
    """A console of `msvcrt` with these keys pressed, and its standard input."""

    def __init__(self, pressed: str) -> None:
        super().__init__()
        self._left = list(pressed)

    def isatty(self) -> bool:
        return True

    def kbhit(self) -> bool:
        return bool(self._left)

    def getwch(self) -> str:
        return self._left.pop(0)


def test_keys_are_read_from_the_windows_console(monkeypatch: pytest.MonkeyPatch) -> None:
    console = Console("P\xe0Hn")
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(sys, "stdin", console)
    monkeypatch.setitem(sys.modules, "termios", None)
    monkeypatch.setitem(sys.modules, "msvcrt", console)
    pressed: queue.Queue[str] = queue.Queue()
    with keys() as hear:
        assert hear is not None
        hear(pressed.put)
        assert [pressed.get(timeout=60) for _ in range(2)] == ["p", "n"]  # and no arrow


def test_a_backslash_belongs_to_a_path_on_windows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    typed = r'"C:\Program Files\Git\usr\bin\less.exe" -R C:\x'
    words = [r"C:\Program Files\Git\usr\bin\less.exe", "-R", r"C:\x"]
    assert command_words(typed, windows=True) == words
    assert command_words(r"a\ b 'c d' # e", windows=False) == ["a b", "c d", "#", "e"]
    for name in ("TERM", "GIT_PAGER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PAGER", typed)
    assert _pager(windows=True) == words
    # Without a pager of the person's, and without less, the one that Windows has.
    monkeypatch.delenv("PAGER")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert _pager(windows=True) == ["more"]
    assert _encoded(["more"], "\x1b[32m+x\x1b[0m", windows=True) == b"+x"
    assert _encoded(["less"], "\x1b[32m+x\x1b[0m", windows=True) == b"\x1b[32m+x\x1b[0m"


def test_a_notification_gets_its_text_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    recording(tmp_path, "powershell")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    words = _notifier("win32")
    _run(words, TREND_PATH, "'; & calc; \u202e")
    arguments, environment = was_started(tmp_path)
    assert arguments == "\n".join([*words[1:], ""]).splitlines()
    assert environment["PINESYNC_PATH"] == TREND_PATH
    assert environment["PINESYNC_MESSAGE"] == r"'; & calc; \u{202e}"
