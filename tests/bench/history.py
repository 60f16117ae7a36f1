"""How long a history import takes, compared with the service's latency and with git alone."""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pinesync.sandbox.store import Store, User
from tests.bench.rows import PINESYNC, Environment, Row, against, timed
from tests.bench.service import BODY, Service, serving

SCRIPTS = 100
VERSIONS = 50
LATENCY = 0.05
JOBS = 4


def rows(env: Environment) -> Iterator[Row]:
    """A row for each figure."""
    with tempfile.TemporaryDirectory(prefix="pinesync-bench-") as name:
        base = Path(name)
        with serving(base, env, LATENCY, 0) as service:
            fill(service.store, service.user, SCRIPTS, VERSIONS)
            yield _cloned(service, base)
            yield _from_what_is_held(service, base / "folder")


def fill(store: Store, user: User, scripts: int, versions: int) -> None:
    """Scripts of that many versions each."""
    for number in range(scripts):
        made = store.save_new(user, f"Script {number:03}", BODY, created=1_600_000_000 + number)
        for turn in range(1, versions):
            when = 1_600_000_000 + turn * 1000 + number
            store.save_next(user, made.pine_id, f"{BODY}// {turn}\n", created=when)


def _cloned(service: Service, base: Path) -> Row:
    words = ("clone", "--history", "--remote", "tradingview", "--jobs", str(JOBS), "folder")
    took = timed((*PINESYNC, *words), base, service.env)
    requests = len(service.app.requests)
    label = f"`clone --history`: {SCRIPTS} scripts × {VERSIONS} versions, {requests:,} requests"
    return against(label, took, requests * LATENCY / JOBS, "latency × requests ÷ jobs", 1.2)


def _from_what_is_held(service: Service, folder: Path) -> Row:
    """Only the list is requested, and all commits are rebuilt."""
    importing = (*PINESYNC, "history", "import")
    nothing = timed(importing, folder, service.env)
    branch = ["git", "update-ref", "-d", "refs/remotes/tradingview/history"]
    subprocess.run(branch, cwd=folder, check=True)
    took = timed(importing, folder, service.env) - nothing
    each = SCRIPTS * VERSIONS / took
    label = "`history import` from what is held"
    return Row(label, f"{took:.1f} s, {each:,.0f} commits/s", "", None, "≥ 2,000", each >= 2000)
