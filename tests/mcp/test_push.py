"""What an agent may and may not push. Every test ends with a check of the write requests
that were made."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from concurrent.futures import wait

import pytest

from pinesync.text.canonical import digest
from tests.mcp.conftest import Connect, configure, writes
from tests.world import (
    BREAKOUT_PATH,
    BROKEN,
    EXTRA,
    FASTER,
    LONGER,
    SLOWER,
    TREND,
    TREND_PATH,
    World,
)

pytestmark = pytest.mark.parametrize("world", ["facade"], indirect=True)
ALL = "**"


def test_push_saves_one_file(clone: World, connect: Connect) -> None:
    clone.write(LONGER)
    clone.write("// another edit\n", BREAKOUT_PATH)
    agent = connect("indicators/*")
    seen = agent("check", path=TREND_PATH).result
    assert {
        key: seen[key] for key in ("base_version", "file_sha256")
    }.items() <= agent.push_arguments().items()
    done = agent.push().result
    assert (done["done"], done["version"]) == ("saved", "2.0")
    assert clone.saved() == [TREND, LONGER]
    assert clone.version() == "2.0"
    assert agent.push().result["done"] == "unchanged"
    assert writes(clone) == ["save_next"]


def never_saved_version(world: World) -> dict[str, str]:
    return {"base_version": "7.0"}


def newer_version_exists(world: World) -> dict[str, str]:
    world.web_save(SLOWER)
    return {}


def newest_named_as_base(world: World) -> dict[str, str]:
    world.web_save(SLOWER)
    return {"base_version": "2.0"}


def newer_version_with_the_base_text(world: World) -> dict[str, str]:
    """The newest version has the text of the base, but it is another version."""
    world.web_save(TREND)
    return {}


@pytest.mark.promise("A1")
@pytest.mark.parametrize(
    "other",
    [
        never_saved_version,
        newer_version_exists,
        newest_named_as_base,
        newer_version_with_the_base_text,
    ],
)
def test_push_is_refused_unless_base_version_is_the_base_and_the_newest(
    clone: World, connect: Connect, other: Callable[[World], dict[str, str]]
) -> None:
    clone.write(LONGER)
    agent = connect(ALL)
    before = other(clone)
    assert agent.push(**before).refusal
    assert LONGER not in clone.saved()
    assert writes(clone) == []


@pytest.mark.promise("A2")
def test_push_is_refused_unless_the_file_has_the_named_bytes(
    clone: World, connect: Connect
) -> None:
    clone.write(LONGER)
    agent = connect(ALL)
    arguments = agent.push_arguments()
    clone.write(FASTER)
    assert "that SHA-256" in agent("push", **arguments).refusal
    clone.write(LONGER.replace("\n", "\r\n"))
    assert "that SHA-256" in agent("push", **arguments).refusal, "the same text in other bytes"
    clone.write(TREND)
    assert "that SHA-256" in agent("push", **arguments).refusal, "nothing to save"
    assert agent.push(file_sha256="0" * 63).problem["error"] == "usage"
    assert writes(clone) == []


@pytest.mark.promise("A2")
def test_an_edit_during_the_compile_is_not_sent(clone: World, connect: Connect) -> None:
    """The request for the compiler is under way; only what was named is ever sent."""
    clone.write(LONGER)
    agent = connect(ALL)
    clone.plan.add("translate:*:slow:seconds=1", "check:*:slow:seconds=1")
    push_call = agent.begin("push", **agent.push_arguments())
    clone.app.wait_for("/translate_light")
    clone.write(FASTER)
    push_call.result(60)
    assert clone.saved() in ([TREND], [TREND, LONGER])
    assert FASTER not in clone.saved()


OUTSIDE = (
    "../Trend.pine",
    "indicators/../../Trend.pine",
    "/etc/passwd",
    "indicators\\Trend.pine",
    "indicators/Trend.pine/",
    "./indicators/Trend.pine",
    "pine.toml",
    "",
    "*",
)


@pytest.mark.promise("A3")
def test_a_path_that_pine_toml_does_not_list_is_refused(clone: World, connect: Connect) -> None:
    (clone.place / "Trend.pine").write_text(LONGER)
    agent = connect(ALL)
    arguments = agent.push_arguments()
    for path in OUTSIDE:
        for tool in ("push", "check", "show", "log", "diff", "contract", "grep", "alerts"):
            known = agent.tools()[tool].input_schema["properties"]
            given = arguments | {"path": path, "pattern": "plot"}
            problem = agent(tool, **{k: v for k, v in given.items() if k in known}).problem
            if path or tool in ("push", "check", "show", "log", "contract"):
                assert problem, (tool, path)
                assert problem["error"] == "usage"
    assert writes(clone) == []


@pytest.mark.promise("A3")
def test_a_link_is_refused(clone: World, connect: Connect) -> None:
    outside = clone.place / "outside.pine"
    outside.write_text(LONGER)
    agent = connect(ALL)
    (clone.folder / TREND_PATH).unlink()
    os.symlink(outside, clone.folder / TREND_PATH)
    assert agent.push().problem
    assert agent("check", path=TREND_PATH).problem
    (clone.folder / TREND_PATH).unlink()
    (clone.folder / "indicators").rmdir()
    (clone.place / "elsewhere").mkdir()
    (clone.place / "elsewhere" / "Trend.pine").write_text(LONGER)
    os.symlink(clone.place / "elsewhere", clone.folder / "indicators")
    assert agent.push().problem
    assert writes(clone) == []


def test_push_is_refused_if_the_web_already_saved_the_text(clone: World, connect: Connect) -> None:
    """There is nothing to save, and the base is a person's to move."""
    clone.web_save(LONGER)
    clone.write(LONGER)
    agent = connect(ALL)
    for version in ("1.0", "2.0"):
        assert agent.push(base_version=version).refusal
    assert clone.version() == "1.0"
    assert writes(clone) == []


