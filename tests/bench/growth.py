"""How time and memory grow with the number of scripts."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.rows import PINESYNC, Environment, Row
from tests.bench.service import serving

COUNTS = (100, 1_000, 10_000)
MOST_MEMORY = 150
VERBS = {
    "clone": ("clone", "--remote", "tradingview", "folder"),
    "status": ("status",),
    "pull": ("pull",),
}


def rows(base: Path, env: Environment) -> Iterator[Row]:
    """Time for each thousand scripts, and the peak memory of a process."""
    for count in COUNTS:
        place = base / f"growth-{count}"
        place.mkdir()
        with serving(place, env, 0.0, count) as service:
            for verb, words in VERBS.items():
                cwd = place if verb == "clone" else place / "folder"
                seconds, memory = _measured((*PINESYNC, *words), cwd, service.env)
                measured = f"{seconds:.2f} s, {memory:.0f} MB"
                each = f"{seconds / count * 1000:.2f} s for each 1,000"
                largest = count == COUNTS[-1]
                aim = f"≤ {MOST_MEMORY} MB" if largest else ""
                met = memory <= MOST_MEMORY if largest else None
                yield Row(f"`{verb}`, {count:,} scripts", measured, each, None, aim, met)


def _measured(command: tuple[str, ...], cwd: Path, env: Environment) -> tuple[float, float]:
    """Seconds, and the process's largest resident size in MB."""
    began = time.perf_counter()
    with subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.DEVNULL) as child:
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(command)}: ended with {child.returncode}")
    scale = 1024 * 1024 if sys.platform == "darwin" else 1024
    return time.perf_counter() - began, used.ru_maxrss / scale
