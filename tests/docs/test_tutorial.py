"""The tutorial, typed from its first command to its last, and the examples of the JSON page."""

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from docs import schemas
from pinesync.cli.group import VERBS
from tests.docs.pages import Block, blocks, disagreements, page, read_aloud, run, steps

ANYTHING = "…"


def test_every_command_prints_what_the_page_shows(home: Path, tmp_path: Path) -> None:
    assert not disagreements(read_aloud("docs/tutorial.md", tmp_path))
    assert not list(tmp_path.iterdir()), "the tutorial removes what it created"


def test_the_json_page_shows_real_output(home: Path, tmp_path: Path) -> None:
    found = blocks(page("docs/reference/json.md"))
    consoles = [block for block in found if block.language == "console"]
    outputs = iter(run([step for block in consoles for step in steps(block)], tmp_path))
    shown = {block: json.loads(_after(found, block).text) for block in consoles}
    for block, example in shown.items():
        *_, output = [next(outputs) for _ in steps(block)]
        assert output.strip().isascii()
        assert not difference(example, json.loads(output)), f"json.md, line {block.line}"
        Draft202012Validator(schemas.answer(example["command"])).validate(json.loads(output))
    tested = {example["command"].split()[0] for example in shown.values()}
    assert tested == set(VERBS) - {"login", "watch", "lsp", "mcp"}


def _after(found: list[Block], block: Block) -> Block:
    return found[found.index(block) + 1]


def difference(shown: Any, actual: Any, at: str = "") -> list[str]:
    """The places where the output differs from the example. "…" matches anything; as a last item
    or key, any number of them."""
    if shown == ANYTHING:
        return []
    if isinstance(shown, dict) and isinstance(actual, dict):
        keys = set(shown) - {ANYTHING}
        if keys != set(actual) and not (ANYTHING in shown and keys <= set(actual)):
            return [f"{at}: the keys are {sorted(actual)}"]
        return [d for key in keys for d in difference(shown[key], actual[key], f"{at}/{key}")]
    if isinstance(shown, list) and isinstance(actual, list):
        items = shown[:-1] if shown and shown[-1] == ANYTHING else shown
        if len(items) > len(actual) or (items is shown and len(shown) != len(actual)):
            return [f"{at}: {len(actual)} items"]
        pairs = enumerate(zip(items, actual, strict=False))
        return [d for n, (one, other) in pairs for d in difference(one, other, f"{at}/{n}")]
    return [] if (type(shown), shown) == (type(actual), actual) else [f"{at}: {actual!r}"]


def test_different_json_is_detected() -> None:
    assert difference({"a": 1}, {"a": 1, "b": 2})
    assert difference({"a": [1]}, {"a": [1, 2]})
    assert difference({"a": 1}, {"a": True})
    assert difference({"a": [{"b": "x"}, "…"]}, {"a": [{"b": "y"}]})
    assert not difference({"a": ["…"], "…": "…"}, {"a": [1, 2], "c": None})
