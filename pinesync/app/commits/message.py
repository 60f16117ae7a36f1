"""Commit messages. Script names are untrusted and must not add lines or trailers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pinesync.model import Base, Entry
from pinesync.sync.commit_plan import title_of
from pinesync.text.unicode import HARMFUL

Direction = Literal["from", "to"]
"""A pull comes from TradingView, a push goes to it."""

_MOST_NAME = 120


@dataclass(frozen=True, slots=True)
class Script:
    """A script to commit. `data` is its file. `exact` is true if that is exactly the version's
    text, not a merge on top of it."""

    entry: Entry
    base: Base
    data: bytes
    exact: bool


def commit_message(scripts: Sequence[Script], direction: Direction, message: str = "") -> str:
    """A subject and one line per script if there are several, or the person's `message`; then
    trailers for each version whose text is in the commit, its id first."""
    lines = [_line(script) for script in scripts]
    if message:
        parts = [message]
    elif len(lines) == 1:
        parts = lines
    else:
        parts = [f"{len(lines)} scripts {direction} TradingView", "\n".join(lines)]
    trailers = [
        f"Pine-Id: {script.entry.pine_id}\nPine-Version: {script.base.version}"
        for script in scripts
        if script.exact
    ]
    if trailers:
        parts.append("\n".join(trailers))
    return "\n\n".join(parts) + "\n"


def _line(script: Script) -> str:
    return f"{name_of(script.entry)} {script.base.version}{'' if script.exact else ', merged'}"


def name_of(entry: Entry) -> str:
    """The saved name on one line, with control characters escaped."""
    name = re.sub(f"[{HARMFUL}\ud800-\udfff\\s]+", " ", entry.name).strip() or entry.path
    if len(name) > _MOST_NAME:
        name = name[:_MOST_NAME] + "…"
    return title_of(name)
