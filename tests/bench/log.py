"""What reading a long history costs, the first time and then."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from pinesync.sandbox.account import USER_NAME, open_sandbox

VERSIONS = 500


def rows(base: Path, environment: dict[str, str]) -> Iterator[str]:
    """`log` of one script with many versions, the first time and the second, beside the list
    alone."""
    store = open_sandbox(base / "home" / "sandbox", "long", time.time)
    user = store.ensure_user(USER_NAME)
    body = "//@version=6\nindicator('long')\n" + "plot(close)\n" * 60
    first = store.save_new(user, "Long", f"{body}// 1\n")
    for number in range(2, VERSIONS + 1):
        store.save_next(user, first.pine_id, f"{body}// {number}\n")
    store.close()
    command = [sys.executable, "-m", "pinesync"]
    folder = base / "long"
    cloning = [*command, "clone", "--remote", "sandbox:long", str(folder)]
    subprocess.run(cloning, cwd=base, env=environment, check=True, capture_output=True)
    times = [_timed([*command, "list"], folder, environment)]
    times += [_timed([*command, "log", "indicators/Long.pine"], folder, environment) for _ in "12"]
    alone, before, after = times
    yield (
        f"log of {VERSIONS} versions: first {before:.2f} s, then {after:.2f} s "
        f"({before / alone:.1f} and {after / alone:.1f} times `list`)"
    )


def _timed(command: list[str], folder: Path, environment: dict[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    return time.perf_counter() - began
