"""A world: a person's folder, its account, and a clock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pinesync.app import project
from pinesync.app.project import Places, Project, Setup
from pinesync.app.sync import clone
from tests.fakes import Clock
from tests.world.account import Remote
from tests.world.fuse import Fuse, Fused

SETTLE = 180.0
"""How long a save may be under way, in seconds."""


@dataclass(kw_only=True)
class Workspace:
    """`root` is the folder; `pinesync_home` is where pinesync keeps what is not in it."""

    pinesync_home: Path
    remote: Remote
    clock: Clock = field(default_factory=Clock)
    fuse: Fuse = field(default_factory=Fuse)

    @property
    def root(self) -> Path:
        return self.pinesync_home / "scripts"

    def setup(self, cwd: Path | None = None, **more: Any) -> Setup:
        places = Places(
            self.pinesync_home / "config",
            self.pinesync_home / "state",
            self.pinesync_home / "sandbox",
        )
        return Setup(cwd or self.root, places, **{"settle_seconds": SETTLE, **more})

    def project(self) -> Project:
        return project.open_project(self.setup())

    @contextmanager
    def wired(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """Commands reach the remote, the folder and the clock of this world, through its fuse."""
        made = project.workspace_at

        def workspace_at(*args: Any, **kwargs: Any) -> object:
            opened = made(*args, **kwargs)
            for port in ("manifest", "tree", "texts", "log"):
                setattr(opened, port, Fused(getattr(opened, port), self.fuse))
            return opened

        def open_remote(*_: object, **__: object) -> object:
            return Fused(self.remote.client(), self.fuse)

        with monkeypatch.context() as patch:
            patch.setattr(project, "workspace_at", workspace_at)
            patch.setattr(project, "open_remote", open_remote)
            patch.setattr(clone, "open_remote", open_remote)
            patch.setattr(project, "now", lambda: self.clock.now())
            patch.setattr("time.sleep", lambda seconds: self.clock.sleep(seconds))
            yield
