"""--json on every verb, with any result: one object in ASCII with schema, command and exit_code,
and nothing else on standard output."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from docs import schemas
from pinesync.cli.group import VERBS
from tests.world import BROKEN, EXTRA, LONGER, SLOWER, TREND_PATH, World, both_ways

UNICODE = "Мой 測試"

DONE = {
    "clone": ["clone", "--sandbox", "another"],
    "init": ["init", "--link", "--sandbox", "empty"],
    "status": ["status"],
    "diff": ["diff"],
    "check": ["check"],
    "verify": ["verify"],
    "fetch": ["fetch"],
    "pull": ["pull"],
    "push": ["push"],
    "add": ["add", "loose.pine"],
    "new": ["new", UNICODE],
    "list": ["list"],
    "alerts": ["alerts"],
    "log": ["log"],
    "show": ["show", f"{TREND_PATH}@1"],
    "grep": ["grep", "--all-versions", "plot"],
    "oplog": ["oplog"],
    "restore": ["restore", TREND_PATH],
    "undo": ["undo"],
    "resolve": ["resolve", "--ours", TREND_PATH],
    "mv": ["mv", TREND_PATH, "moved/"],
    "rename": ["rename", TREND_PATH, UNICODE + " 2"],
    "rm": ["rm", TREND_PATH],
    "logout": ["logout"],
    "whoami": ["whoami"],
    "blame-version": ["blame-version", TREND_PATH],
    "repair": ["repair"],
    "hooks install": ["hooks", "install"],
    "hooks remove": ["hooks", "remove"],
    "hooks status": ["hooks", "status"],
    "hooks run": ["hooks", "run", "pre-push"],
    "probe": ["probe", "--sandbox", "--yes"],
    "doctor": ["doctor"],
    "completion": ["completion", "bash"],
    "history import": ["history", "import", "-n"],
    "sandbox seed": ["sandbox", "seed"],
    "sandbox reset": ["sandbox", "reset", "--yes"],
    "sandbox path": ["sandbox", "path"],
    "vscode package": ["vscode", "package", "x.vsix"],
}
FAILED = [
    (2, ["status", "nowhere.pine"]),
    (2, ["status", "--no-such-option"]),
    (2, ["no-such-verb"]),
    (2, ["push", "--jobs", "many"]),
    (2, ["restore"]),
    (2, ["resolve", TREND_PATH]),
    (2, ["clone", "--remote", "nowhere", "x"]),
    (2, ["-C", "nowhere", "status"]),
    (2, ["add", "../outside.pine"]),
    (2, ["mv", TREND_PATH]),
    (2, ["mv", "loose.pine", "other.pine"]),
    (2, ["rename", TREND_PATH, ""]),
    (2, ["rm", "--remote", TREND_PATH]),
    (2, ["sandbox", "reset"]),
    (2, ["hooks", "run", "post-commit"]),
    (3, ["blame-version", TREND_PATH]),
    (2, ["sandbox", "path", "--name", "../x"]),
    (2, ["login"]),
    (2, ["vscode", "install", "--code", "./no-editor"]),
    (5, ["clone", "--remote", "tradingview", "x"]),
    (5, ["list", "--remote", "tradingview"]),
    (5, ["whoami", "--remote", "tradingview"]),
]


def object_of(text: str) -> dict:
    assert text.isascii()
    assert text.endswith("\n")
    assert text.count("\n") == 1
    found = json.loads(text)
    assert found["schema"] == 1
    if found["command"] in schemas.commands():
        Draft202012Validator(schemas.answer(found["command"])).validate(found)
        assert found.keys() <= _known(schemas.answer(found["command"]))
    return found


def _known(schema: dict) -> set[str]:
    """The keys in an object that its schema has."""
    return {*schema["properties"]}.union(*(form["properties"] for form in schema["anyOf"]))


@pytest.fixture
def every_state(clone: World) -> World:
    """A workspace with scripts in every state."""
    clone.git("init", "-q")
    clone.write(LONGER)
    clone.web_save(SLOWER)
    clone.web_save(EXTRA, UNICODE)
    clone.write(EXTRA, "loose.pine")
    clone.write(BROKEN.replace("Trend", "Broken"), "broken.pine")
    (clone.folder / "empty").mkdir()
    clone.git("init", "-q")
    return clone


@pytest.mark.parametrize("command", DONE)
@pytest.mark.parametrize("where", ["before", "after"])
def test_every_command_prints_one_json_object(every_state: World, command: str, where: str) -> None:
    arguments = DONE[command]
    words = ["--json", *arguments] if where == "before" else [*arguments, "--json"]
    ran = every_state(*words)
    found = object_of(ran.out)
    assert found["command"] == command
    assert found["exit_code"] == ran.code
    assert every_state.user.sessionid not in ran.out


def test_every_command_is_tested() -> None:
    tried = {command.split()[0] for command in DONE}
    # login is in test_login.py, demo below, since it takes its time, and watch in tests/watch,
    # since it ends with Ctrl-C; lsp and mcp speak with a client, in tests/lsp and tests/mcp.
    assert set(VERBS) == tried | {"login", "demo", "watch", "lsp", "mcp"}


@pytest.mark.parametrize(("code", "arguments"), FAILED, ids=lambda v: str(v))
def test_errors_are_json_objects(every_state: World, code: int, arguments: list[str]) -> None:
    for words in (["--json", *arguments], [*arguments, "--json"]):
        ran = every_state(*words, code=code)
        found = object_of(ran.out)
        assert found["exit_code"] == code
        assert isinstance(found["command"], str)
        assert found["error"]["message"]
        assert set(found["error"]) == {"message", "hint"}


def test_an_error_names_its_command(every_state: World) -> None:
    """Also after an option with a value."""
    for words in (
        ["--json", "status", "nowhere.pine"],
        ["-C", str(every_state.folder), "--json", "status", "nowhere.pine"],
        ["--color", "never", "status", "--json", "nowhere.pine"],
    ):
        assert object_of(every_state(*words).out)["command"] == "status"
    assert object_of(every_state("--json", "sandbox", "reset").out)["command"] == "sandbox reset"


@both_ways
def test_a_failed_run_has_its_error_in_the_object(clone: World) -> None:
    clone.write(LONGER)
    clone.plan.expire()
    ran = clone("push", "--json")
    found = object_of(ran.out)
    assert (ran.code, found["exit_code"], ran.err) == (5, 5, "")


def test_documented_keys_are_present(every_state: World) -> None:
    status = every_state("status", "--json").json
    assert {line["path"]: line["word"] for line in status["lines"]} == {
        TREND_PATH: "diverged",
        "libraries/Tools.pine": "clean",
        "strategies/Breakout.pine": "clean",
        "loose.pine": "untracked",
        "broken.pine": "untracked",
        f"indicators/{UNICODE}.pine": "remote-only",
    }
    line = next(line for line in status["lines"] if line["path"] == TREND_PATH)
    assert (line["version"], line["newest"], line["pine_id"]) == ("1.0", "2.0", every_state.id_of())
    check = every_state("check", "--format", "json")
    assert check.json["exit_code"] == check.code == 4
    broken = next(file for file in check.json["files"] if file["path"] == "broken.pine")
    (error,) = broken["diagnostics"]
    assert (error["line"], error["column"], error["code"]) == (13, 6, "CE10272")
    assert (error["severity"], error["end_column"]) == ("error", 15)
    pushed = every_state("push", "--json").json
    (refused,) = [outcome for outcome in pushed["outcomes"] if outcome["path"] == TREND_PATH]
    assert (refused["done"], refused["exit_code"]) == ("refused", 3)
    planned = every_state("pull", "--dry-run", "--json").json
    assert planned["dry_run"] is True
    assert {step["path"] for step in planned["planned"]} == {
        TREND_PATH,
        f"indicators/{UNICODE}.pine",
    }


def test_a_non_ascii_path_round_trips(every_state: World) -> None:
    (every_state.folder / "測試").mkdir()
    found = object_of(every_state("sandbox", "path", "--json", cwd=every_state.folder / "測試").out)
    assert found["exists"] is True


def test_demo_has_json(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(world.place))
    ran = world.process("demo", "--json")
    found = object_of(ran.out)
    assert (ran.code, found["command"], found["exit_code"]) == (0, "demo", 0)
    folder = found["events"][-1]["folder"]
    assert folder.startswith(str(world.place))
