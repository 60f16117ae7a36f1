"""CI logs, which the job's runner scans for commands. GitHub Actions obeys lines that begin with
`::`, Azure Pipelines obeys `##vso[` anywhere in a line, and both obey `##[`.

A command could hide later output, stop other commands, or set a variable of the job. Foreign text
gets a space inside anything that would begin one. Invisible characters would not help: runners
compare text as people read it.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from functools import cache

from pinesync.text.unicode import HARMFUL


def is_ci() -> bool:
    """Whether a CI runner reads what is printed."""
    return bool(os.environ.get("GITHUB_ACTIONS") or os.environ.get("TF_BUILD"))


def escape_ci_commands(line: str, *, command: bool = False) -> str:
    """The line to print. If a CI runner reads it, nothing foreign in it begins a command; with
    `command`, its first character is ours and stays."""
    if not is_ci():
        return line
    hashes, colons = _patterns()
    line = hashes.sub("# ", line)
    return line if command else colons.sub(r"\g<before>: ", line)


def is_log() -> bool:
    """Whether a runner reads standard output directly, rather than a file it is redirected to."""
    try:
        mode = os.fstat(sys.stdout.fileno()).st_mode
    except (OSError, ValueError):  # not a stream of the operating system
        return is_ci()
    return is_ci() and not stat.S_ISREG(mode)


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    unseen = f"[\\t{HARMFUL}]*"
    vso = unseen.join(["v", "s", "o", r"\["])
    hashes = re.compile(rf"#(?={unseen}#{unseen}(?:\[|{vso}))")
    # Runners ignore leading whitespace, whatever Unicode counts as whitespace.
    space = rf"(?:(?![\n\r])[\s{HARMFUL}])*+"
    colons = re.compile(rf"(?:(?<=[\n\r])|\A)(?P<before>{space}):(?={unseen}:)")
    return hashes, colons
