"""The report of a probe: words of the table, and statuses and keys of the protocol. It contains no
data of the account, so it is safe to share."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pinesync.app.write_page import Kind

if TYPE_CHECKING:
    from pinesync.app.probe import Probed

MARK = b"# pinesync probe\n"
"""The start of every report. A file that starts differently is never replaced."""
REPORT = Kind("report", (".md", ".txt"), MARK)


def text_of(done: Probed) -> str:
    return MARK.decode() + "\n".join(_lines(done)) + "\n"


def _lines(done: Probed) -> Iterator[str]:
    yield ""
    yield f"pinesync {done.version}, Python {platform.python_version()}, {done.remote}"
    ended = type(done.stopped).__name__ if done.stopped else "the end"
    left = "its script may be left" if done.left else "nothing is left"
    yield f"{done.requests} requests, to {ended}; {left}"
    yield ""
    yield "| fact | expected | seen | |"
    yield "|---|---|---|---|"
    for found in done.facts:
        seen = f"{found.seen} ({found.detail})" if found.detail else found.seen
        word = "differs" if found.differs else ""
        word = f"breaks promise {found.breaks}" if found.breaks else word
        yield f"| {found.fact} | {' or '.join(found.expected)} | {seen} | {word} |"
