"""The code lens above the first line: a script's version and its `status` word."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pinesync.app.project import Setup
from pinesync.app.sync.status import Line, status
from pinesync.lsp.documents import Place, place_of, required
from pinesync.model import RelPath
from pinesync.text.unicode import escape_controls


@dataclass(slots=True)
class StatusLines:
    """The current `status --offline`, or TradingView's last response while nothing has changed
    locally since."""

    setup: Setup
    _seen: dict[tuple[Path, RelPath], tuple[Line, Line]] = field(default_factory=dict)

    def of(self, path: Path) -> Line | None:
        """Sends no request. None for a file outside a workspace or not tracked in it."""
        place = place_of(self.setup, path)
        if place is None or place.path is None:
            return None
        here = _lines(place, offline=True).get(place.path)
        seen = self._seen.get((place.root, place.path))
        return seen[1] if seen and seen[0] == here else here

    def ask(self, path: Path) -> None:
        """Send one request for all scripts of the workspace."""
        place = required(self.setup, path)
        here, there = _lines(place, offline=True), _lines(place, offline=False)
        for one in here.keys() & there.keys():
            self._seen[place.root, one] = here[one], there[one]


def title(line: Line) -> str:
    """As in `status`: the word, the versions, and details."""
    versions = " → ".join(str(v) for v in (line.version, line.newest) if v)
    # VS Code draws $(name) in a lens as an icon, and a note may contain a script's name.
    note = f" ({escape_controls(line.note).replace('$(', '$ (')})" if line.note else ""
    return f"{line.word} {versions}".strip() + note


def _lines(place: Place, *, offline: bool) -> dict[RelPath, Line]:
    found = status(place.setup, offline=offline, project=place.project)
    return {line.path: line for line in found.lines}
