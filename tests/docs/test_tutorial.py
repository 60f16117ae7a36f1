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


def test_the_json_of_every_verb_is_as_shown(home: Path, tmp_path: Path) -> None:
    found = blocks(page("docs/reference/json.md"))
    consoles = [block for block in found if block.language == "console"]
    outputs = iter(run([step for block in consoles for step in steps(block)], tmp_path))
    shown = {block: json.loads(_after(found, block).text) for block in consoles}
    for block, example in shown.items():
        *_, came = [next(outputs) for _ in steps(block)]
        assert came.strip().isascii()
        assert not difference(example, json.loads(came)), f"json.md, line {block.line}"
        Draft202012Validator(schemas.answer(example["command"])).validate(json.loads(came))
    tested = {example["command"].split()[0] for example in shown.values()}
    assert tested == set(VERBS) - {"login", "watch", "lsp", "mcp"}


def _after(found: list[Block], block: Block) -> Block:
    return found[found.index(block) + 1]


def difference(shown: Any, came: Any, at: str = "") -> list[str]:
    """The places where the output differs from the example. "…" matches anything; as a last item
    or key, any number of them."""
    if shown == ANYTHING:
        return []
    if isinstance(shown, dict) and isinstance(came, dict):
        keys = set(shown) - {ANYTHING}
        if keys != set(came) and not (ANYTHING in shown and keys <= set(came)):
            return [f"{at}: the keys are {sorted(came)}"]
        return [d for key in keys for d in difference(shown[key], came[key], f"{at}/{key}")]
    if isinstance(shown, list) and isinstance(came, list):
        items = shown[:-1] if shown and shown[-1] == ANYTHING else shown
        if len(items) > len(came) or (items is shown and len(shown) != len(came)):
            return [f"{at}: {len(came)} items"]
        pairs = enumerate(zip(items, came, strict=False))
        return [d for n, (one, other) in pairs for d in difference(one, other, f"{at}/{n}")]
    return [] if (type(shown), shown) == (type(came), came) else [f"{at}: {came!r}"]


def test_a_difference_is_seen() -> None:
    assert difference({"a": 1}, {"a": 1, "b": 2})
    assert difference({"a": [1]}, {"a": [1, 2]})
    assert difference({"a": 1}, {"a": True})
    assert difference({"a": [{"b": "x"}, "…"]}, {"a": [{"b": "y"}]})
    assert not difference({"a": ["…"], "…": "…"}, {"a": [1, 2], "c": None})
