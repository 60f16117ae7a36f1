"""`alerts`: which alerts run which version, what is passed over, and what is never shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pinesync.sandbox.alerts import item
from pinesync.sandbox.faults import Fault
from tests.world import World, both_ways
from tests.world.scripts import LONGER, MERGED, SLOWER
from tests.world.tradingview import TradingView

SECRET = "https://hooks.invalid/c4n4ry-token"
MESSAGE = "c4n4ry message"
NONE_STALE = "no listed alert runs an older version; TradingView may not list all\n"


def alert(clone: World, version: object = "1.0", name: str = "Trend", **more: Any) -> None:
    """Somebody makes an alert in the browser."""
    made = item(1, pine_id=clone.id_of(name), version=version, **more)
    clone.store.add_alert(clone.user, {**made, "message": MESSAGE})


def as_listed(clone: World, *rows: object, **more: object) -> None:
    """The service answers with these rows."""
    body = json.dumps({"s": "ok", "r": rows, **more}).encode()
    clone.plan.add(Fault("alerts", "answer", body=body, count=None))


@both_ways
def test_alerts_are_listed_with_the_version_they_run(repo: World) -> None:
    clone = repo
    alert(clone)
    alert(clone)
    alert(clone, web_hook=SECRET, active=False, symbol="NASDAQ:AAPL")
    alert(clone, name="Breakout")
    clone.git("config", "pinesync.commit", "true")
    clone.write_and_push(LONGER)
    alert(clone, "2.0")
    ran = clone("alerts", code=0)
    rows = [line.split("  ") for line in ran.out.splitlines()]
    cells = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    assert cells[:3] == [
        ["Breakout", "1.0", "1 active", "OANDA:XAUUSD 60"],
        ["Trend", "1.0 → 2.0", "1 stopped", "NASDAQ:AAPL 60", "webhook"],
        ["Trend", "1.0 → 2.0", "2 active", "OANDA:XAUUSD 60"],
    ]
    assert cells[3][:2] == ["Trend", "2.0"]
    assert cells[3][-1].startswith("commit ")
    assert ran.requests == ("list", "alerts")
    assert clone("alerts", "--stale", "strategies/", code=0).err == NONE_STALE
    assert clone("alerts", "--exit-code").code == 6
    assert clone("alerts", "--exit-code", "strategies/").code == 0
    (row,) = clone("alerts", "--json", "strategies/", code=0).json["rows"]
    assert (row["path"], row["stale"]) == ("strategies/Breakout.pine", False)


@pytest.mark.parametrize(
    "row",
    [
        *(7, None, [], {}, {"active": True}),
        {"active": True, "conditions": [], "condition": None},
        {"active": True, "conditions": [7]},
        {"active": True, "condition": {"series": {}}},
        {"active": True, "condition": {"series": [7, {"type": "study"}]}},
    ],
)
def test_a_malformed_alert_is_skipped(clone: World, row: object) -> None:
    as_listed(clone, row)
    ran = clone("alerts", code=0)
    assert ran.err.startswith(NONE_STALE + "1 alert passed over")


@pytest.mark.parametrize("version", [None, 1, 1.0, "1", "last", "01.0", "1.5", "9999999.0", ""])
def test_an_alert_with_an_unreadable_version_is_skipped(clone: World, version: object) -> None:
    alert(clone, version)
    assert clone("alerts", "--json", code=0).json["passed_over"] == 1


def test_alerts_on_foreign_scripts_are_skipped(clone: World) -> None:
    mine = item(1, pine_id=clone.id_of(), version="1.0")
    others = [
        item(2, pine_id=pine_id, version="1.0")
        for pine_id in ("PUB;" + "0" * 32, "USER;" + "e" * 32, "STD;EMA")
    ]
    several = {**mine, "conditions": [mine["condition"]], "condition": None}
    as_listed(clone, *others, item(3, pine_id="", version=None), several)
    ran = clone("alerts", "--json", code=0)
    assert ran.json["passed_over"] == 4
    assert [row["name"] for row in ran.json["rows"]] == ["Trend"]


def test_the_symbol_is_in_json(clone: World) -> None:
    odd = ['={"symbol":"NASDAQ:AAPL","adjustment":"splits"}', "=[", "=7", "\x1b[2J" + "x" * 200]
    for symbol in odd:
        alert(clone, symbol=symbol)
    found = clone("alerts").out
    assert "NASDAQ:AAPL 60" in found
    assert "\x1b" not in found


@both_ways
@pytest.mark.promise(41)
@pytest.mark.parametrize("fault", ["", "garbage", "html", "500", "truncate", "answer"])
def test_neither_message_nor_webhook_is_shown_or_stored(clone: World, fault: str) -> None:
    alert(clone, web_hook=SECRET)
    clone.web_save_and_pull(SLOWER)
    if fault == "answer":
        refusal = json.dumps({"s": "error", "errmsg": MESSAGE, "error": SECRET}).encode()
        clone.plan.add(Fault("alerts", "answer", body=refusal, status=400, count=None))
    elif fault:
        clone.plan.add(f"alerts:*:{fault}")
    output = "".join(clone("-vv", "alerts", *more).output for more in ([], ["--json"], ["--stale"]))
    files = {**clone.files(), **clone.state_files()}
    for secret in (SECRET, MESSAGE, "c4n4ry"):
        assert secret not in output
        assert not [path for path, body in files.items() if secret.encode() in body]


@pytest.mark.parametrize(
    ("fault", "code"),
    [("alerts:*:503", 7), ("alerts:*:html", 5), ("alerts:*:garbage", 1), ("alerts:1:expire", 5)],
)
def test_a_failed_alert_list_has_its_exit_code(clone: World, fault: str, code: int) -> None:
    clone.plan.add(fault)
    clone("alerts", code=code)


def test_a_push_counts_alerts_on_older_versions(clone: World) -> None:
    alert(clone)
    alert(clone, active=False)
    clone.write(LONGER)
    assert "alerts" not in clone("push", code=0).requests, "pine.toml has to ask for it"
    file = clone.folder / "pine.toml"
    file.write_text(file.read_text("utf-8").replace("[workspace]", "[workspace]\nalerts = true"))
    clone.write(MERGED)
    ran = clone("push", code=0)
    assert ran.err == "  1 active alert on older versions\n"
    assert ran.requests[-1] == "alerts"
    clone.plan.add("alerts:*:html")
    clone.write(LONGER)
    assert "the alerts could not be listed" in clone("push", code=0).err
    clone.write(MERGED)
    assert clone("push", "--dry-run", code=0).err == ""


@pytest.mark.promise("S1")
def test_tradingview_alerts_have_their_own_origin(clone: World, tradingview: TradingView) -> None:
    file = clone.folder / "pine.toml"
    file.write_text(file.read_text("utf-8").replace('"sandbox"', '"tradingview"'))
    clone.monkeypatch.setenv("TRADINGVIEW_COOKIE", clone.user.cookie)
    alert(clone)
    assert "1 active" in clone("alerts", code=0).out
    facade, alerts = "pine-facade.tradingview.com:443", "pricealerts.tradingview.com:443"
    assert tradingview.contacted == [facade, alerts]
    clone("status", code=0)
    clone.write(LONGER)
    clone("push", code=0)
    assert tradingview.contacted.count(alerts) == 1
    assert set(tradingview.contacted) == {facade, alerts}
