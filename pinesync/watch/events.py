"""What happens while `watch` runs: frozen events, each told as it comes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pinesync.model import RelPath, Version
from pinesync.sync.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Began:
    """Watching. `by_looking` where the system gives no events, so that a save takes a second."""

    root: Path
    remote: str
    account: str | None
    scripts: int
    by_looking: bool
    event: str = "began"


@dataclass(frozen=True, slots=True)
class Checking:
    """A save is on its way: checked first."""

    path: RelPath
    event: str = "checking"


@dataclass(frozen=True, slots=True)
class Done:
    """One script was saved there, or pulled, or refused; `milliseconds` since it was found."""

    outcome: Outcome
    milliseconds: int
    event: str = "done"


@dataclass(frozen=True, slots=True)
class Held:
    """Files that changed and are not sent until somebody says so (the key p, or `pinesync push`):
    git wrote them, they are many at once, or were edited before watching began."""

    paths: tuple[RelPath, ...]
    why: str
    event: str = "held"


@dataclass(frozen=True, slots=True)
class Told:
    """Something to know of one script: a word of the policy, or a file that cannot be sent."""

    path: RelPath
    word: str
    message: str
    hint: str = ""
    version: Version | None = None
    event: str = "told"


@dataclass(frozen=True, slots=True)
class Trouble:
    """TradingView cannot be used for now; told once, until it can."""

    message: str
    hint: str | None
    exit_code: int
    event: str = "trouble"


@dataclass(frozen=True, slots=True)
class Connected:
    """It can be used, for the first time or again."""

    event: str = "connected"


@dataclass(frozen=True, slots=True)
class Idle:
    """Nothing is under way. How many scripts wait to be sent, how many a person must decide on,
    how many of those that were checked do not compile, and whether TradingView answers."""

    waiting: int
    left: int
    broken: int
    connected: bool = True
    event: str = "quiet"


@dataclass(frozen=True, slots=True)
class Ended:
    event: str = "ended"


Event = Began | Checking | Done | Held | Told | Trouble | Connected | Idle | Ended
