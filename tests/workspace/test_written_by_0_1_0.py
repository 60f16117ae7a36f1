"""State written by pinesync 0.1.0 can still be read. tests/data/0.1.0 holds a state directory and
a pine.toml exactly as 0.1.0 wrote them."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from pinesync.errors import StateError
from pinesync.model import PineId, RelPath, Version
from pinesync.sync.intents import Create, Delete, Download, Move, Rename, Upload
from pinesync.text.canonical import digest
from pinesync.workspace import manifest
from pinesync.workspace.state import State

OLD = Path(__file__).parents[1] / "data" / "0.1.0"
ONE, TWO = PineId("USER;" + "1" * 32), PineId("USER;" + "2" * 32)
TEXT = "//@version=6\nindicator('One')\nplot(close)\n"
STATES = ("prepared", "sent", "landed", "abandoned")


@pytest.fixture
def state(tmp_path: Path) -> State:
    shutil.copytree(OLD / "state", tmp_path / "state")
    return State(tmp_path / "state")


def edit_intent(state: State, changes: dict[str, Any]) -> Path:
    """Other values in the record of a save that was sent; its sum is right where `sum` is None."""
    file = state.folder / "records" / "001790000001000-00000001.json"
    content = {**json.loads(file.read_text()), **changes}
    if changes.get("sum", "") is None:
        content.pop("sum")
        body = json.dumps(content, sort_keys=True).encode()
        content["sum"] = hashlib.sha256(body).hexdigest()
    file.write_text(json.dumps(content))
    return file


def test_every_intent_is_read(state: State) -> None:
    intents = state.log.intents()
    uploads = [item for item in intents if isinstance(item, Upload)]
    creates = [item for item in intents if isinstance(item, Create)]
    assert [intent.state for intent in uploads] == list(STATES)
    assert [intent.state for intent in creates] == list(STATES)
    assert [intent.landed for intent in uploads] == [None, None, Version(2), None]
    assert [intent.seen for intent in uploads] == [None, None, None, Version(2)]
    assert {intent.parent for intent in uploads} == {Version(1)}
    assert {intent.known_ids for intent in creates} == {(ONE, TWO)}
    assert {item.account for item in intents} == {"trader42"}
    assert {(item.wall, item.mono) for item in intents} == {(1_790_000_000.25, 4210.5)}
    others = {type(other): other for other in intents[8:]}
    assert list(others) == [Download, Rename, Delete, Move]
    pull, move = others[Download], others[Move]
    assert isinstance(pull, Download)
    assert (pull.replaces, pull.landed) == (digest(TEXT), Version(2))
    assert pull.brings == digest(TEXT + "// three\n")
    assert isinstance(move, Move)
    assert (move.origin, move.path) == ("one.pine", "kept/one.pine")


def test_intents_survive_being_rewritten(state: State) -> None:
    before = state.log.intents()
    for intent in before:
        state.log.write(intent)
    assert State(state.folder).log.intents() == before


def test_texts_versions_backups_and_operations_are_read(state: State) -> None:
    assert state.texts.recall(ONE, Version(1)) == digest(TEXT)
    assert state.texts.text_of(digest(TEXT)) == TEXT
    (replaced,) = state.backups.of(RelPath("one.pine"))
    assert replaced.digest == digest(TEXT)
    (operation,) = state.log.operations(5)
    assert (operation.verb, operation.paths) == ("push", ("one.pine",))


def test_pine_toml_is_read(state: State) -> None:
    parsed = manifest.parse((OLD / "pine.toml").read_text())
    one, two, new = (parsed.entries[RelPath(f"{name}.pine")] for name in ("one", "two", "new"))
    assert one.base
    assert (one.pine_id, one.base.version, one.base.theirs) == (ONE, Version(2), ())
    assert two.base
    assert (two.shadowed, two.base.theirs) == (Version(4), (Version(4),))
    assert (new.pine_id, new.base) == (None, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"digest": "sha256:" + "0" * 64},
        {"state": "landed"},
        {"path": "../x.pine"},
        {"parent": None},
    ],
)
def test_a_damaged_intent_is_reported(state: State, changes: dict[str, Any]) -> None:
    file = edit_intent(state, changes)
    with pytest.raises(StateError, match="damaged") as refused:
        state.log.intents()
    assert str(file) in refused.value.message


@pytest.mark.parametrize("changes", [{"op": "publish"}, {"publish": "yes"}])
def test_an_intent_of_a_later_version_is_reported_as_such(
    state: State, changes: dict[str, Any]
) -> None:
    file = edit_intent(state, {**changes, "sum": None})
    with pytest.raises(StateError, match="later version") as refused:
        state.log.intents()
    assert str(file) in refused.value.message
    assert "update pinesync" in (refused.value.hint or "")
