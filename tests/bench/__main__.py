"""Measures whole processes, each beside one that does the least that must be done, in turn, and
prints the medians and their ratio. No assertion: a figure is there to be read."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pinesync.sandbox.account import USER_NAME, open_sandbox
from tests.bench import history, log, watching

ROUNDS = 7
SCRIPTS = 1000
HASHING = """
import click, hashlib, sys, tomllib
held = tomllib.loads(open("pine.toml", encoding="utf-8").read())
for path in held["scripts"]:
    hashlib.sha256(open(path, "rb").read()).hexdigest()
"""


@dataclass(frozen=True)
class Pair:
    """A command and the least that its job takes, and the most that the ratio should be."""

    name: str
    command: Sequence[str]
    least: Sequence[str]
    aim: float | None = None


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="pinesync-bench-") as name:
        base = Path(name)
        folder = _workspace(base)
        python, us = [sys.executable, "-c"], [sys.executable, "-m", "pinesync"]
        pairs = [
            Pair("--help", [*us, "--help"], [*python, "import click"], 1.6),
            Pair(
                f"status --offline, {SCRIPTS} scripts",
                [*us, "status", "--offline"],
                [*python, HASHING],
                1.3,
            ),
            Pair(f"status, {SCRIPTS} scripts", [*us, "status"], [*python, HASHING]),
            Pair("pull with nothing new", [*us, "pull"], [*us, "status"]),
            Pair("push with nothing changed", [*us, "push"], [*us, "status"]),
        ]
        print(f"{'':36}{'median':>10}{'least':>10}{'ratio':>8}{'aim':>8}")
        for pair in pairs:
            ours, least = _in_turn(pair, folder, base)
            aim = f"{pair.aim:8.2f}" if pair.aim else " " * 8
            print(f"{pair.name:36}{ours:9.3f}s{least:9.3f}s{ours / least:8.2f}{aim}")
        for row in log.rows(base, _environment(base)):
            print(row, flush=True)
        for row in watching.rows(folder, base, _environment(base)):
            print(row, flush=True)
        for row in history.rows(_environment(base)):
            print(row, flush=True)
    return 0


def _workspace(base: Path) -> Path:
    """A clone of a sandbox with many scripts."""
    store = open_sandbox(base / "home" / "sandbox", "default", time.time)
    user = store.ensure_user(USER_NAME)
    body = "//@version=6\nindicator('bench')\n" + "plot(close)\n" * 60
    for number in range(SCRIPTS):
        store.save_new(user, f"Script {number:04}", f"{body}// {number}\n")
    store.close()
    command = [sys.executable, "-m", "pinesync", "clone", "--sandbox", "folder", "--jobs", "4"]
    subprocess.run(command, cwd=base, env=_environment(base), check=True, capture_output=True)
    return base / "folder"


def _in_turn(pair: Pair, folder: Path, base: Path) -> tuple[float, float]:
    seconds: dict[int, list[float]] = {0: [], 1: []}
    for round_ in range(ROUNDS + 1):
        for which, command in enumerate((pair.command, pair.least)):
            began = time.perf_counter()
            subprocess.run(
                command, cwd=folder, env=_environment(base), check=True, capture_output=True
            )
            if round_:  # the first is to warm up
                seconds[which].append(time.perf_counter() - began)
    return statistics.median(seconds[0]), statistics.median(seconds[1])


def _environment(base: Path) -> dict[str, str]:
    return {**os.environ, "PINESYNC_HOME": str(base / "home"), "NO_COLOR": "1"}


if __name__ == "__main__":
    sys.exit(main())
