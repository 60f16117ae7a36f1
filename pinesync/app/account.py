"""`login`, `logout`, `whoami`: sign in and out, and show the account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pinesync.app.credentials import Source, choose_sign_in, facade_url
from pinesync.app.project import (
    DEFAULT_REMOTE,
    Project,
    Setup,
    find_account,
    find_project,
    open_remote,
)
from pinesync.clock import now
from pinesync.errors import Misuse
from pinesync.model import Account
from pinesync.sync import guards
from pinesync.sync.engine.account import read_account

if TYPE_CHECKING:
    from pinesync.tradingview.signins import StoredSignIn


@dataclass(frozen=True, slots=True)
class Identity:
    """A working session. `account` is None if the account has no script that reveals it. `remote`
    is the address if PINESYNC_FACADE_URL sets one. `source` says where the cookie came from,
    `origin` the only place it is sent to. For a stored sign-in, `saved_at` is when `login` proved
    it, in epoch seconds, `age` the seconds since, and `kept_as` its name, if any."""

    account: str | None
    user_id: str
    remote: str
    source: Source
    scripts: int
    origin: str | None = None
    stored_in: Path | None = None
    in_keyring: bool = False
    kept_as: str | None = None
    saved_at: int | None = None
    age: int | None = None
    pinned: bool = False
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """`removed` lists the deleted files: sign-ins, and leftovers of a killed `login`."""

    removed: tuple[Path, ...]
    exit_code: int = 0


def login(setup: Setup, pasted: str, *, keyring: bool = False) -> Identity:
    """Prove the cookie, then store it, under the name given with --as if any. A workspace without
    an account is pinned to this one. Raises NoAccess if TradingView rejects the cookie; stored
    sign-ins are then unchanged."""
    from pinesync.tradingview import cookies, signins

    refuse_facade(setup)
    if not pasted.strip():
        raise Misuse(
            "no cookie was given",
            "paste it at the prompt or give its file: `pinesync login --cookie-file FILE`; in CI "
            "set TRADINGVIEW_COOKIE instead",
        )
    secret = cookies.parse(pasted)
    name = setup.sign_in_name or ""
    signins.path_of(setup.places.config, name)
    owner, scripts = _probe(replace(setup, cookie=pasted, sign_in_name=None), DEFAULT_REMOTE)
    project = _project_of_tradingview(setup)
    if owner and project:
        guards.refuse_other_account(project.settings.owner, owner)
    account = owner or Account("")
    stored = signins.store(
        setup.places.config, secret, account, now().wall, name=name, keyring=keyring
    )
    pinned = bool(owner and project and _pin(project, owner))
    return _identity(setup, DEFAULT_REMOTE, account, scripts, "stored", stored, pinned)


def from_firefox(setup: Setup, roots: Sequence[Path], profile: str) -> str:
    """The two session cookies from Firefox. An empty `profile` is the default profile."""
    from pinesync.tradingview.firefox import session_cookie

    refuse_facade(setup)
    return session_cookie(roots, profile, setup.places.config)


def logout(setup: Setup, *, everything: bool = False) -> LoggedOut:
    """Remove the stored sign-in (the one named by --as, if given) or all of them, and every cookie
    that a killed `login` left behind. The browser's session stays valid."""
    from pinesync.tradingview import signins
    from pinesync.tradingview.firefox import clear_copies

    folder = setup.places.config
    clear_copies(folder)
    left = signins.clear_leftovers(folder)
    names = signins.names(folder) if everything else (setup.sign_in_name or "",)
    gone = [signins.path_of(folder, name) for name in names if signins.forget(folder, name)]
    return LoggedOut((*gone, *left))


def whoami(setup: Setup, *, remote: str | None = None) -> Identity:
    """The session used here. Raises NotSignedIn, SessionExpired, BotCheck."""
    remote, project = find_account(setup, remote)
    owner, scripts = _probe(setup, remote, project)
    account = owner or Account("")
    if remote != DEFAULT_REMOTE:
        return _identity(setup, remote, account, scripts, "sandbox")
    used = choose_sign_in(setup, project.settings.owner if project else None)
    assert used is not None  # without a cookie the probe raises
    return _identity(setup, setup.facade_url or remote, account, scripts, used.source, used.stored)


def refuse_facade(setup: Setup) -> None:
    """Refuse other facades: sign-ins are stored only for TradingView."""
    if setup.facade_url:
        raise Misuse(
            "login is for TradingView, and PINESYNC_FACADE_URL names another facade",
            "unset it, or set PINESYNC_COOKIE for that facade",
        )


def _identity(
    setup: Setup,
    remote: str,
    account: Account,
    scripts: int,
    source: Source,
    stored: StoredSignIn | None = None,
    pinned: bool = False,
) -> Identity:
    from pinesync.tradingview.cookies import origin_of

    return Identity(
        account.name or None,
        account.user_id,
        remote,
        source,
        scripts,
        origin=None if source == "sandbox" else origin_of(facade_url(setup)).removesuffix(":443"),
        stored_in=stored.path if stored else None,
        in_keyring=stored is not None and stored.secret is None,
        kept_as=stored.name or None if stored else None,
        saved_at=stored.saved_at if stored else None,
        age=max(0, int(now().wall) - stored.saved_at) if stored else None,
        pinned=pinned,
    )


def _probe(setup: Setup, remote: str, project: Project | None = None) -> tuple[Account | None, int]:
    answer = read_account(
        open_remote(setup, remote, manifest=project.workspace.manifest if project else None),
        named=True,
    )
    return answer.account, len(answer.scripts)


def _project_of_tradingview(setup: Setup) -> Project | None:
    project = find_project(setup)
    return project if project and project.settings.remote == DEFAULT_REMOTE else None


def _pin(project: Project, account: Account) -> bool:
    """Pin the workspace to the account. Returns whether that changed anything."""
    before = project.settings
    if before.account is not None and (before.account_id or not account.user_id):
        return False
    with project.transaction("login"):
        project.workspace.manifest.commit({}, project.settings.pinned(account))
    return True
