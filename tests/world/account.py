"""An account on the sandbox, and its users in the web editor."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from pinesync.model import PineId
from pinesync.sandbox.account import DEFAULT_NAME, USER_NAME, open_sandbox
from pinesync.sandbox.adapter import IN_PROCESS_URL, WSGIAdapter
from pinesync.sandbox.app import Environ, SandboxApp, StartResponse
from pinesync.sandbox.faults import FaultPlan
from pinesync.sandbox.store import Store
from pinesync.sync import ports
from pinesync.tradingview.client import PineClient
from pinesync.tradingview.cookies import parse
from pinesync.tradingview.http import Session, Transport


class Remote(Protocol):
    """The other side of a world, controlled by hand: `Account` or `FakeRemote`."""

    def client(self) -> ports.Remote: ...
    def add(self, name: str, *texts: str) -> PineId: ...
    def web_save(self, pine_id: PineId, *texts: str) -> None: ...
    def web_rename(self, pine_id: PineId, name: str) -> None: ...
    def web_delete(self, pine_id: PineId) -> None: ...
    def texts(self) -> dict[PineId, list[str]]:
        """The text of every version of each script, the newest last."""


class Watched(SandboxApp):
    """The facade, with a way to wait for a request: no test sleeps."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._answered: list[str] = []
        self._news = threading.Condition()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        body = super().__call__(environ, start_response)
        with self._news:
            self._answered.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}")
            self._news.notify_all()
        return body

    def forget(self) -> None:
        """Ignore the requests so far."""
        self._answered.clear()

    def wait_for(self, path: str) -> None:
        """Wait until a request to such a path was carried out, even if its response was lost."""
        with self._news:
            assert self._news.wait_for(
                lambda: any(path in request for request in self._answered), 60
            )


class Account:
    """The account of the sandbox in that folder, created if missing. Manual saves have their own
    author."""

    BY = "web editor"

    def __init__(self, sandboxes: Path, now: Callable[[], float] = time.time) -> None:
        self.store = open_sandbox(sandboxes, DEFAULT_NAME, now)
        self.app = Watched(self.store)
        self.user = self.store.ensure_user(USER_NAME)

    @property
    def plan(self) -> FaultPlan:
        return self.app.plan

    def close(self) -> None:
        self.store.close()

    def client(self) -> PineClient:
        """A client that is signed in and never sleeps."""
        transport = Transport(adapter=WSGIAdapter(self.app), sleep=lambda _: None)
        secret = parse(self.user.cookie, IN_PROCESS_URL)
        return PineClient(Session(IN_PROCESS_URL, secret, transport))

    def add(self, name: str, *texts: str) -> PineId:
        pine_id = self.store.save_new(self.user, name, texts[0], author=self.BY).pine_id
        self.web_save(pine_id, *texts[1:])
        return pine_id

    def web_save(self, pine_id: PineId, *texts: str) -> None:
        for text in texts:
            self.store.save_next(self.user, pine_id, text, author=self.BY)

    def web_rename(self, pine_id: PineId, name: str) -> None:
        self.store.rename(self.user, pine_id, name)

    def web_delete(self, pine_id: PineId) -> None:
        self.store.delete(self.user, pine_id)

    def id_of(self, name: str) -> PineId:
        found = self.store.find(self.user, name)
        assert found, f"no script is called {name}"
        return found.pine_id

    def texts(self) -> dict[PineId, list[str]]:
        listed = self.store.list(self.user)
        return {
            script.pine_id: [version.source for version in self.store.history(script.pine_id)]
            for script in listed
        }
