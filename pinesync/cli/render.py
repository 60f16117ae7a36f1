"""Results as text for people and as JSON for programs. Everything that came from outside is made
harmless here: shown, never obeyed."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import click

from pinesync.cli.options import current
from pinesync.model import Diagnostic, Version
from pinesync.unseen import harmless as harmless

SCHEMA = 1
_AROUND = 200
"""Characters of a line of source that are shown before and after what is marked."""
_COLORS = {
    "clean": None,
    "behind": "cyan",
    "remote-only": "cyan",
    "modified": "yellow",
    "new": "green",
    "untracked": None,
    "missing": "red",
    "gone": "red",
    "diverged": "magenta",
    "conflict": "red",
    "name-taken": "red",
    "unreadable": "red",
    "saved": "green",
    "created": "green",
    "merged": "green",
    "pulled": "green",
    "written": "green",
}


def out(line: str = "") -> None:
    """A line of the result. What is foreign in it has been made harmless."""
    click.echo(line, color=current().colored)


def say(line: str) -> None:
    """A line for the person, beside the result."""
    click.echo(line, err=True)


def tinted(word: str, shown: str | None = None) -> str:
    """A word of status, or what was done, in its colour."""
    shown = word if shown is None else shown
    color = _COLORS.get(word)
    return click.style(shown, fg=color) if color and current().colored else shown


def error_lines(message: str, hint: str | None) -> Iterator[str]:
    """One line each: a newline in a foreign text must not begin a hint of its own."""
    yield f"error: {harmless(message)}"
    if hint:
        yield f"hint: {harmless(hint)}"


def diagnostic_lines(path: str, found: Diagnostic, source: str) -> Iterator[str]:
    """`path:line:col: error: text [code]`, the line of source, and a caret under it; of a very
    long line what is near."""
    code = f" [{harmless(found.code)}]" if found.code else ""
    lines = source.split("\n") if source else []
    line = lines[found.line - 1] if 0 < found.line <= len(lines) else ""
    column = min(found.column, len(line) + 1) if line else found.column
    yield (
        f"{harmless(path)}:{found.line}:{column}: {found.severity}: {harmless(found.message)}{code}"
    )
    if line:
        end = found.end_column if found.end_line == found.line else len(line)
        end = max(column, min(end, len(line)))
        first = max(0, column - 1 - _AROUND)
        before, marked = line[first : column - 1], line[column - 1 : end][:_AROUND]
        rest = line[column - 1 + len(marked) :]
        left, right = "…" * (first > 0), "…" * (len(rest) > _AROUND)
        yield f"  {left}{harmless(before + marked + rest[:_AROUND])}{right}"
        under = " " * width(left + harmless(before))
        yield f"  {under}{'^' * max(1, width(harmless(marked)))}"


def one_object(command: str, exit_code: int, body: Mapping[str, Any]) -> str:
    """What --json prints: one object, in ASCII."""
    import json

    head = {"schema": SCHEMA, "command": command, "exit_code": exit_code}
    return json.dumps({**head, **body})


def plain(value: Any) -> Any:
    """A frozen result as JSON's values: versions as text, paths as text, errors as objects."""
    if isinstance(value, Version):
        return str(value)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Exception):
        return {"message": str(value), "hint": getattr(value, "hint", None)}
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return value


def finish(command: str, result: Any, *, as_json: bool = False) -> bool:
    """Print the result as JSON where that was asked for; whether it was."""
    asked = as_json or current().json
    if asked:
        click.echo(one_object(command, result.exit_code, plain(result)))
    return asked


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def width(text: str) -> int:
    """The columns that a terminal gives it: two for a wide character, none for a mark."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.category(char) in ("Mn", "Me") for char in text)


def columns(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """Rows with their columns aligned, two spaces between them."""
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)] if rows else []
    for row in rows:
        cells = [cell + " " * (most - width(cell)) for cell, most in zip(row, widths, strict=True)]
        yield "  ".join(cells).rstrip()


def moment(seconds: float) -> str:
    """The moment in the person's own time zone; empty where it is unknown."""
    if not seconds:
        return ""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
