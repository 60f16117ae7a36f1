"""`login`, `logout`, `whoami`: whose scripts these are, and how that is known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from pinesync.commands.project import DEFAULT_REMOTE, Setup, now, open_remote, project_here
from pinesync.errors import Misuse
from pinesync.model import Account
from pinesync.sync import guard
from pinesync.sync.execute.look import PUBLIC_ID

Source = Literal["sandbox", "PINESYNC_COOKIE", "TRADINGVIEW_COOKIE", "stored"]


@dataclass(frozen=True, slots=True)
class Identity:
    """A session that works. `account` is None where the account has no script to ask with;
    `remote` is the address where PINESYNC_FACADE_URL names one; `source` tells where the cookie
    came from."""

    account: str | None
    user_id: str
    remote: str
    source: Source
    scripts: int
    stored_in: Path | None = None
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class LoggedOut:
    was_stored: bool
    exit_code: int = 0


def login(setup: Setup, pasted: str) -> Identity:
    """Prove the cookie, then keep it. NoAccess where TradingView does not take it: nothing is
    stored then, and what was stored stays."""
    from pinesync.remote import credentials

    if setup.facade_url:
        raise Misuse(
            "login is for TradingView, and PINESYNC_FACADE_URL names another facade",
            "unset it, or set PINESYNC_COOKIE for that facade",
        )
    if not pasted.strip():
        raise Misuse(
            "no cookie was given",
            "paste it at the prompt, or name its file: `pinesync login --cookie-file FILE`",
        )
    secret = credentials.parse(pasted)
    account, scripts = _probe(replace(setup, cookie=pasted), DEFAULT_REMOTE)
    expected = _pinned(setup)
    if account:
        guard.refuse_other_account(expected, account)
    known = account or Account("")
    path = credentials.store(setup.places.config, secret, known, now().wall)
    return Identity(known.name or None, known.user_id, DEFAULT_REMOTE, "stored", scripts, path)


def logout(setup: Setup) -> LoggedOut:
    """Remove the stored cookie. The session itself lives on in the browser."""
    from pinesync.remote import credentials

    return LoggedOut(credentials.forget(setup.places.config))


def whoami(setup: Setup, *, remote: str | None = None) -> Identity:
    """Whose session is used here. NotSignedIn, SessionExpired, BotCheck otherwise."""
    if remote is None:
        project = project_here(setup)
        remote = project.settings.remote if project else DEFAULT_REMOTE
    account, scripts = _probe(setup, remote)
    known = account or Account("")
    source = _source(setup, remote)
    asked = setup.facade_url if source == "PINESYNC_COOKIE" and setup.facade_url else remote
    return Identity(known.name or None, known.user_id, asked, source, scripts)


def _probe(setup: Setup, remote: str) -> tuple[Account | None, int]:
    client = open_remote(setup, remote)
    listed = client.list_scripts()
    account = client.whoami(listed[0].pine_id if listed else PUBLIC_ID)
    return (account if listed else None), len(listed)


def _pinned(setup: Setup) -> Account | None:
    """The account of the workspace, if this is one of TradingView's."""
    project = project_here(setup)
    if project is None or project.settings.remote != DEFAULT_REMOTE:
        return None
    return project.scope().account


def _source(setup: Setup, remote: str) -> Source:
    if remote != DEFAULT_REMOTE:
        return "sandbox"
    if setup.facade_url:
        return "PINESYNC_COOKIE"
    return "TRADINGVIEW_COOKIE" if setup.cookie else "stored"
