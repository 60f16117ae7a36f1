"""No other host is ever contacted: any redirect ends the command."""

from __future__ import annotations

import pytest

from pinesync.sandbox.faults import Fault
from tests.world import LONGER, World
from tests.world.tradingview import NAME, TradingView

PLACES = (
    "/pine-facade/list?filter=saved",
    "elsewhere",
    "//evil.example/pine-facade/list",
    f"http://{NAME}/pine-facade/list",
    f"https://{NAME}:444/pine-facade/list",
    f"https://{NAME}.evil.example/",
    "https://pine-facade.tradlngview.com/",
    f"https://{NAME}@evil.example/",
    f"https://evil.example\\\\@{NAME}/",
    "https://www.tradingview.com/",
)


@pytest.mark.promise("S1")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("place", PLACES)
def test_a_redirect_ends_the_command(
    world: World, tradingview: TradingView, monkeypatch: pytest.MonkeyPatch, place: str, status: int
) -> None:
    """The second host gets no connection: the proxy would see it, and resolving its name would fail
    this test."""
    monkeypatch.setenv("TRADINGVIEW_COOKIE", world.user.cookie)
    assert world("clone", "scripts").code == 0
    world.write(LONGER)
    header = ("Location", place)
    for endpoint, command in (("list", "status"), ("list", "pull"), ("save_next", "push")):
        moved = Fault(endpoint, "answer", status=status, headers=(header,), body=b"moved")
        world.plan.add(moved)
        before = len(tradingview.cookies)
        assert "never followed" in world(command, code=5).err
        assert set(tradingview.cookies[before:]) <= {world.user.cookie, ""}
        world.plan.clear()
    assert set(tradingview.contacted) == {f"{NAME}:443"}
