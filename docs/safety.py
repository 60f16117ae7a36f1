"""The numbers of docs/safety.md."""

from __future__ import annotations

import re
from pathlib import Path

from tests.mutants.all import ALL

TESTS = Path(__file__).parents[1] / "tests"


def numbers() -> str:
    """How much is tried in each run, as a Markdown list."""
    traces = _count(TESTS / "campaign" / "test_traces.py", r"^def test_")
    lines = [
        "- every history of up to three events: edits, web saves, crashes, lost answers",
        "- every history of up to three events in which git moves files without their entries",
        f"- {traces} fixed histories: the shortest that lose work when one rule is left out",
        "- every call that changes the disk, where the process dies, or one fails",
        f"- {len(ALL)} mutants: a rule that is taken out while the tests run, which must notice",
    ]
    return "\n" + "\n".join(lines) + "\n"


def _count(path: Path, pattern: str) -> int:
    return len(re.findall(pattern, path.read_text("utf-8"), re.M))
