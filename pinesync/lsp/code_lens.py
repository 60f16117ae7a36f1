"""How a script stands: its version and its word of `status`, for the line above the first one."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pinesync.app.project import Setup
from pinesync.app.sync.status import Line, status
from pinesync.lsp.documents import Place, place_of, required
from pinesync.model import RelPath
from pinesync.text.unicode import escape_controls


@dataclass(slots=True)
class ScriptLines:
    """`status --offline` of the moment, and what TradingView said when it was last asked, for as
    long as nothing changed here since."""

    setup: Setup
    _seen: dict[tuple[Path, RelPath], tuple[Line, Line]] = field(default_factory=dict)

    def of(self, path: Path) -> Line | None:
        """Asks nobody. None for what is in no workspace, or is none of its scripts."""
        place = place_of(self.setup, path)
        if place is None or place.path is None:
            return None
        here = _lines(place, offline=True).get(place.path)
        seen = self._seen.get((place.root, place.path))
        return seen[1] if seen and seen[0] == here else here

    def ask(self, path: Path) -> None:
        """One request, for all scripts of the workspace."""
        place = required(self.setup, path)
        here, there = _lines(place, offline=True), _lines(place, offline=False)
        for one in here.keys() & there.keys():
            self._seen[place.root, one] = here[one], there[one]


def title(line: Line) -> str:
    """As `status` has it: the word, the versions, and what else there is to say."""
    versions = " → ".join(str(v) for v in (line.version, line.newest) if v)
    # VS Code draws $(name) in a lens as an icon; a note may hold a script's name.
    note = f" ({escape_controls(line.note).replace('$(', '$ (')})" if line.note else ""
    return f"{line.word} {versions}".strip() + note


def _lines(place: Place, *, offline: bool) -> dict[RelPath, Line]:
    found = status(place.setup, offline=offline, project=place.project)
    return {line.path: line for line in found.lines}
