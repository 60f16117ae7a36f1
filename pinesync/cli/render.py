"""Results as text for people and as JSON for programs. Foreign text is escaped here: shown, never
obeyed."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from itertools import compress, islice
from pathlib import Path
from typing import Any

import click

from pinesync.cli.ci_log import escape_ci_commands, is_log
from pinesync.cli.options import current
from pinesync.cli.status_line import wipe
from pinesync.model import Diagnostic, Version
from pinesync.sync.words import Role, Status
from pinesync.text.unicode import escape_controls

SCHEMA = 1
_WHOLE: Mapping[int, int] = {}
_AROUND = 200
"""Characters of a line of source that are shown before and after what is marked."""
_AT_ONCE = 1000
# Yellow, white and black are invisible on some backgrounds.
_ROLES: Mapping[str | Role, Mapping[str, Any]] = {
    Role.NOBODY: {},
    Role.CREATE: {"fg": "green"},
    Role.PUSH: {"bold": True},
    Role.PULL: {"fg": "cyan"},
    Role.BOTH: {"fg": "magenta"},
    Role.PERSON: {"fg": "red"},
}
_DONE = ("saved", "created", "merged", "pulled", "written")
_STYLES: Mapping[str | Role, Mapping[str, Any]] = {
    **_ROLES,
    **{done: {"fg": "green"} for done in _DONE},
    **{status: _ROLES[status.role] for status in Status},
    "header": {"underline": True},
}
SAVED_BY = {"pinesync": Role.PUSH, "elsewhere": Role.PULL}
"""A save has the color of the status it left on this machine or on another: a push, or a pull."""


def out(line: str = "", *, command: bool = False) -> None:
    """Print a line of the result, whose foreign text is already escaped. With `command`, the line
    is a command for the CI runner."""
    wipe()
    click.echo(escape_ci_commands(line, command=command), color=current().colored)


def out_all(lines: Iterable[str]) -> None:
    """Print many lines of the result together: lines printed one by one are flushed one by one."""
    rest = iter(lines)
    while piece := [*islice(rest, _AT_ONCE)]:
        out("\n".join(piece))


def out_source(source: str) -> None:
    """Print a whole script: escaped on a terminal, byte for byte into a file or a pipe."""
    if sys.stdout.isatty():
        out(escape_controls(source, one_line=False).removesuffix("\n"))
    else:
        source = escape_ci_commands(source) if is_log() else source
        click.echo(source.encode(), nl=False)


def echo_err(line: str) -> None:
    """Print a line for the user on standard error."""
    wipe()
    click.echo(escape_ci_commands(line), err=True)


def styled(word: str | Role, shown: str | None = None) -> str:
    """A status word or an action in its color; `shown` in the color of a word or a role."""
    shown = str(word) if shown is None else shown
    style = _STYLES.get(word)
    return click.style(shown, **style) if style and current().colored else shown


def error_lines(message: str, hint: str | None) -> Iterator[str]:
    """One line each: a newline in foreign text must not begin a hint of its own."""
    yield f"error: {escape_controls(message)}"
    if hint:
        yield f"hint: {escape_controls(hint)}"


def diagnostic_lines(path: str, diagnostic: Diagnostic, source: str) -> Iterator[str]:
    """`path:line:col: error: text [code]`, the source line, and a caret under it. Of a very long
    line, only the part near the error."""
    code = f" [{escape_controls(diagnostic.code)}]" if diagnostic.code else ""
    lines = source.split("\n") if source else []
    line = lines[diagnostic.line - 1] if 0 < diagnostic.line <= len(lines) else ""
    column = min(diagnostic.column, len(line) + 1) if line else diagnostic.column
    yield (
        f"{escape_controls(path)}:{diagnostic.line}:{column}: {diagnostic.severity}: "
        f"{escape_controls(diagnostic.message)}{code}"
    )
    if line:
        end = diagnostic.end_column if diagnostic.end_line == diagnostic.line else len(line)
        end = max(column, min(end, len(line)))
        first = max(0, column - 1 - _AROUND)
        before, marked = line[first : column - 1], line[column - 1 : end][:_AROUND]
        rest = line[column - 1 + len(marked) :]
        left, right = "…" * (first > 0), "…" * (len(rest) > _AROUND)
        yield f"  {left}{escape_controls(before + marked + rest[:_AROUND])}{right}"
        under = " " * width(left + escape_controls(before))
        yield f"  {under}{'^' * max(1, width(escape_controls(marked)))}"


def json_object(command: str, exit_code: int, body: Mapping[str, Any]) -> str:
    """The output of --json: one object in ASCII."""
    return json_line({"schema": SCHEMA, "command": command, "exit_code": exit_code, **body})


def json_line(value: Any) -> str:
    """The value as one line of ASCII that contains no command for a CI runner."""
    import json

    return json.dumps(value).replace("##", "#\\u0023")


def to_plain(value: Any) -> Any:
    """A frozen result as JSON values: versions and paths as strings, errors as objects."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Version):
        return str(value)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Exception):
        return {"message": str(value), "hint": getattr(value, "hint", None)}
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_plain(item) for item in value]
    return value


