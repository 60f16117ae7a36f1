"""An account, a clone of it, and editors that open it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lsp.editor import Editor
from tests.world import TREND_PATH, World

Opening = Callable[..., Editor]
OnTrend = Callable[..., tuple[Editor, str]]


@pytest.fixture
def opening() -> Iterator[Opening]:
    """Starts an editor in a folder; `begun=False` leaves the initialization to the test."""
    editors: list[Editor] = []

    def opened(cwd: Path, *arguments: str, begun: bool = True, **more: Any) -> Editor:
        editors.append(Editor(cwd, *arguments))
        if begun:
            editors[-1].begin(**more)
        return editors[-1]

    yield opened
    for editor in editors:
        editor.close()


@pytest.fixture
def editor(clone: World, opening: Opening) -> Editor:
    """An editor in the clone."""
    return opening(clone.folder)


@pytest.fixture
def on_trend(clone: World, opening: Opening) -> OnTrend:
    """Starts an editor in the clone, and opens Trend in it, with its text or another; the editor
    and the document's address."""

    def opened(text: str | None = None, *arguments: str, **more: Any) -> tuple[Editor, str]:
        editor = opening(clone.folder, *arguments, **more)
        return editor, editor.open(clone.folder / TREND_PATH, text)

    return opened
