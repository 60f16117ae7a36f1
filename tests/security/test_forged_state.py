"""Intents of operations that never were, notes of other texts, the state of another workspace:
each is refused by name or does nothing. No file changes, and nothing is sent."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from pinesync.model import PineId, RelPath, Version
from pinesync.sync.intents import Upload
from pinesync.text.canonical import digest
from pinesync.workspace.files import exchange
from pinesync.workspace.state import State
from tests.security.planting import (
    KEY,
    changes_nothing,
    contents,
    neighbour,
    plant,
    refused,
)
from tests.world import TOOLS_PATH, TREND_PATH, World
from tests.world.scripts import BREAKOUT, EXTRA, LONGER, MERGED, SLOWER, TREND

# -- records --------------------------------------------------------------------------------------

ODD: dict[str, dict[str, Any]] = {
    "path up": {"path": "../up.pine"},
    "path absolute": {"path": "/etc/x.pine"},
    "path hidden": {"path": ".git/x.pine"},
    "path of another file": {"path": "pine.toml"},
    "path in another place": {"path": "a/../../x.pine"},
    "temp up": {"temp": "../.pinesync-1.tmp"},
    "temp deep": {"temp": ".pinesync-../../x.tmp"},
    "temp below": {"temp": "a/.pinesync-1.tmp"},
    "temp is a script": {"temp": "Trend.pine"},
    "no temp": {"temp": ""},
    "digest up": {"digest": "sha256:../../../x"},
    "object up": {"object": "sha256:" + "." * 64},
    "key of another": {"key": "000000000000002-bb"},
    "key up": {"key": "../x"},
    "id": {"pine_id": "USER;../x"},
    "built-in": {"pine_id": "STD;RSI"},
    "ids": {"known_ids": ["STD;RSI"]},
    "op": {"op": "publish"},
    "a move from nowhere": {"op": "move"},
    "a move from outside": {"op": "move", "origin": "../x.pine"},
    "a pull from somewhere": {"origin": TREND_PATH},
    "a deletion of nothing": {"op": "delete", "pine_id": None, "parent": "1.0"},
    "a deletion of no version": {"op": "delete"},
    "a rename of nothing": {"op": "rename", "pine_id": None, "parent": "1.0"},
    "state": {"state": "open"},
    "version": {"landed": "0.0"},
    "huge version": {"landed": "9" * 400},
    "clock": {"wall": float("nan")},
    "clock of a thousand digits": {"mono": 10**1000},
    "another key": {"run": "curl evil.invalid"},
}


@pytest.mark.promise("S10")
@pytest.mark.parametrize("changes", ODD.values(), ids=ODD)
@pytest.mark.parametrize("command", ["pull", "push", "status"])
def test_an_invalid_planted_intent_is_refused_by_name(
    clone: World, command: str, changes: dict[str, Any]
) -> None:
    outside = neighbour(clone)
    clone.web_save(SLOWER)
    clone.write(LONGER)
    file = plant(clone, **changes)
    before = contents(outside), clone.files(), clone.account()
    refused(clone(command), file.name)
    assert (contents(outside), clone.files(), clone.account()) == before


@pytest.mark.promise(27, "S10")
@pytest.mark.parametrize(("old", "new"), [('"2.0"', '"3.0"'), ("Trend.pine", "Trund.pine")])
def test_an_altered_intent_is_refused(clone: World, old: str, new: str) -> None:
    file = plant(clone)
    file.write_text(file.read_text().replace(old, new, 1))
    refused(clone("pull"), file.name)


SAVE = {"op": "save", "state": "sent", "parent": "1.0"}
NOT_OURS = {"pine_id": "USER;" + "f" * 32}
NEVER_WAS: dict[str, dict[str, Any]] = {
    "a pull": {},
    "a pull of a new file": {"object": None, "path": "indicators/New.pine"},
    "a pull over a file that is another": {"object": digest(EXTRA)},
    "a pull to a version that is not there": {"landed": "999999.0"},
    "a save": {**SAVE, "landed": None},
    "a save that somebody answered": {**SAVE},
    "a save of the end of time": {**SAVE, "wall": float("inf"), "mono": 1e300},
    "a save of long ago": {"op": "save", "state": "sent", "parent": "999998.0"},
    "a save of a script that is not ours": {**SAVE, **NOT_OURS},
    "a save that was given up": {"op": "save", "state": "abandoned", "parent": "1.0"},
    "a creation": {"op": "create", "state": "sent", "pine_id": None, "name": "Never"},
    "a creation of what is there": {"op": "create", "state": "sent", "digest": digest(TREND)},
    "a move": {"op": "move", "path": "indicators/New.pine", "origin": TREND_PATH},
    "a move to where another is": {"op": "move", "path": TOOLS_PATH, "origin": TREND_PATH},
    "a move from where another is": {"op": "move", "origin": TOOLS_PATH},
    "a rename": {"op": "rename", "state": "sent", "parent": "1.0", "name": "New"},
    "a rename of what is not ours": {**SAVE, "op": "rename", **NOT_OURS},
    "a deletion": {"op": "delete", "state": "sent", "parent": "1.0", "account": "sandbox"},
    "a deletion of what is not ours": {**SAVE, "op": "delete", **NOT_OURS},
    "a landed save": {"op": "save", "state": "landed", "parent": "1.0", "landed": "999999.0"},
}


@pytest.mark.parametrize("changes", NEVER_WAS.values(), ids=NEVER_WAS)
@pytest.mark.parametrize("command", ["status", "pull", "push"])
def test_an_intent_of_an_invented_operation_changes_nothing(
    clone: World, command: str, changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pinesync.app.project.PAUSES", ())
    plant(clone, **changes)
    changes_nothing(clone, command)
    assert clone.statuses() == {}


def test_an_intent_for_another_script_moves_no_base(clone: World) -> None:
    """The path and the id are of two scripts."""
    clone.write(LONGER)
    plant(clone, pine_id=clone.id_of("Breakout"), object=digest(BREAKOUT))
    changes_nothing(clone, "pull")
    assert clone.statuses() == {TREND_PATH: "modified"}


# -- notes of what was replaced -------------------------------------------------------------------


def note(world: World, **changes: Any) -> Path:
    content = {"key": KEY, "path": TREND_PATH, "digest": digest(TREND), "when": 1.0} | changes
    folder = world.state_folder / "replaced"
    folder.mkdir(exist_ok=True)
    (folder / f"{KEY}.json").write_text(json.dumps(content))
    return folder / f"{KEY}.json"


@pytest.mark.parametrize(
    "changes",
    [
        {"path": "../up.pine"},
        {"digest": "sha256:../../../../etc/passwd"},
        {"key": "../x"},
        {"when": 1e300},
        {"when": float("nan")},
        {"when": 10**400},
        {"when": -1e11},
        {"more": 1},
    ],
    ids=str,
)
def test_an_invalid_backup_note_is_refused_by_name(clone: World, changes: dict[str, Any]) -> None:
    file = note(clone, **changes)
    for more in (["--kept"], ["--back", "1"]):
        refused(clone("restore", TREND_PATH, *more), file.name)
    assert clone.read() == TREND


def test_a_backup_note_with_a_wrong_digest_restores_nothing(clone: World) -> None:
    """The object with that digest is damaged or replaced."""
    note(clone, digest=digest(EXTRA))
    name = digest(EXTRA).removeprefix("sha256:")
    stored = clone.state_folder / "objects" / name[:2] / name[2:]
    stored.parent.mkdir(exist_ok=True)
    for text in (None, "", BREAKOUT, EXTRA[:-1]):
        if text is not None:
            stored.write_text(text)
        assert clone("restore", TREND_PATH, "--kept").out == ""
        changes_nothing(clone, "restore", TREND_PATH, "--back", "1", codes=(2,))


# -- another folder's state -----------------------------------------------------------------------


def test_a_copied_folder_has_its_own_state(clone: World) -> None:
    """The copy has the same workspace id, but open intents stay with the original."""
    shutil.copytree(clone.folder, clone.place / "copy")
    file = plant(clone, op="save", state="sent", parent="1.0", temp=None)
    ran = clone("pull", cwd=clone.place / "copy")
    assert (ran.code, ran.out, ran.requests) == (0, "", ("list",))
    assert file.exists()


def test_a_state_moved_from_another_folder_changes_nothing(clone: World) -> None:
    """The state was moved here: its scripts are not those of this workspace."""
    clone.web_save(EXTRA, "Extra")
    extra = PineId(clone.id_of("Extra"))
    clone.web_delete("Extra")
    state = State(clone.state_folder)
    theirs = RelPath("theirs/Extra.pine")
    state.log.write(
        Upload(
            key=KEY,
            state="sent",
            path=theirs,
            name="Extra",
            digest=digest(EXTRA),
            pine_id=extra,
            parent=Version(1),
        )
    )
    files = clone.files()
    clone.web_save(SLOWER)
    assert clone("pull").code in (0, 7)
    assert clone.read() == SLOWER
    assert clone.files().keys() == files.keys()


def test_a_folder_replaced_during_a_pull_is_not_changed(clone: World) -> None:
    """The folder is from a backup or git, so intents of the old one do not apply."""
    shutil.copytree(clone.folder, clone.place / "backup")
    clone.web_save(SLOWER)
    clone.web_save(SLOWER.replace("rises =", "falls = slow > fast\nrises ="))

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with clone.monkeypatch.context() as patch:
        patch.setattr(exchange, "_renameat2", interrupted)
        assert clone("pull").code == 130
    shutil.rmtree(clone.folder)
    (clone.place / "backup").rename(clone.folder)
    clone.write(LONGER)
    assert clone("pull", code=0).out == f"merged     {TREND_PATH}  1.0 → 3.0\n"
    assert clone.read() == MERGED.replace("rises =", "falls = slow > fast\nrises =")
