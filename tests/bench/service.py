"""The sandbox over loopback, with a latency and a request log."""

import re
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pinesync.sandbox.account import USER_NAME, open_sandbox
from pinesync.sandbox.app import Environ, SandboxApp, StartResponse
from pinesync.sandbox.serve import Server
from pinesync.sandbox.store import Store, User
from tests.bench.rows import Environment

BODY = "//@version=6\nindicator('bench')\n" + "plot(close)\n" * 60


class Slow(SandboxApp):
    """Delays each request, and records them in order."""

    def __init__(self, store: Store, latency: float) -> None:
        super().__init__(store)
        self.latency = latency
        self.requests: list[str] = []
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = re.sub(r"USER[^/]*", "ID", environ["PATH_INFO"].removeprefix("/pine-facade"))
        with self._lock:
            self.requests.append(path)
        time.sleep(self.latency)
        return super().__call__(environ, start_response)


@dataclass(frozen=True, slots=True)
class Service:
    """An account behind a socket, and the environment for a process that uses it."""

    app: Slow
    store: Store
    user: User
    url: str
    env: Environment


@contextmanager
def serving(base: Path, env: Environment, latency: float, scripts: int) -> Iterator[Service]:
    """An account with that many scripts of one version, in its own home below `base`."""
    store = open_sandbox(base / "service", "default", time.time)
    user = store.ensure_user(USER_NAME)
    for number in range(scripts):
        store.save_new(user, f"Script {number:05}", f"{BODY}// {number}\n")
    app = Slow(store, latency)
    with Server(app) as server:
        leading = {
            **env,
            "PINESYNC_HOME": str(base / "home"),
            "PINESYNC_FACADE_URL": server.url,
            "PINESYNC_COOKIE": user.cookie,
        }
        yield Service(app, store, user, server.url, leading)
    store.close()
