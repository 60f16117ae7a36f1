"""The log of a CI job, which its runner reads for commands: GitHub Actions obeys a line that begins
with `::`, Azure Pipelines `##vso[` anywhere in one, and both `##[`.

A command could hide what follows, stop others, or set a variable of the job. Text that is not ours
gets a space inside of what would begin one. Characters that are not seen do not help: runners
compare as people read.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from functools import cache

from pinesync.text.unicode import HARMFUL


def is_read_by_a_runner() -> bool:
    """Whether a runner of CI reads what is printed."""
    return bool(os.environ.get("GITHUB_ACTIONS") or os.environ.get("TF_BUILD"))


def escape_ci_commands(line: str, *, command: bool = False) -> str:
    """What is printed, where a runner reads it, without the beginning of a command; with `command`
    its first sign is one of ours."""
    if not is_read_by_a_runner():
        return line
    hashes, colons = _patterns()
    line = hashes.sub("# ", line)
    return line if command else colons.sub(r"\g<before>: ", line)


def is_a_log() -> bool:
    """Whether a runner reads standard output, and not a file that it goes to."""
    try:
        mode = os.fstat(sys.stdout.fileno()).st_mode
    except (OSError, ValueError):  # no stream of the system's
        return is_read_by_a_runner()
    return is_read_by_a_runner() and not stat.S_ISREG(mode)


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    unseen = f"[{HARMFUL}]*"
    vso = unseen.join(["v", "s", "o", r"\["])
    hashes = re.compile(rf"#(?={unseen}#{unseen}(?:\[|{vso}))")
    # Spaces before it count for nothing, whatever Unicode takes for one.
    space = rf"(?:(?![\n\r])[\s{HARMFUL}])*+"
    colons = re.compile(rf"(?:(?<=[\n\r])|\A)(?P<before>{space}):(?={unseen}:)")
    return hashes, colons
