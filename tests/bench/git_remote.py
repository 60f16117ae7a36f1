"""How long git takes with TradingView as its remote, compared with the verbs that do the same."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench.history import JOBS, LATENCY, fill
from tests.bench.rows import PINESYNC, Environment, Row, against, in_turn, timed
from tests.bench.service import serving

SCRIPTS = 1000
VERSIONS = 5
ROUNDS = 5
CLONE = ("clone", "--history", "--remote", "tradingview", "--jobs", str(JOBS))


def rows(env: Environment) -> Iterator[Row]:
    path = os.pathsep.join((str(Path(sys.executable).parent), env["PATH"]))
    with tempfile.TemporaryDirectory(prefix="pinesync-bench-") as name:
        base = Path(name)
        with serving(base, {**env, "PATH": path}, LATENCY, 0) as service:
            fill(service.store, service.user, SCRIPTS, VERSIONS)
            verb = timed((*PINESYNC, *CLONE, "by-verb"), base, service.env)
            took = timed(("git", "clone", "pinesync::tradingview", "by-git"), base, service.env)
            label = f"`git clone`: {SCRIPTS:,} scripts × {VERSIONS} versions"
            yield against(label, took, verb, "`clone --history`", 1.2)
            folder, before = base / "by-git", len(service.app.requests)
            fetches = ("git", "fetch"), (*PINESYNC, "fetch")
            fetched, least = in_turn(*fetches, folder, service.env, ROUNDS)
            each = (len(service.app.requests) - before) / (2 * (ROUNDS + 1))
            label = f"`git fetch` with nothing new, {each:.0f} request"
            yield against(label, fetched, least, "`pinesync fetch`", 2)
