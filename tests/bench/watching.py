"""How soon `watch` uploads a save, and what it costs while idle."""

import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pinesync.sandbox.account import USER_NAME, open_sandbox
from pinesync.sandbox.app import Environ, SandboxApp, StartResponse
from pinesync.sandbox.serve import Server
from pinesync.sandbox.store import Store
from tests.bench.rows import Environment, Row

SAVES = 20
AT_ONCE = 500
IDLE_SECONDS = 10.0


class Noting(SandboxApp):
    """Records the time of each request."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.came: list[float] = []
        self.news = threading.Event()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        self.came.append(time.monotonic())
        self.news.set()
        return super().__call__(environ, start_response)


def rows(folder: Path, base: Path, environment: Environment) -> Iterator[Row]:
    """A line for each figure. `folder` is a clone of the default sandbox below `base`."""
    store = open_sandbox(base / "home" / "sandbox", "default", time.time)
    app = Noting(store)
    with Server(app) as server:
        env = {
            **environment,
            "PINESYNC_FACADE_URL": server.url,
            "PINESYNC_COOKIE": store.ensure_user(USER_NAME).cookie,
        }
        manifest = folder / "pine.toml"
        text = manifest.read_text("utf-8").replace('remote = "sandbox"', 'remote = "tradingview"')
        manifest.write_text(text, "utf-8")
        files = sorted(folder.rglob("*.pine"))
        with _watching(folder, env) as (child, events):
            yield from _latency(files, app, events)
            yield from _idle(child.pid, len(files))
            yield from _many(files, app, events)
    store.close()


@contextmanager
def _watching(folder: Path, env: Environment) -> Iterator[tuple[Any, Iterator[Any]]]:
    command = [sys.executable, "-m", "pinesync", "watch", "--json", "--yes", "--poll", "3600"]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    child: Any = subprocess.Popen(command, cwd=folder, env=env, stdin=subprocess.DEVNULL, **pipes)
    events = (json.loads(line) for line in child.stdout)
    try:
        _until(events, "quiet")
        yield child, events
    finally:
        child.terminate()
        child.communicate()


def _until(events: Iterator[Any], kind: str) -> Any:
    return next(event for event in events if event["event"] == kind)


def _latency(files: list[Path], app: Noting, events: Iterator[Any]) -> Iterator[Row]:
    waits = []
    for number, file in enumerate(files[:SAVES]):
        app.came.clear()
        app.news.clear()
        with file.open("a") as opened:
            opened.write(f"// {number}\n")
        saved = time.monotonic()
        app.news.wait(60)
        waits.append((app.came[0] - saved) * 1000)
        _until(events, "done")
    median, late = statistics.median(waits), statistics.quantiles(waits, n=20)[-1]
    figure = f"median {median:.0f} ms, p95 {late:.0f} ms"
    yield Row("save → request", figure, "60 ms of them quiet", None, "≤ 100 ms", median <= 100)


def _idle(pid: int, scripts: int) -> Iterator[Row]:
    if not Path("/proc/self/stat").exists():
        return
    before, began = _cpu(pid), time.monotonic()
    time.sleep(IDLE_SECONDS)
    share = (_cpu(pid) - before) / (time.monotonic() - began)
    status = Path(f"/proc/{pid}/status").read_text()
    rss = int(next(row for row in status.split("\n") if row.startswith("VmRSS")).split()[1])
    figure = f"{share:.2%} of a core, {rss / 1024:.0f} MB"
    yield Row(f"{scripts:,} scripts, idle", figure, "", None, "≤ 1 %", share <= 0.01)


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _many(files: list[Path], app: Noting, events: Iterator[Any]) -> Iterator[Row]:
    app.came.clear()
    began = time.monotonic()
    for file in files[-AT_ONCE:]:
        with file.open("a") as opened:
            opened.write("// all\n")
    for _ in files[-AT_ONCE:]:
        _until(events, "done")
    took = time.monotonic() - began
    each = len(app.came) / len(files[-AT_ONCE:])
    figure = f"{took:.0f} s, {each:.1f} requests a file"
    yield Row(f"{AT_ONCE} files at once", figure, "", None, "≤ 15 s", took <= 15)
