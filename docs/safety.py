"""The numbers of docs/safety.md."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.mutants.all import ALL

TESTS = Path(__file__).parents[1] / "tests"


def numbers() -> str:
    """How much is tried in each run, as a Markdown list."""
    lived = json.loads((TESTS / "campaign" / "numbers.json").read_text("utf-8"))
    histories = sum(sum(counts.values()) for counts in lived.values())
    traces = _count(TESTS / "campaign" / "test_traces.py", r"^def test_")
    points = json.loads((TESTS / "campaign" / "kill_points.json").read_text("utf-8"))
    lines = [
        f"- {histories} histories of up to three events: edits, web saves, crashes, lost answers",
        f"- {traces} fixed histories: the shortest that lose work when one rule is left out",
        f"- {sum(points.values())} calls that change the disk, where the process dies or one fails",
        f"- {len(ALL)} mutants: a rule that is taken out while the tests run, which must notice",
    ]
    return "\n" + "\n".join(lines) + "\n"


def _count(path: Path, pattern: str) -> int:
    return len(re.findall(pattern, path.read_text("utf-8"), re.M))
