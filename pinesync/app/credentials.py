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
    """A cookie and its source. `stored` is set if it comes from a sign-in on this machine."""

    secret: Secret
    source: Source
    stored: StoredSignIn | None = None

    @property
    def renew_hint(self) -> str:
        """The hint for when the service rejects the cookie."""
        if self.stored is None:
            return f"set {self.source} to a fresh cookie from the browser"
        option = f" --as {self.stored.name}" if self.stored.name else ""
        return f"run `pinesync login{option}` with a fresh cookie from the browser"


def choose_sign_in(setup: Setup, account: Account | None) -> SignIn | None:
    """The cookie for the facade in use, or None. No facade receives another's cookie.
    PINESYNC_FACADE_URL uses PINESYNC_COOKIE alone. TradingView uses the first of: --as,
    TRADINGVIEW_COOKIE, the stored sign-in of `account` (the workspace's owner), the unnamed stored
    sign-in."""
    from pinesync.tradingview import cookies, signins

    if setup.facade_url:
        if setup.sign_in_name:
            raise Misuse(
                "--as names a sign-in for TradingView, and PINESYNC_FACADE_URL another facade",
                "set PINESYNC_COOKIE for that facade",
            )
        if not setup.facade_cookie:
            return None
        with _variable("PINESYNC_COOKIE"):
            secret = cookies.parse(setup.facade_cookie, setup.facade_url)
        return SignIn(secret, "PINESYNC_COOKIE")
    if setup.sign_in_name:
        stored = signins.load(setup.places.config, setup.sign_in_name)
        if stored is None:
            raise _no_such_sign_in(setup, setup.sign_in_name)
        return SignIn(signins.secret_of(stored), "stored", stored)
    if setup.cookie:
        with _variable("TRADINGVIEW_COOKIE"):
            return SignIn(cookies.parse(setup.cookie), "TRADINGVIEW_COOKIE")
    stored = _stored_for(setup, account)
    return SignIn(signins.secret_of(stored), "stored", stored) if stored else None


def _stored_for(setup: Setup, account: Account | None) -> StoredSignIn | None:
    from pinesync.tradingview import signins

    default = signins.load(setup.places.config)
    if account is None or (default and is_account(account, default.account)):
        return default
    for stored in signins.list_sign_ins(setup.places.config):
        if is_account(account, stored.account):
            return stored
    return default


def facade_url(setup: Setup) -> str:
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


def _no_such_sign_in(setup: Setup, name: str) -> NotSignedIn:
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
            "set PINESYNC_COOKIE; TRADINGVIEW_COOKIE and stored sign-ins are sent to TradingView "
            "only",
        )
    from pinesync.tradingview import signins
    from pinesync.tradingview.cookies import HOW_TO_SIGN_IN

    names = ", ".join(
        stored.name for stored in signins.list_sign_ins(setup.places.config) if stored.name
    )
    if names:
        return NotSignedIn(
            "no default sign-in for TradingView",
            f"name a sign-in with --as ({names}), or {HOW_TO_SIGN_IN}",
        )
    without = (
        "`pinesync status --offline` needs no sign-in"
        if in_workspace
        else "--sandbox needs no account"
    )
    return NotSignedIn("not signed in to TradingView", f"{HOW_TO_SIGN_IN}; {without}")
