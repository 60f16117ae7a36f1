"""Choose the cookie for a command: from the environment, or a sign-in stored by `login`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pinesync.errors import Misuse, NotSignedIn
from pinesync.model import Account
from pinesync.sync.guards import is_account

if TYPE_CHECKING:
    from pinesync.app.project import Setup
    from pinesync.tradingview.cookies import Secret
    from pinesync.tradingview.signins import StoredSignIn

Source = Literal["sandbox", "PINESYNC_COOKIE", "TRADINGVIEW_COOKIE", "stored"]


@dataclass(frozen=True, slots=True)
class SignIn:
    """A cookie and its source; `kept` if it is a sign-in stored on this machine."""

    secret: Secret
    source: Source
    kept: StoredSignIn | None = None

    @property
    def renew(self) -> str:
        """The hint for when the service rejects the cookie."""
        if self.kept is None:
            return f"set {self.source} to a fresh cookie from the browser"
        named = f" --as {self.kept.name}" if self.kept.name else ""
        return f"run `pinesync login{named}` with a fresh cookie from the browser"


def sign_in(setup: Setup, account: Account | None) -> SignIn | None:
    """The cookie for the facade in use, or None. A cookie of one facade never goes to another. In
    this order: --as, TRADINGVIEW_COOKIE, the stored sign-in of `account` (the workspace's owner),
    the stored sign-in without a name."""
    from pinesync.tradingview import cookies, signins

    if setup.facade_url:
        if setup.account:
            raise Misuse(
                "--as names a sign-in for TradingView, and PINESYNC_FACADE_URL another facade",
                "set PINESYNC_COOKIE for that facade",
            )
        if not setup.facade_cookie:
            return None
        with _variable("PINESYNC_COOKIE"):
            secret = cookies.parse(setup.facade_cookie, setup.facade_url)
        return SignIn(secret, "PINESYNC_COOKIE")
    if setup.account:
        named = signins.load(setup.places.config, setup.account)
        if named is None:
            raise _nothing_kept(setup, setup.account)
        return SignIn(signins.secret_of(named), "stored", named)
    if setup.cookie:
        with _variable("TRADINGVIEW_COOKIE"):
            return SignIn(cookies.parse(setup.cookie), "TRADINGVIEW_COOKIE")
    chosen = _kept_for(setup, account)
    return SignIn(signins.secret_of(chosen), "stored", chosen) if chosen else None


def _kept_for(setup: Setup, account: Account | None) -> StoredSignIn | None:
    from pinesync.tradingview import signins

    default = signins.load(setup.places.config)
    if account is None or (default and is_account(account, default.account)):
        return default
    for stored in signins.list_sign_ins(setup.places.config):
        if is_account(account, stored.account):
            return stored
    return default


def facade(setup: Setup) -> str:
    """The address of the facade. Raises Misuse for one that must never receive a cookie."""
    from pinesync.protocol import BASE_URL
    from pinesync.tradingview.cookies import origin_of

    if not setup.facade_url:
        return BASE_URL
    with _variable("PINESYNC_FACADE_URL"):
        origin_of(setup.facade_url)
    return setup.facade_url


@contextmanager
def _variable(name: str) -> Iterator[None]:
    """Name the environment variable in the error about its value."""
    try:
        yield
    except Misuse as error:
        raise Misuse(f"{name}: {error.message}", error.hint) from None


def _nothing_kept(setup: Setup, name: str) -> NotSignedIn:
    from pinesync.tradingview import signins

    names = ", ".join(
        stored.name for stored in signins.list_sign_ins(setup.places.config) if stored.name
    )
    return NotSignedIn(
        f"no sign-in is stored as {name}",
        f"run `pinesync login --as {name}`" + (f"; stored sign-ins: {names}" if names else ""),
    )


def not_signed_in(setup: Setup, in_workspace: bool) -> NotSignedIn:
    if setup.facade_url:
        return NotSignedIn(
            f"no cookie for {setup.facade_url}",
            "set PINESYNC_COOKIE; TRADINGVIEW_COOKIE and stored ones go to TradingView only",
        )
    from pinesync.tradingview import signins
    from pinesync.tradingview.cookies import HOW_TO_SIGN_IN

    named = ", ".join(
        stored.name for stored in signins.list_sign_ins(setup.places.config) if stored.name
    )
    if named:
        return NotSignedIn(
            "not signed in to TradingView without a name",
            f"name a sign-in with --as ({named}), or {HOW_TO_SIGN_IN}",
        )
    without = (
        "`pinesync status --offline` needs none" if in_workspace else "--sandbox needs no account"
    )
    return NotSignedIn("not signed in to TradingView", f"{HOW_TO_SIGN_IN}; {without}")
