"""The numbers and tables of docs/safety.md and SECURITY.md: docs/promises.toml has the promises,
the markers `promise` of the tests say which tests show each."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.conftest import CAMPAIGN
from tests.mutants.all import ALL

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests"
PROMISES: dict[str, str] = tomllib.loads(
    (ROOT / "docs" / "promises.toml").read_text(encoding="utf-8")
)
"""The text of each promise by its number; rules of security have numbers such as S1, and what an
agent cannot do has numbers such as A1."""


def numbers() -> str:
    """How much is tried in each run, as a Markdown list."""
    traces = _count(TESTS / "campaign" / "test_counterexamples.py", r"^def test_")
    lines = [
        "- every history of up to three events: edits, web saves, crashes, lost answers",
        "- every history of up to three events in which git moves files without their entries",
        f"- {traces} fixed histories: the shortest that lose work when one rule is left out",
        "- every call that changes the disk, where the process dies, or one fails",
        f"- {len(ALL)} mutants: a rule that is taken out while the tests run, which must notice",
    ]
    return "\n" + "\n".join(lines) + "\n"


def promises() -> str:
    """The table of docs/safety.md."""
    return _table("promise", [number for number in PROMISES if number.isdigit()])


def rules() -> str:
    """The table of the rules of SECURITY.md."""
    return _table("rule", [number for number in PROMISES if number.startswith("S")])


def agents() -> str:
    """The table of SECURITY.md about `pinesync mcp`."""
    return _table("an agent cannot", [number for number in PROMISES if number.startswith("A")])


@cache
def shown_by() -> dict[str, list[str]]:
    """The tests that are marked with each number: a file, or `file::function`."""
    tests: dict[str, list[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        file = path.relative_to(ROOT).as_posix()
        for function, number in _marked(ast.parse(path.read_text("utf-8"))):
            tests.setdefault(number, []).append(f"{file}::{function}" if function else file)
    return tests


def is_campaign(place: str) -> bool:
    """Whether `make campaign` runs it, and `make test` does not."""
    return not CAMPAIGN.isdisjoint((place, place.partition("::")[0]))


def _marked(module: ast.Module) -> Iterator[tuple[str, str]]:
    """Each test of a file with each number of its marker; "" is the file itself."""
    for statement in module.body:
        if isinstance(statement, ast.FunctionDef):
            for decorator in statement.decorator_list:
                yield from ((statement.name, number) for number in _numbers(decorator))
        elif isinstance(statement, ast.Assign) and ast.unparse(statement.targets) == "pytestmark":
            yield from (("", number) for number in _numbers(statement.value))


def _numbers(marks: ast.expr) -> Iterator[str]:
    for node in ast.walk(marks):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.promise":
            yield from (str(ast.literal_eval(number)) for number in node.args)


def _table(kind: str, numbers: list[str]) -> str:
    tests = shown_by()
    lines = [f"| # | {kind} | shown by |", "|---|---|---|"]
    for number in numbers:
        shown = "<br>".join(_shown(tests.get(number, [])))
        lines.append(f"| {number.removeprefix('S')} | {PROMISES[number]} | {shown} |")
    return "\n" + "\n".join(lines) + "\n\n"


def _shown(places: list[str]) -> Iterator[str]:
    """The files, each with the functions that are marked in it below."""
    last = ""
    for place in places:
        file, colons, function = place.partition("::")
        campaign = " (campaign)" if is_campaign(place) else ""
        if file != last and function:
            yield f"`{file}`"
        yield f"`{colons}{function}`{campaign}" if function else f"`{file}`{campaign}"
        last = file


def _count(path: Path, pattern: str) -> int:
    return len(re.findall(pattern, path.read_text("utf-8"), re.M))
