"""Opening a workspace leaves nothing behind."""

import gc
import weakref

from pinesync.lsp.commands import diff_command
from pinesync.workspace.workspace import Workspace
from tests.world import TREND_PATH, World


def test_a_workspace_is_released_after_its_last_use(clone: World, monkeypatch) -> None:
    """The language server opens a project for each command; a reference cycle would keep them
    all."""
    opened: list[weakref.ref[Workspace]] = []
    begin = Workspace.__init__

    def noted(workspace: Workspace, *arguments: object, **named: object) -> None:
        begin(workspace, *arguments, **named)  # type: ignore[arg-type]
        opened.append(weakref.ref(workspace))

    monkeypatch.setattr(Workspace, "__init__", noted)
    gc.collect()
    gc.disable()
    try:
        diff_command(clone.setup(), clone.root / TREND_PATH, {})
        assert opened
        assert [workspace for workspace in opened if workspace()] == []
    finally:
        gc.enable()
