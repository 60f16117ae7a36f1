"""An account with three scripts, in process or over HTTP, and a person's home and folder."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pinesync.sandbox.account import USER_NAME, open_sandbox
from pinesync.sandbox.serve import Server
from tests.cli.tradingview import TradingView
from tests.cli.world import BREAKOUT, TOOLS, TREND, Watched, World


@pytest.fixture
def world(
    request: pytest.FixtureRequest,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[World]:
    """The account, before anything was cloned. With the parameter "facade" over HTTP."""
    # Commands see the store that they opened themselves: this one is another view of the file.
    store = open_sandbox(home / "pinesync" / "sandbox", "default", time.time)
    app = Watched(store)
    world = World(tmp_path, home, "sandbox", app, store.ensure_user(USER_NAME), capsys)
    for name, text in (("Trend", TREND), ("Breakout", BREAKOUT), ("Tools", TOOLS)):
        world.web_save(text, name)
    if getattr(request, "param", "sandbox") == "facade":
        with Server(app) as server:
            monkeypatch.setenv("PINESYNC_FACADE_URL", server.url)
            monkeypatch.setenv("PINESYNC_COOKIE", world.user.cookie)
            world.server = server
            world.remote = "tradingview"
            yield world
    else:
        monkeypatch.setattr("pinesync.sandbox.app.SandboxApp", _only(app))
        yield world
    store.close()


@pytest.fixture
def tradingview(
    world: World, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TradingView]:
    """The account of `world`, as TradingView."""
    with TradingView(world.app, tmp_path_factory.mktemp("ca")) as server:
        monkeypatch.setenv("HTTPS_PROXY", server.proxy)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(server.ca_bundle))
        yield server


@pytest.fixture
def clone(world: World) -> World:
    """The same world, with a clone of the account in `world.folder`."""
    world.clone()
    return world


def _only(app: Watched):
    """In process every command makes an app of its own: this one, with its faults and its log,
    as long as it is the same sandbox."""

    def made(store):
        return app if store.path == app.store.path else Watched(store)

    return made
