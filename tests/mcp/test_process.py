"""How the server starts and ends, and what is on its standard output."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from pinesync.mcp.boundary import matches, protects
from tests.mcp.conftest import configure
from tests.world import World

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
INITIALIZED = {"jsonrpc": "2.0", "method": "notifications/initialized"}
STATUS = {
    "jsonrpc": "2.0",
    "id": 2,
    "method": "tools/call",
    "params": {"name": "status", "arguments": {}},
}


def test_standard_output_has_only_protocol_messages(clone: World) -> None:
    """Also with -vv, which prints every request, and with words that are no protocol between."""
    spoken = [json.dumps(one) for one in (INITIALIZE, INITIALIZED, STATUS)]
    child = clone.spawn("mcp", "-vv", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with child:
        child.stdin.write("\n".join([spoken[0], "what?", *spoken[1:], ""]))
        child.stdin.flush()
        answers = [json.loads(child.stdout.readline()) for _ in range(2)]
        child.stdin.close()
        assert child.stdout.read() == ""
        assert child.wait(60) == 0
    assert {one.get("id") for one in answers} >= {2}


@pytest.mark.parametrize(
    ("verb", "module", "requirement"),
    [("mcp", "mcp", "mcp>=2,<3"), ("mcp", "anyio", "mcp>=2,<3"), ("lsp", "pygls", "pygls>=2")],
)
def test_a_missing_library_has_an_install_hint(
    clone: World, verb: str, module: str, requirement: str
) -> None:
    for name in list(sys.modules):
        if name.partition(".")[0] == module or name.startswith(f"pinesync.{verb}"):
            clone.monkeypatch.delitem(sys.modules, name)
    clone.monkeypatch.setitem(sys.modules, module, None)
    ran = clone(verb, code=2)
    assert "needs a library that is not installed" in ran.err
    assert f"pipx inject pinesync '{requirement}'" in ran.err


@pytest.mark.parametrize(
    ("pattern", "named", "others"),
    [
        ("a.pine", ["a.pine"], ["x/a.pine", "A.pine"]),
        ("*.pine", ["a.pine"], ["x/a.pine"]),
        ("x/*", ["x/a.pine"], ["a.pine", "x/y/a.pine"]),
        ("x/**", ["x/a.pine", "x/y/a.pine"], ["a.pine", "xx/a.pine"]),
        ("**", ["a.pine", "x/y/a.pine"], []),
        ("x", [], ["x/a.pine"]),
    ],
)
def test_an_allow_push_star_stays_within_one_folder(
    pattern: str, named: list[str], others: list[str]
) -> None:
    assert [path for path in (*named, *others) if matches(pattern, path)] == named


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_ctrl_c_ends_a_server_whose_client_is_silent(clone: World) -> None:
    child = clone.spawn("mcp", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with child:
        child.stdin.write(json.dumps(INITIALIZE) + "\n")
        child.stdin.flush()
        assert json.loads(child.stdout.readline())["id"] == INITIALIZE["id"]
        child.send_signal(signal.SIGINT)
        assert child.wait(60) == 0


@pytest.mark.parametrize(
    "pattern",
    [
        *("strategies", "strategies/", "./strategies/*", "/strategies/*", "Strategies/*"),
        *("strategies/**", "*", "b.pine", "B*", "strategies/x/b.pine"),
    ],
)
def test_a_protected_pattern_matches_generously(pattern: str) -> None:
    assert protects(pattern, "strategies/x/b.pine")
    assert pattern == "*" or not protects(pattern, "indicators/a.pine")


def test_a_pattern_that_matches_no_script_is_reported(clone: World) -> None:
    configure(clone, 'protected = ["typo/*"]')
    child = clone.spawn("mcp", "--allow-push", "x/*", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    _, errors = child.communicate(timeout=60)
    assert "--allow-push 'x/*' matches no script" in errors
    assert "pine.toml: protected 'typo/*' matches no script" in errors


@pytest.mark.parametrize("glob", ["", "/etc/*", "../*", "a//*", "a\\*"])
def test_a_glob_that_names_no_script_is_refused(clone: World, glob: str) -> None:
    assert "no path in the workspace" in clone("mcp", "--allow-push", glob, code=2).err


def test_the_server_needs_a_workspace(world: World) -> None:
    assert "pinesync clone" in world("mcp", code=2).err
