"""What an agent may save, and what it may not. Each history ends with a look at the requests: none
of them wrote what was not allowed."""

from __future__ import annotations

import os
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
    }.items() <= agent.exactly().items()
    done = agent.push().result
    assert (done["done"], done["version"]) == ("saved", "2.0")
    assert clone.saved() == [TREND, LONGER]
    assert clone.version() == "2.0"
    assert agent.push().result["done"] == "unchanged"
    assert writes(clone) == ["save_next"]


def stale(world: World) -> dict[str, str]:
    return {"base_version": "7.0"}


def moved_on(world: World) -> dict[str, str]:
    world.web_save(SLOWER)
    return {}


def said_to_be_the_newest(world: World) -> dict[str, str]:
    world.web_save(SLOWER)
    return {"base_version": "2.0"}


def repeated(world: World) -> dict[str, str]:
    """The newest version has the text of the base, but it is another version."""
    world.web_save(TREND)
    return {}


@pytest.mark.promise("A1")
@pytest.mark.parametrize("other", [stale, moved_on, said_to_be_the_newest, repeated])
def test_push_is_refused_with_another_version(
    clone: World, connect: Connect, other: Callable[[World], dict[str, str]]
) -> None:
    clone.write(LONGER)
    agent = connect(ALL)
    before = other(clone)
    assert agent.push(**before).refusal
    assert LONGER not in clone.saved()
    assert writes(clone) == []


@pytest.mark.promise("A2")
def test_push_is_refused_with_another_text(clone: World, connect: Connect) -> None:
    clone.write(LONGER)
    agent = connect(ALL)
    exactly = agent.exactly()
    clone.write(FASTER)
    assert "does not have that SHA-256" in agent("push", **exactly).refusal
    clone.write(LONGER.replace("\n", "\r\n"))
    assert "does not have that SHA-256" in agent("push", **exactly).refusal, (
        "the same text in other bytes"
    )
    clone.write(TREND)
    assert "does not have that SHA-256" in agent("push", **exactly).refusal, "nothing to save"
    assert agent.push(file_sha256="0" * 63).problem["error"] == "usage"
    assert writes(clone) == []


@pytest.mark.promise("A2")
def test_a_file_changed_during_the_check_is_not_sent(clone: World, connect: Connect) -> None:
    """The request for the compiler is under way; only what was named is ever sent."""
    clone.write(LONGER)
    agent = connect(ALL)
    clone.plan.add("translate:*:slow:seconds=1", "check:*:slow:seconds=1")
    pushing = agent.begin("push", **agent.exactly())
    clone.app.wait_for("/translate_light")
    clone.write(FASTER)
    pushing.result(60)
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
def test_a_path_outside_is_refused(clone: World, connect: Connect) -> None:
    (clone.place / "Trend.pine").write_text(LONGER)
    agent = connect(ALL)
    exactly = agent.exactly()
    for path in OUTSIDE:
        for tool in ("push", "check", "show", "log", "diff", "contract", "grep", "alerts"):
            known = agent.tools()[tool].input_schema["properties"]
            given = exactly | {"path": path, "pattern": "plot"}
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


def test_the_same_text_that_somebody_saved_meanwhile(clone: World, connect: Connect) -> None:
    """There is nothing to save, and the base is a person's to move."""
    clone.web_save(LONGER)
    clone.write(LONGER)
    agent = connect(ALL)
    for version in ("1.0", "2.0"):
        assert agent.push(base_version=version).refusal
    assert clone.version() == "1.0"
    assert writes(clone) == []


def test_a_push_that_is_cancelled_before_its_turn(clone: World, connect: Connect) -> None:
    clone.write(LONGER)
    agent = connect(ALL)
    wanted = agent.exactly()
    clone.app.forget()
    clone.plan.add("list:1:slow:seconds=1")
    looking = agent.begin("status")
    clone.app.wait_for("/list")
    pushing = agent.begin("push", **wanted)
    agent.tools()  # what is asked later is answered earlier: the push has come
    pushing.cancel()
    looking.result(60)
    assert agent("status", offline=True).result["rows"], "the turns go on"
    assert clone.saved() == [TREND]
    assert writes(clone) == []


def test_a_script_that_undoes_somebodys_save(clone: World, connect: Connect) -> None:
    """A push refuses it, so this does, whatever the agent names."""
    clone.web_save_and_pull(SLOWER)
    clone.write(TREND)
    assert clone.words() == {TREND_PATH: "undoes"}
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
def test_an_allowed_path_moved_to_another_script_is_refused(clone: World, connect: Connect) -> None:
    """An agent can write pine.toml, as any file."""
    agent = connect("strategies/*")
    file = clone.folder / "pine.toml"
    here, there = clone.id_of("Trend"), clone.id_of("Breakout")
    swapped = file.read_text().replace(here, "X").replace(there, here).replace("X", there)
    file.write_text(swapped)
    clone.write(LONGER, BREAKOUT_PATH)
    assert "has changed since" in agent.push(BREAKOUT_PATH).refusal
    assert writes(clone) == []


@pytest.mark.promise("A5")
def test_a_loosened_contract_is_refused(clone: World, connect: Connect) -> None:
    before = (clone.folder / "pine.toml").read_text()
    configure(clone, 'contract = "refuse"')
    agent = connect(ALL)
    (clone.folder / "pine.toml").write_text(before)
    clone.write(LONGER)
    assert "has changed since" in agent.push().refusal
    assert writes(clone) == []


@pytest.mark.promise("A5")
def test_a_base_that_nobody_merged(clone: World, connect: Connect) -> None:
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


def test_what_pinesync_wrote_meanwhile_is_known(clone: World, connect: Connect) -> None:
    agent = connect(ALL)
    clone.web_save(EXTRA, "Extra")
    clone.web_save_and_pull(SLOWER)
    for path, name in ((TREND_PATH, "Trend"), ("indicators/Extra.pine", "Extra")):
        clone.write(clone.read(path) + "// more\n", path)
        assert agent.push(path).result["done"] == "saved"
        assert clone.saved(name)[-1] == clone.read(path)


@pytest.mark.promise("A6")
def test_refusals_of_push_are_refusals_of_the_tool(clone: World, connect: Connect) -> None:
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
    wanted = agents[0].exactly()
    pushes = [agent.begin("push", **wanted) for agent in agents]
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
