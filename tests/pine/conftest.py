"""A client on a sandbox in process, and the rules for an envelope."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pinesync.pine import Pine
from pinesync.sandbox.adapter import IN_PROCESS_URL, WSGIAdapter
from pinesync.sandbox.app import SandboxApp
from pinesync.sandbox.store import Store, User

GOOD = "//@version=6\nindicator('Good one')\nplot(close)\n"
MORE = "//@version=6\nindicator('Good one', overlay = true)\nplot(open)\n"
BROKEN = "//@version=6\nindicator('Broken')\nplot(clsoe)\n"
OLD = "//@version=4\nstudy('Old')\nplot(sma(close, 5))\n"
STRANGE = "USER;" + "f" * 32
NOW = 1_700_000_000
KEYS = ["status", "data", "metadata", "warnings", "error"]

Envelope = dict[str, Any]


@dataclass
class World:
    """A client, and the account behind it."""

    pine: Pine
    app: SandboxApp
    user: User

    def __post_init__(self) -> None:
        self.store, self.plan = self.app.store, self.app.plan

    def make(self, name: str = "One", *sources: str) -> str:
        first, *more = sources or (GOOD,)
        pine_id = self.store.save_new(self.user, name, first).pine_id
        for source in more:
            self.store.save_next(self.user, pine_id, source)
        return pine_id

    def calls(self, pine_id: str) -> dict[str, Callable[[], Envelope]]:
        """Each method as a client would use it; all succeed without faults."""
        return {
            "list_saved_scripts": self.pine.list_saved_scripts,
            "validate_script": lambda: self.pine.validate_script(GOOD),
            "create_script": lambda: self.pine.create_script("New", GOOD),
            "edit_script": lambda: self.pine.edit_script(pine_id, "One", MORE),
            "get_script": lambda: self.pine.get_script(pine_id, "last"),
            "delete_script": lambda: self.pine.delete_script(pine_id),
        }


ENDPOINTS = {
    "list_saved_scripts": "list",
    "validate_script": "check",
    "create_script": "save_new",
    "edit_script": "save_next",
    "get_script": "get",
    "delete_script": "delete",
}


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr("pinesync.tradingview.http.PAUSES", (0.0, 0.0))
    store = Store(tmp_path / "sandbox.sqlite3", lambda: NOW)
    app = SandboxApp(store)
    user = store.ensure_user("trader42")
    pine = Pine(user.cookie, base_url=IN_PROCESS_URL, adapter=WSGIAdapter(app))
    yield World(pine, app, user)
    store.close()


def good(envelope: Envelope) -> Any:
    """The data of a call that succeeded."""
    assert list(envelope) == KEYS
    assert envelope["status"] == "success", envelope["error"]
    assert envelope["error"] is None
    json.dumps(envelope)
    return envelope["data"]


def bad(envelope: Envelope) -> str:
    """Why a call failed."""
    assert list(envelope) == KEYS
    assert envelope["status"] == "failed"
    assert isinstance(envelope["error"], str)
    assert envelope["error"].strip()
    assert envelope["data"] is None or list(envelope["data"]) == ["errors"]
    json.dumps(envelope)
    return envelope["error"]


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    store = Store(tmp_path_factory.mktemp("fuzz") / "sandbox.sqlite3", lambda: NOW)
    app = SandboxApp(store)
    user = store.ensure_user("trader42")
    adapter = WSGIAdapter(app)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pinesync.tradingview.http.PAUSES", (0.0, 0.0))
        yield World(Pine(user.cookie, base_url=IN_PROCESS_URL, adapter=adapter), app, user)
    store.close()
