"""An account and a clone of it, and editors that are opened on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lsp.editor import Editor

Opening = Callable[..., Editor]


@pytest.fixture
def opening() -> Iterator[Opening]:
    """Starts an editor in a folder; `begun=False` leaves the first words to the test."""
    editors: list[Editor] = []

    def opened(cwd: Path, *arguments: str, begun: bool = True, **more: Any) -> Editor:
        editors.append(Editor(cwd, *arguments))
        if begun:
            editors[-1].begin(**more)
        return editors[-1]

    yield opened
    for editor in editors:
        editor.close()
