"""What an import of the history costs beside the service's latency, and how fast git takes it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from pinesync.sandbox.account import USER_NAME, open_sandbox
from pinesync.sandbox.app import Environ, SandboxApp, StartResponse
from pinesync.sandbox.serve import Server
from pinesync.sandbox.store import Store, User

SCRIPTS = 100
VERSIONS = 50
LATENCY = 0.05
JOBS = 4


class Slow(SandboxApp):
    """Takes its time for each request, and counts them."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.asked = 0
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        with self._lock:
            self.asked += 1
        time.sleep(LATENCY)
        return super().__call__(environ, start_response)


def rows(environment: dict[str, str]) -> Iterator[str]:
    """A line for each figure."""
    with tempfile.TemporaryDirectory(prefix="pinesync-bench-") as name:
        base = Path(name)
        store = open_sandbox(base / "service", "default", time.time)
        user = store.ensure_user(USER_NAME)
        _fill(store, user)
        app = Slow(store)
        with Server(app) as server:
            env = {
                **environment,
                "PINESYNC_HOME": str(base / "home"),
                "PINESYNC_FACADE_URL": server.url,
                "PINESYNC_COOKIE": user.cookie,
            }
            yield _cloned(app, base, env)
            yield _from_what_is_held(base, env)
        store.close()


def _fill(store: Store, user: User) -> None:
    body = "//@version=6\nindicator('bench')\n" + "plot(close)\n" * 60
    for number in range(SCRIPTS):
        made = store.save_new(user, f"Script {number:03}", body, created=1_600_000_000 + number)
        for turn in range(1, VERSIONS):
            when = 1_600_000_000 + turn * 1000 + number
            store.save_next(user, made.pine_id, f"{body}// {turn}\n", created=when)


def _cloned(app: Slow, base: Path, env: dict[str, str]) -> str:
    command = ["clone", "--history", "--remote", "tradingview", "--jobs", str(JOBS), "folder"]
    took = _timed(command, base, env)
    least = app.asked * LATENCY / JOBS
    return (
        f"clone --history: {SCRIPTS} scripts × {VERSIONS} versions, {app.asked} requests: "
        f"{took:.1f} s, latency alone {least:.1f} s, ratio {took / least:.2f} (aim 1.20)"
    )


def _from_what_is_held(base: Path, env: dict[str, str]) -> str:
    """Nothing but the list is asked, and all commits are made anew."""
    folder = base / "folder"
    began = _timed(["history", "import"], folder, env)
    branch = ["git", "update-ref", "-d", "refs/heads/tradingview/history"]
    subprocess.run(branch, cwd=folder, check=True)
    took = _timed(["history", "import"], folder, env)
    each = SCRIPTS * VERSIONS / (took - began)
    return (
        f"history import from what is held: {took - began:.1f} s, {each:.0f} commits/s (aim 2000)"
    )


def _timed(words: list[str], cwd: Path, env: dict[str, str]) -> float:
    began = time.perf_counter()
    command = [sys.executable, "-m", "pinesync", *words]
    subprocess.run(command, cwd=cwd, env=env, check=True, capture_output=True)
    return time.perf_counter() - began
