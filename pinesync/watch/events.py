"""The events that `watch` reports, as frozen data classes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pinesync.model import RelPath, Version
from pinesync.sync.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Began:
    """Watching began. With `by_looking` the system gives no file events: `watch` polls the files,
    and notices a save within a second."""

    root: Path
    remote: str
    account: str | None
    scripts: int
    by_looking: bool
    event: str = "began"


@dataclass(frozen=True, slots=True)
class Checking:
    """A saved file is about to be checked and sent."""

    path: RelPath
    event: str = "checking"


@dataclass(frozen=True, slots=True)
class Done:
    """One script was pushed, pulled or refused, `milliseconds` after the change was found."""

    outcome: Outcome
    milliseconds: int
    event: str = "done"


@dataclass(frozen=True, slots=True)
class Held:
    """Changed files that wait for the key p or `pinesync push`: git wrote them, too many changed at
    once, or they were edited before watching began."""

    paths: tuple[RelPath, ...]
    why: str
    event: str = "held"


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice about one script: its status, or why its file cannot be sent."""

    path: RelPath
    word: str
    message: str
    hint: str = ""
    version: Version | None = None
    event: str = "told"


@dataclass(frozen=True, slots=True)
class Trouble:
    """TradingView cannot be used at the moment. Reported once, until it works again."""

    message: str
    hint: str | None
    exit_code: int
    event: str = "trouble"


@dataclass(frozen=True, slots=True)
class Connected:
    """TradingView responds, for the first time or again."""

    event: str = "connected"


@dataclass(frozen=True, slots=True)
class Idle:
    """Nothing is running. `waiting` scripts are not sent yet, `left` need a person, and `broken`
    do not compile. `connected` says whether TradingView responds."""

    waiting: int
    left: int
    broken: int
    connected: bool = True
    event: str = "quiet"


@dataclass(frozen=True, slots=True)
class Ended:
    event: str = "ended"


Event = Began | Checking | Done | Held | Notice | Trouble | Connected | Idle | Ended
