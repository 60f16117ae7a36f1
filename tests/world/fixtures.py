"""The fixtures of the command line's world: an account with three scripts, in process or over
HTTP, and a person's home and folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.world.account import Account, Watched
from tests.world.keyboard import World
from tests.world.repository import start
from tests.world.seeded import Seeded
from tests.world.tradingview import TradingView


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    return Seeded(tmp_path_factory.mktemp("seeded"))


@pytest.fixture
def world(
    request: pytest.FixtureRequest,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    seeded: Seeded,
) -> Iterator[World]:
    """The account before any clone. With the parameter "facade", over HTTP."""
    shutil.copytree(seeded.sandboxes, home / "pinesync" / "sandbox")
    # Commands see the store that they opened themselves: this one is another view of the file.
    account = Account(home / "pinesync" / "sandbox")
    world = World(
        pinesync_home=home / "pinesync",
        remote=account,
        place=tmp_path,
        capsys=capsys,
        monkeypatch=monkeypatch,
    )
    if getattr(request, "param", "sandbox") == "facade":
        with world.served():
            yield world
    else:
        monkeypatch.setattr("pinesync.sandbox.app.SandboxApp", _only(account.app))
        yield world
    account.close()


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
def clone(world: World, seeded: Seeded) -> World:
    """The same world, with a clone of the account in `world.folder`."""
    seeded.put_clone(world)
    return world


@pytest.fixture
def repo(clone: World) -> World:
    """The clone is a repository with everything in one commit."""
    return start(clone)


def _only(app: Watched):
    """In process every command creates its own app: return this one, with its faults and log, if it
    is the same sandbox."""

    def made(store):
        return app if store.path == app.store.path else Watched(store)

    return made
