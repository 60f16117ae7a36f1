"""Alerts of the sandbox: those that `sandbox seed` makes, in the form that the service lists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pinesync.sandbox.store import Store, User

_MADE = (
    ("RSI Divergence", "2.0", 2, True),
    ("RSI Divergence", "4.0", 1, True),
    ("Donchian Breakout", "1.0", 1, False),
)
"""Script, version, how many alerts, and whether they are active."""
_SYMBOL = "OANDA:XAUUSD"


def fill_alerts(store: Store, user: User) -> None:
    """Make alerts on seeded scripts, one on a published script, and one on a price alone. An
    account that has alerts gets no more."""
    if not store.alerts(user):
        for number, study in enumerate(_studies(store, user), 1):
            store.add_alert(user, item(number, **study))


def item(
    number: int,
    *,
    pine_id: str,
    version: object,
    active: bool = True,
    symbol: str = _SYMBOL,
    web_hook: str | None = None,
) -> dict[str, Any]:
    """An alert as the service lists it. Without `pine_id` it is on a price."""
    study = {"type": "study", "pine_id": pine_id, "pine_version": version, "inputs": {"in_0": 14}}
    price = {"type": "barset"}
    return {
        "alert_id": number,
        "active": active,
        "symbol": symbol,
        "resolution": "60",
        "message": "{{ticker}}: secret of the sandbox",
        "web_hook": web_hook,
        "condition": {"type": "alert_cond", "series": [study, price] if pine_id else [price]},
    }


def _studies(store: Store, user: User) -> Iterator[dict[str, Any]]:
    for name, version, count, active in _MADE:
        if script := store.find(user, name):
            hook = "https://hooks.invalid/secret" if count > 1 else None
            study = {"pine_id": script.pine_id, "version": version, "active": active}
            yield from [{**study, "web_hook": hook}] * count
    yield {"pine_id": "PUB;" + "0" * 32, "version": "3.0"}
    yield {"pine_id": "", "version": None}
