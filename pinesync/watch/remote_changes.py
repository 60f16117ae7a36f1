"""Changes on TradingView that `watch` finds by polling. It reports each of them once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pinesync.app.sync.status import Line
from pinesync.model import RelPath
from pinesync.sync.words import Role, Status
from pinesync.text.filenames import shell_quote
from pinesync.watch.events import Notice


class RemoteChanges:
    """The changes reported after the last poll. `left` counts the scripts that need a person."""

    def __init__(self) -> None:
        self._reported: dict[RelPath, tuple[object, ...]] = {}
        self.left = 0

    def report_new(self, lines: Sequence[Line]) -> Iterator[Notice]:
        """Report what is new since the last poll. A script that was in sync in between is reported
        again."""
        self.left = sum(needs_person(line.word) for line in lines)
        seen = {line.path: _state(line) for line in lines if line.word.news}
        for line in lines:
            if line.path in seen and self._reported.get(line.path) != seen[line.path]:
                yield notice_of(line)
        self._reported = seen


def pullable(lines: Sequence[Line]) -> list[RelPath]:
    """The scripts that a pull would update without touching an edit."""
    return [line.path for line in lines if line.word.role is Role.PULL]


def notice_of(line: Line) -> Notice:
    news = line.word.news
    assert news, f"no message for {line.word}"
    version = line.newest or line.version
    hint = news.hint.format(path=shell_quote(line.path), after=version)
    return Notice(line.path, line.word, news.message, hint, version)


def needs_person(status: Status) -> bool:
    """Whether a person must decide about the script, so `watch` leaves it alone."""
    return status.news is not None and status.role is not Role.PULL


def _state(line: Line) -> tuple[object, ...]:
    return line.word, line.newest, line.version
