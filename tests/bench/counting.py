"""Run pinesync and log every fsync to the file in BENCH_SYNCED (Linux)."""

import os
import sys
from pathlib import Path

from pinesync.cli import main

_real = os.fsync


def _report(fd: int) -> None:
    with Path(os.environ["BENCH_SYNCED"]).open("a", encoding="utf-8") as log:
        log.write(os.readlink(f"/proc/self/fd/{fd}") + "\n")
    _real(fd)


if __name__ == "__main__":
    os.fsync = _report  # type: ignore[assignment]
    sys.argv[0] = "pinesync"
    main()