def test_a_push_cancelled_in_the_queue_sends_nothing(clone: World, connect: Connect) -> None:
    clone.write(LONGER)
    agent = connect(ALL)
    arguments = agent.push_arguments()
    clone.app.forget()
    clone.plan.add("list:1:slow:seconds=1")
    status_call = agent.begin("status")
    clone.app.wait_for("/list")
    push_call = agent.begin("push", **arguments)
    agent.tools()  # answered before the status call: the push is in the queue
    push_call.cancel()
    status_call.result(60)
    assert agent("status", offline=True).result["rows"], "the queue goes on"
    assert clone.saved() == [TREND]
    assert writes(clone) == []


def test_push_is_refused_if_it_reverts_a_foreign_save(clone: World, connect: Connect) -> None:
    """A push refuses it, so this does, whatever the agent names."""
    clone.web_save_and_pull(SLOWER)
    clone.write(TREND)
    assert clone.statuses() == {TREND_PATH: "undoes"}
    assert connect(ALL).push().refusal
    assert writes(clone) == []


@pytest.mark.promise("A4")
@pytest.mark.parametrize("allow", [("strategies/*",), ("indicators",), ("*",), ("Trend.pine",)])
def test_a_script_outside_the_allowed_globs_is_refused(
    clone: World, connect: Connect, allow: tuple[str, ...]
) -> None:
    clone.write(LONGER)
    assert "no --allow-push" in connect(*allow).push().refusal
    assert writes(clone) == []


@pytest.mark.promise("A4")
def test_the_server_is_read_only_without_a_glob(clone: World, connect: Connect) -> None:
    tools = connect().tools()
    assert {"push", "undo"}.isdisjoint(tools)
    assert all(tool.annotations.read_only_hint for tool in tools.values())


