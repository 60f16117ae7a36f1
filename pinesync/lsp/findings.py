"""Convert findings to the editor's positions: lines and columns from 0, end exclusive, columns in
the negotiated units."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from pinesync.app.check import Checked
from pinesync.model import Diagnostic
from pinesync.text.unicode import escape_controls

if TYPE_CHECKING:
    from pygls.workspace import PositionCodec

SOURCE = "pinesync"
_BOM = "\ufeff"
_SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "note": types.DiagnosticSeverity.Information,
}


def findings(result: Checked, text: str, codec: PositionCodec) -> list[types.Diagnostic]:
    """The diagnostics of a document. `text` is its text in the editor, with BOM and line
    endings."""
    if result.problem:
        start = types.Position(0, 0)
        error = types.DiagnosticSeverity.Error
        return [types.Diagnostic(types.Range(start, start), result.problem, error, source=SOURCE)]
    lines = result.source.split("\n")
    bom = text.startswith(_BOM)
    if bom:
        lines[0] = _BOM + lines[0]
    return [
        types.Diagnostic(
            _range(diagnostic, lines, codec, bom),
            escape_controls(diagnostic.message),
            _SEVERITIES[diagnostic.severity],
            diagnostic.code or None,
            source=SOURCE,
        )
        for diagnostic in result.diagnostics
    ]


def _range(
    diagnostic: Diagnostic, lines: list[str], codec: PositionCodec, bom: bool
) -> types.Range:
    start = _position(diagnostic.line, diagnostic.column - 1, lines, codec, bom)
    end = _position(diagnostic.end_line, diagnostic.end_column, lines, codec, bom)
    return types.Range(start, max(start, end))


def _position(
    line: int, before: int, lines: list[str], codec: PositionCodec, bom: bool
) -> types.Position:
    """The position after this many characters of a line. The service's may be past the line's
    end."""
    if line > len(lines):
        line, before = len(lines), len(lines[-1])
    line = max(line, 1)
    before += bom and line == 1
    units: int = codec.client_num_units(lines[line - 1][: max(before, 0)])
    return types.Position(line - 1, units)