def body_of(result: Any) -> dict[str, Any]:
    """The result as JSON, with the error that ended it early among the other errors."""
    body: dict[str, Any] = to_plain(result)
    stopped = body.pop("stopped", None)
    return {**body, "error": stopped} if stopped else body


def emit_json(command: str, result: Any, *, as_json: bool = False) -> bool:
    """Print the result as JSON if requested. Return whether it was."""
    current().ends.append(result.exit_code)
    wants_json = as_json or current().json
    if wants_json:
        out(json_object(command, result.exit_code, body_of(result)))
    return wants_json


def width(text: str) -> int:
    """The columns that a terminal gives it: two for a wide character, none for a mark or for the
    later parts of a Korean syllable. Colours of ours take none."""
    text = click.unstyle(text)
    return len(text) if text.isascii() else sum(map(_char_width, text))


def _char_width(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me") or "\u1160" <= char <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def available_width() -> int | None:
    """How wide the terminal is that results go to; None where they go elsewhere, and nothing of
    them may be left out."""
    if not sys.stdout.isatty():
        return None
    import shutil

    return shutil.get_terminal_size().columns


def truncate(text: str, limit: int) -> str:
    """The text cut to `limit` columns, with `…` before the middle: a path's end matters most."""
    if width(text) <= limit:
        return text
    head = _truncate_end(text, limit // 3)
    # Marks follow what they belong to, so the end is taken from behind them.
    tail = text[len(head) :]
    while width(tail) > limit - width(head) - 1 or (tail and not width(tail[0])):
        tail = tail[1:]
    return f"{head}…{tail}"


def _truncate_end(text: str, limit: int) -> str:
    taken = 0
    for number, char in enumerate(text):
        taken += _char_width(char)
        if taken > limit:
            return text[:number]
    return text


def columns(
    rows: Sequence[tuple[str, ...]],
    *,
    head: Sequence[str] = (),
    cut: Mapping[int, int] = _WHOLE,
) -> Iterator[str]:
    """Rows with aligned columns, two spaces apart. A terminal also gets the line
    the columns
     `head`, and no empty columns; on a narrow one the  in `cut` are shortened, each to so
       many at least."""
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    width_limit = available_width()
    if width_limit is not None and rows:
        titles = [tuple(styled("header", title) for title in head)] if head else []
        rows = [tuple(compress(row, widths)) for row in (*titles, *rows)]
        visible = compress(range(len(widths)), widths)
        widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
        least = [cut.get(number, w) for number, w in zip(visible, widths, strict=True)]
        widths = _fit_widths(widths, least, width_limit)
    for row in rows:
        cells = [truncate(cell, w) for cell, w in zip(row, widths, strict=True)]
        cells = [cell + " " * (w - width(cell)) for cell, w in zip(cells, widths, strict=True)]
        yield "  ".join(cells).rstrip()


def _fit_widths(widths: list[int], least: list[int], limit: int) -> list[int]:
    """The column widths, after shrinking the widest flexible one until all fit."""
    fitted = list(widths)
    while sum(fitted) + 2 * (len(fitted) - 1) > limit:
        spare = [(w, number) for number, w in enumerate(fitted) if w > least[number]]
        if not spare:
            break
        fitted[max(spare)[1]] -= 1
    return fitted


def format_time(seconds: float) -> str:
    """The moment in the local time zone; empty if unknown."""
    if not seconds:
        return ""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