@pytest.mark.promise("A5")
def test_a_protected_script_is_refused(clone: World, connect: Connect) -> None:
    clone.write(LONGER)
    before = (clone.folder / "pine.toml").read_text()
    configure(clone, "protected = ['indicators/*']")
    agent = connect(ALL)
    assert "protects it" in agent.push().refusal
    (clone.folder / "pine.toml").write_text(before)
    assert "protects it" in agent.push().refusal, "it was protected when the server began"
    later = connect(ALL)
    configure(clone, "protected = ['*']")
    assert "protects it" in later.push().refusal, "it is protected now"
    assert writes(clone) == []


@pytest.mark.promise("A5")
def test_an_allowed_path_relinked_to_another_script_is_refused(
    clone: World, connect: Connect
) -> None:
    """An agent can write pine.toml, as any file."""
    agent = connect("strategies/*")
    file = clone.folder / "pine.toml"
    trend_id, breakout_id = clone.id_of("Trend"), clone.id_of("Breakout")
    swapped = file.read_text().replace(trend_id, "X")
    swapped = swapped.replace(breakout_id, trend_id).replace("X", breakout_id)
    file.write_text(swapped)
    clone.write(LONGER, BREAKOUT_PATH)
    assert "has changed since" in agent.push(BREAKOUT_PATH).refusal
    assert writes(clone) == []


@pytest.mark.promise("A5")
@pytest.mark.parametrize("when", ["before the start", "while it runs"])
@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ('contract = "refuse"', "has changed since"),
        ('protected = ["indicators"]', "protects it"),
    ],
)
def test_what_pine_toml_forbade_once_stays_forbidden(
    clone: World, connect: Connect, when: str, line: str, refusal: str
) -> None:
    before = (clone.folder / "pine.toml").read_text()
    agent = connect(ALL) if when == "while it runs" else None
    configure(clone, line)
    agent = agent or connect(ALL)
    agent("status")
    (clone.folder / "pine.toml").write_text(before)
    clone.write(LONGER)
    assert refusal in agent.push().refusal
    assert writes(clone) == []


@pytest.mark.promise("A5")
def test_another_account_in_pine_toml_is_refused(clone: World, connect: Connect) -> None:
    agent = connect(ALL)
    file = clone.folder / "pine.toml"
    file.write_text(re.sub('account = ".*"', 'account = "eve"', file.read_text()))
    clone.write(LONGER)
    assert "has changed since" in agent.push().refusal
    assert writes(clone) == []


@pytest.mark.promise("A5")
def test_a_base_edited_in_pine_toml_is_refused(clone: World, connect: Connect) -> None:
    """An agent claims that its file is based on what somebody else has saved."""
    agent = connect(ALL)
    clone.web_save(SLOWER)
    clone.write(LONGER)
    file = clone.folder / "pine.toml"
    before, _, after = file.read_text().partition(clone.id_of())
    claimed = after.replace('"1.0"', '"2.0"', 1).replace(digest(TREND), digest(SLOWER), 1)
    file.write_text(before + clone.id_of() + claimed)
    assert clone.version() == "2.0"
    assert "has changed since" in agent.push().refusal
    assert writes(clone) == []


def test_a_base_that_pinesync_wrote_since_the_start_is_accepted(
    clone: World, connect: Connect
) -> None:
    agent = connect(ALL)
    clone.web_save(EXTRA, "Extra")
    clone.web_save_and_pull(SLOWER)
    for path, name in ((TREND_PATH, "Trend"), ("indicators/Extra.pine", "Extra")):
        clone.write(clone.read(path) + "// more\n", path)
        assert agent.push(path).result["done"] == "saved"
        assert clone.saved(name)[-1] == clone.read(path)


BEYOND_THE_QUICK_CHECK = {
    "65 plots": TREND + "plot(close)\n" * 65,
    "no version": TREND.replace("//@version=6\n", "") + "plot(clsoe)\n",
    "an old version": TREND.replace("//@version=6", "//@version=4") + "plot(clsoe)\n",
}


