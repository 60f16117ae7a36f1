"""The code lens above the first line: a script's version and its `status` word."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pinesync.app.project import Setup
from pinesync.app.sync.status import Line, status
from pinesync.lsp.documents import Target, find_target, require_target
from pinesync.model import RelPath
from pinesync.text.unicode import escape_controls


@dataclass(slots=True)
class StatusLines:
    """The current `status --offline`, or TradingView's last response while nothing has changed
    locally since."""

    setup: Setup
    _remote_lines: dict[tuple[Path, RelPath], tuple[Line, Line]] = field(default_factory=dict)

    def of(self, path: Path) -> Line | None:
        """Sends no request. None for a file outside a workspace or not tracked in it."""
        target = find_target(self.setup, path)
        if target is None or target.path is None:
            return None
        local = _lines(target, offline=True).get(target.path)
        known = self._remote_lines.get((target.root, target.path))
        return known[1] if known and known[0] == local else local

    def request(self, path: Path) -> None:
        """Send one request for all scripts of the workspace."""
        target = require_target(self.setup, path)
        local, remote = _lines(target, offline=True), _lines(target, offline=False)
        for script in local.keys() & remote.keys():
            self._remote_lines[target.root, script] = local[script], remote[script]


def title(line: Line) -> str:
    """As in `status`: the word, the versions, and details."""
    versions = " → ".join(str(v) for v in (line.version, line.newest) if v)
    # VS Code draws $(name) in a lens as an icon, and a note may contain a script's name.
    note = f" ({escape_controls(line.note).replace('$(', '$ (')})" if line.note else ""
    return f"{line.word} {versions}".strip() + note


def _lines(target: Target, *, offline: bool) -> dict[RelPath, Line]:
    report = status(target.setup, offline=offline, project=target.project)
    return {line.path: line for line in report.lines}
