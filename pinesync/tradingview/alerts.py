"""Reading the alerts of an account. Nothing here can change one."""

from __future__ import annotations

from dataclasses import replace

from pinesync.model import Alerts
from pinesync.protocol import BASE_URL
from pinesync.protocol.alerts import ALERTS_URL, alerts, list_alerts
from pinesync.tradingview.cookies import Secret, origin_of
from pinesync.tradingview.http import Session, Transport


class AlertsClient:
    """The alerts of the account that `secret` opens at the facade `base_url`. TradingView has them
    at an origin of its own, which is the second and last that its cookie may go to; another facade
    has them at its own origin."""

    def __init__(self, base_url: str, secret: Secret | None, transport: Transport) -> None:
        url = ALERTS_URL if base_url == BASE_URL else origin_of(base_url)
        if secret and secret.origin == origin_of(base_url):
            secret = replace(secret, origin=origin_of(url))
        self._session = Session(url, secret, transport)

    def close(self) -> None:
        self._session.close()

    def list_alerts(self) -> Alerts:
        """The alerts that the service lists, maybe not all."""
        return alerts(self._session.send(list_alerts()))
