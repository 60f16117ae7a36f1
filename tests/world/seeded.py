"""An account with three scripts and clones of it, made once and copied for every test."""

from __future__ import annotations

import shutil
from pathlib import Path

from pinesync.app.project import Places, Setup
from pinesync.app.sync.clone import clone
from pinesync.sandbox.serve import Server
from pinesync.workspace.state.store import folder_name
from tests.world.account import Account
from tests.world.keyboard import World
from tests.world.scripts import BREAKOUT, TOOLS, TREND

SCRIPTS = {"Trend": TREND, "Breakout": BREAKOUT, "Tools": TOOLS}


class Seeded:
    """The account in `sandboxes`, and a clone for each kind of remote, made on first use.

    A copy of a clone is as a clone to that place would have left it: nothing in it or in its state
    names the place, but for the name of the state folder."""

    def __init__(self, base: Path) -> None:
        self._places = Places(base / "config", base / "state", base / "sandbox")
        self._base = base
        account = Account(self.sandboxes)
        for name, text in SCRIPTS.items():
            account.store.save_new(account.user, name, text)
        account.close()

    @property
    def sandboxes(self) -> Path:
        return self._places.sandboxes

    def put_clone(self, world: World) -> None:
        """The result of `clone` in the world's place and home."""
        assert len(world.store.list(world.user)) == len(SCRIPTS), "clone it yourself"
        made = self._base / f"clone of {world.remote_name}"
        if not made.exists():
            self._clone(made, world)
        shutil.copytree(made, world.folder)
        (state,) = self._places.state.glob(folder_name("*", made))
        workspace_id, _, _ = state.name.partition("-")
        source = world.pinesync_home / "state"
        shutil.copytree(state, source / folder_name(workspace_id, world.folder))

    def _clone(self, made: Path, world: World) -> None:
        account = Account(self.sandboxes)
        with Server(account.app) as server:
            setup = Setup(
                self._base, self._places, facade_url=server.url, facade_cookie=account.user.cookie
            )
            assert clone(setup, made.name, remote=world.remote_name).exit_code == 0
        account.close()
