"""`check` findings in formats for other programs: GitHub Actions annotations and SARIF 2.1.0."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pinesync import __version__
from pinesync.app.check import Checks
from pinesync.model import Diagnostic
from pinesync.text.unicode import escape_controls

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def relative_to_repository(checks: Checks, cwd: Path, top: Path) -> Checks:
    """The same findings with paths relative to the top of the repository, as code hosts expect.
    Files outside the repository keep their paths."""

    def path(shown: str) -> str:
        path = os.path.relpath(cwd / shown, top)
        return shown if path.startswith(os.pardir) else Path(path).as_posix()

    files = (replace(file, path=path(file.path)) for file in checks.files)
    return replace(checks, files=tuple(files))


def github(checks: Checks) -> Iterator[str]:
    """One workflow command per finding. Foreign text in it can neither end it nor begin another."""
    for file in checks.files:
        if file.problem:
            yield _command("error", {"file": file.path}, file.problem)
        for diagnostic in file.diagnostics:
            where: dict[str, object] = {"file": file.path, "line": diagnostic.line}
            if diagnostic.end_line >= diagnostic.line:
                where["endLine"] = diagnostic.end_line
            where["col"] = diagnostic.column
            if (
                diagnostic.end_line == diagnostic.line
                and diagnostic.end_column >= diagnostic.column
            ):
                where["endColumn"] = diagnostic.end_column
            if diagnostic.code:
                where["title"] = diagnostic.code
            word = "notice" if diagnostic.severity == "note" else diagnostic.severity
            yield _command(word, where, diagnostic.message)
    if checks.stopped:
        yield _command("error", {}, checks.stopped.message)


def _command(word: str, properties: dict[str, object], message: str) -> str:
    listed = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    return f"::{word} {listed}::{_data(message)}" if listed else f"::{word}::{_data(message)}"


def _data(text: str) -> str:
    # Escape the escape character first. Terminal control characters are shown as they are
    # elsewhere.
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return escape_controls(escaped)


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def sarif(checks: Checks) -> dict[str, Any]:
    """One run as a SARIF log: results for findings, notifications for files that could not be
    checked. Columns count characters from 1; the end column is exclusive."""
    results = [
        _result(file.path, diagnostic) for file in checks.files for diagnostic in file.diagnostics
    ]
    troubles = [
        {"level": "error", "message": {"text": file.problem}, "locations": [_place(file.path)]}
        for file in checks.files
        if file.problem
    ]
    if checks.stopped:
        troubles.append({"level": "error", "message": {"text": checks.stopped.message}})
    codes = sorted(
        {
            diagnostic.code
            for file in checks.files
            for diagnostic in file.diagnostics
            if diagnostic.code
        }
    )
    driver = {"name": "pinesync", "version": __version__, "rules": [{"id": code} for code in codes]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {"executionSuccessful": not troubles, "toolExecutionNotifications": troubles}
        ],
        "results": results,
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(path: str, diagnostic: Diagnostic) -> dict[str, Any]:
    region = {"startLine": diagnostic.line, "startColumn": diagnostic.column}
    if (diagnostic.end_line, diagnostic.end_column) >= (diagnostic.line, diagnostic.column):
        region |= {"endLine": diagnostic.end_line, "endColumn": diagnostic.end_column + 1}
    place = _place(path)
    place["physicalLocation"]["region"] = region
    result = {
        "level": diagnostic.severity,
        "message": {"text": diagnostic.message},
        "locations": [place],
    }
    return {"ruleId": diagnostic.code, **result} if diagnostic.code else result


def _place(path: str) -> dict[str, Any]:
    shown = Path(path).as_uri() if os.path.isabs(path) else quote(os.fsencode(path))
    return {"physicalLocation": {"artifactLocation": {"uri": shown}}}
