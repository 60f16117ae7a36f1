"""The clocks of this machine: the one place that reads them. Everybody else is handed a reading, or
the function.

No choice between two texts depends on a clock. They order what a person reads, and they bound how
long something is waited for.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pinesync.sync.intents import Now

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def wall() -> float:
    """Epoch seconds, which a person, or the network, may set to anything at any moment."""
    return time.time()


def monotonic() -> float:
    """Seconds that never go back, from an unknown moment; they may stop while the machine
    sleeps."""
    return time.monotonic()


def since_boot() -> float:
    """The same; they go on while the machine sleeps, where the system has such a clock."""
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)


def now() -> Now:
    """All that a record notes. Linux names the boot; elsewhere the wait for a lost save is only
    longer."""
    from pinesync.sync.intents import Now

    try:
        boot_id = _BOOT.read_text("ascii").strip()
    except OSError:
        boot_id = ""
    return Now(wall(), since_boot() if boot_id else monotonic(), boot_id)
