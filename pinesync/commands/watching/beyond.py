"""What is on TradingView, while somebody watches: asked now and then, each thing told once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pinesync.commands.status import Line
from pinesync.commands.watching.events import Told
from pinesync.model import RelPath
from pinesync.naming import typed

BRINGABLE = ("behind", "remote-only")
LEFT = ("diverged", "conflict", "undoes", "rolled-back", "gone", "name-taken")
"""The words of scripts that a person must decide about."""

_SAID = {
    "behind": ("saved on TradingView", "`pinesync pull` brings it; so does watching with --pull"),
    "remote-only": ("new on TradingView", "`pinesync pull` brings it"),
    "diverged": ("saved on TradingView, and edited here", "`pinesync pull` merges the two"),
    "conflict": ("waits for a decision", "`pinesync resolve {path}` with --ours or --theirs"),
    "undoes": (
        "lacks what somebody else saved, and is not sent",
        "`pinesync pull {path}` brings it back; `pinesync push --over {version} {path}` means it",
    ),
    "rolled-back": (
        "git went back to an older version, which is not sent",
        "`pinesync push {path}` saves it as the next version, or says why not",
    ),
    "gone": ("gone from TradingView", "`pinesync push --recreate {path}` or `pinesync rm {path}`"),
    "name-taken": ("another saved script has its name", "`pinesync add --id` links it"),
}


class Beyond:
    """The words of the last look, and which of them were told."""

    def __init__(self) -> None:
        self._told: dict[RelPath, tuple[object, ...]] = {}
        self.left = 0

    def news(self, lines: Sequence[Line]) -> Iterator[Told]:
        """What was not told yet. A script that is in order again may be told of anew."""
        self.left = sum(line.word in LEFT for line in lines)
        seen = {line.path: _state(line) for line in lines if line.word in _SAID}
        for line in lines:
            if line.path in seen and self._told.get(line.path) != seen[line.path]:
                yield told(line)
        self._told = seen


def bringable(lines: Sequence[Line]) -> list[RelPath]:
    """The scripts that a pull would bring without touching an edit."""
    return [line.path for line in lines if line.word in BRINGABLE]


def told(line: Line) -> Told:
    message, hint = _SAID[line.word]
    version = line.newest or line.version
    hint = hint.format(path=typed(line.path), version=version)
    return Told(line.path, line.word, message, hint, version)


def _state(line: Line) -> tuple[object, ...]:
    return line.word, line.newest, line.version
