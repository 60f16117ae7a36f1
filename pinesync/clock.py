"""The only module that reads this machine's clocks. Others receive a reading, or the function.

No choice between two texts depends on a clock. Clocks order what a person reads, and limit waits.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pinesync.sync.intents import Now

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def wall() -> float:
    """Epoch seconds. A person or the network may change this clock at any moment."""
    return time.time()


def monotonic() -> float:
    """Seconds since an unknown moment, which never go back. May stop while the machine sleeps."""
    return time.monotonic()


def since_boot() -> float:
    """Like `monotonic`, but also counts sleep if the system has such a clock."""
    boottime = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boottime is None else time.clock_gettime(boottime)


def now() -> Now:
    """A reading for an intent. Only Linux identifies the boot; elsewhere, waits for lost saves are
    longer."""
    from pinesync.sync.intents import Now

    try:
        boot_id = _BOOT.read_text("ascii").strip()
    except OSError:
        boot_id = ""
    return Now(wall(), since_boot() if boot_id else monotonic(), boot_id)
