"""Servers and clients that end in the middle of a push, and what is left of it."""

from __future__ import annotations

from contextlib import suppress

import pytest
from mcp import MCPError

from tests.campaign.served import check_converged
from tests.mcp.conftest import Connect, stdio, writes
from tests.world import LONGER, TREND, World

pytestmark = [
    pytest.mark.parametrize("world", ["facade"], indirect=True),
    pytest.mark.parametrize("connect", [stdio], indirect=True),
]

REQUESTS = {
    "/list": ("list:1:hang", False),
    "/translate_light": ("translate:1:hang", False),
    "/last": ("get:1:hang", False),
    "/save/next": ("save_next:1:hang:before", False),
    "/save/next/": ("save_next:1:hang:after", True),
    "/2.0": ("get:2:hang", True),
}
"""Each request of a push, with the fault that holds it, and whether the text is saved by then."""


@pytest.mark.promise("A8", 2, 4, 9)
@pytest.mark.parametrize("path", REQUESTS)
def test_a_push_survives_a_kill_at_any_request(clone: World, connect: Connect, path: str) -> None:
    fault, saved = REQUESTS[path]
    clone.monkeypatch.setenv("PINESYNC_SETTLE_SECONDS", "0")
    clone.monkeypatch.setattr("pinesync.app.project.PAUSES", ())
    clone.write(LONGER)
    agent = connect("**")
    clone.app.forget()
    clone.plan.add(fault)
    push_call = agent.begin("push", **agent.push_arguments())
    clone.app.wait_for(path)
    agent.kill()
    with suppress(MCPError):
        push_call.result(60)
    clone.plan.clear()
    assert clone.saved() == [TREND, *[LONGER] * saved]
    assert (clone.read(), clone.version()) == (LONGER, "1.0")
    connect("**").push()
    assert clone.saved() == [TREND, LONGER]
    check_converged(clone)
    assert clone.saved() == [TREND, LONGER]
    assert len(writes(clone)) == 1 + (path == "/save/next")


@pytest.mark.promise("A8")
def test_a_disconnected_client_does_not_stop_a_push(clone: World, connect: Connect) -> None:
    clone.write(LONGER)
    agent = connect("**")
    clone.app.forget()
    clone.plan.add("save_next:1:slow:seconds=0.5")
    agent.begin("push", **agent.push_arguments())
    clone.app.wait_for("/translate_light")
    agent.leave()
    assert clone.saved() == [TREND, LONGER]
    assert clone.version() == "2.0"
    assert clone.statuses() == {}
    assert writes(clone) == ["save_next"]