def test_a_command_in_a_hint_is_for_a_person(clone: World, connect: Connect) -> None:
    clone.web_save(SLOWER)
    clone.write(LONGER)
    hint = connect(ALL).push().problem["untrusted"]["hint"]
    assert hint.startswith("for a person: ")
    assert "`pinesync " in hint


@pytest.mark.promise("A6")
@pytest.mark.parametrize("text", BEYOND_THE_QUICK_CHECK.values(), ids=BEYOND_THE_QUICK_CHECK)
def test_what_only_the_full_compiler_refuses_is_refused(
    clone: World, connect: Connect, text: str
) -> None:
    clone.write(text)
    agent = connect(ALL)
    assert agent("check", path=TREND_PATH).result["ok"] is False
    assert agent.push().problem["error"] == "does_not_compile"
    assert writes(clone) == []


@pytest.mark.promise("A6")
def test_the_tool_refuses_broken_breaking_and_new_scripts(clone: World, connect: Connect) -> None:
    agent = connect(ALL)
    clone.write(BROKEN)
    problem = agent.push().problem
    assert problem["error"] == "does_not_compile"
    assert problem["findings"][0]["line"] == len(BROKEN.splitlines())
    configure(clone, 'contract = "refuse"')
    clone.write(TREND.replace("length = ", 'more = input.int(1, "More")\nlength = '))
    assert "charts and alerts" in agent.push().refusal
    clone.write(EXTRA, "indicators/Extra.pine")
    clone("add", "indicators/Extra.pine")
    assert "never saved" in agent.push("indicators/Extra.pine", base_version="1.0").refusal
    assert writes(clone) == []


@pytest.mark.promise("A7")
def test_no_tool_deletes_renames_or_overrides(clone: World, connect: Connect) -> None:
    tools = connect(ALL).tools()
    assert set(tools) - {
        "status",
        "diff",
        "check",
        "log",
        "show",
        "grep",
        "contract",
        "alerts",
    } == {
        "push",
        "undo",
    }
    assert set(tools["push"].input_schema["properties"]) == {"path", "base_version", "file_sha256"}
    assert set(tools["undo"].input_schema["properties"]) == {"operation"}


@pytest.mark.promise("A8")
def test_two_agents_save_a_file_once(clone: World, connect: Connect) -> None:
    clone.write(LONGER)
    agents = [connect(ALL), connect(ALL)]
    clone.plan.add("list:*:slow:seconds=0.3")
    arguments = agents[0].push_arguments()
    pushes = [agent.begin("push", **arguments) for agent in agents]
    wait(pushes, 60)
    assert sorted(push.result().is_error or False for push in pushes) == [False, True]
    assert clone.saved() == [TREND, LONGER]
    assert writes(clone) == ["save_next"]


@pytest.mark.promise("A9")
def test_undo_reverts_a_push_of_the_server(clone: World, connect: Connect) -> None:
    clone.write(LONGER)
    saved = connect(ALL).push().result
    undone = connect(ALL)("undo", operation=saved["operation"]).result
    assert (undone["done"], undone["version"]) == ("saved", "3.0")
    assert clone.saved() == [TREND, LONGER, TREND]
    again = connect(ALL)("undo", operation=saved["operation"])
    assert again.problem["error"] == "usage", "it is undone already"
    assert writes(clone) == ["save_next", "save_next"]


@pytest.mark.promise("A9")
def test_undo_reverts_nothing_else(clone: World, connect: Connect) -> None:
    clone.write_and_push(LONGER)
    (operation,) = clone("oplog", "--json").json["operations"]
    agent = connect(ALL)
    for key in (operation["key"], operation["short"], "", "0"):
        assert "no push of" in agent("undo", operation=key).refusal
    clone.write(LONGER + "plot(high)\n")
    saved = agent.push().result
    clone.web_save(SLOWER)
    assert agent("undo", operation=saved["operation"]).refusal, "somebody saved since"
    assert "no --allow-push" in connect("x/*")("undo", operation=saved["operation"]).refusal
    assert writes(clone) == ["save_next", "save_next"]
