"""The options that every verb takes, before or after its name, and the settings they lead to."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pinesync.errors import FileError

if TYPE_CHECKING:
    from pinesync.app.project import Places, Setup

F = TypeVar("F", bound=Callable[..., Any])

COOKIES = ("TRADINGVIEW_COOKIE", "PINESYNC_COOKIE")


@dataclass(frozen=True)
class Shared:
    """The shared options. `cookies` maps environment variable names to their cookies. `ends` holds
    the exit code once it is known, which is before the whole result is printed."""

    json: bool = False
    directory: str | None = None
    color: str = "auto"
    verbose: int = 0
    account: str | None = None
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    ends: list[int] = field(default_factory=list, repr=False)

    @property
    def colored(self) -> bool:
        """Whether to color standard output."""
        if self.color != "auto":
            return self.color == "always"
        plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        return sys.stdout.isatty() and not plain


class SharedOption(click.Option):
    """An option that only the help of `pinesync` itself lists."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        return None if ctx.parent else super().get_help_record(ctx)


_option = partial(click.option, cls=SharedOption)


def shared(function: F) -> F:
    """Add --json, -C, --as, --color and -v to a command. The function does not get them as
    arguments: `current()` returns them."""

    @_option("--json", "json_", is_flag=True, help="One JSON object on standard output.")
    @_option("-C", "start_in", metavar="DIR", help="Run as if started in DIR.")
    @_option("--as", "account", metavar="NAME", help="Use the sign-in stored as NAME.")
    @_option("--color", type=click.Choice(["auto", "always", "never"]), help="When to colour.")
    @_option("-v", "--verbose", count=True, help="Print more; -vv prints every request.")
    @wraps(function)
    def wrapper(
        *args: Any,
        json_: bool,
        start_in: str | None,
        account: str | None,
        color: str | None,
        verbose: int,
        **kwargs: Any,
    ) -> Any:
        context = click.get_current_context()
        before: Shared = context.obj or Shared()
        directory = before.directory
        if start_in is not None:
            directory = os.path.join(directory or "", start_in)
        context.obj = replace(
            before,
            json=before.json or json_,
            directory=directory,
            color=color or before.color,
            verbose=before.verbose + verbose,
            account=account or before.account,
        )
        context.find_root().obj = context.obj
        return function(*args, **kwargs)

    return wrapper  # type: ignore[return-value]


@contextmanager
def hidden_cookies() -> Iterator[Shared]:
    """Remove the cookies from the environment, so that no child process inherits them: neither git
    nor what git runs."""
    cookies = {name: os.environ.pop(name) for name in COOKIES if name in os.environ}
    try:
        yield Shared(cookies=cookies)
    finally:
        os.environ.update(cookies)


@contextmanager
def searched_path() -> Iterator[None]:
    """Remove PATH entries that mean the current directory, such as an empty one. Otherwise we, git,
    a hook or a pager could run a program from the directory we were started in."""
    before = os.environ.get("PATH")
    if before is None:
        yield
        return
    absolute = [entry for entry in before.split(os.pathsep) if os.path.isabs(entry)]
    # An empty PATH means the current directory as well. Without PATH, the system's default applies.
    os.environ["PATH"] = os.pathsep.join(absolute or os.defpath.split(os.pathsep))
    try:
        yield
    finally:
        os.environ["PATH"] = before


def command_words(command: str, *, windows: bool = os.name == "nt") -> list[str]:
    """The words of a command, which no shell parses. Raises ValueError for an open quote. On
    Windows a backslash is part of a path."""
    from shlex import shlex

    lexer = shlex(command, posix=True, punctuation_chars=False)
    lexer.whitespace_split, lexer.commenters = True, ""
    if windows:
        lexer.escape = ""
    return list(lexer)


def may_ask() -> bool:
    """Whether somebody can answer a question. Never in CI, even if it has a terminal."""
    return sys.stdin.isatty() and not os.environ.get("CI")


def current() -> Shared:
    """The shared options of the running command."""
    context = click.get_current_context(silent=True)
    shared = context.find_root().obj if context else None
    return shared if isinstance(shared, Shared) else Shared()


jobs = click.option(
    "--jobs",
    type=click.IntRange(1, 16),
    metavar="N",
    default=4,
    show_default=True,
    help="Reads at a time, 16 at most.",
)

timeout = click.option(
    "--timeout",
    type=click.IntRange(0, 86400),
    metavar="SECONDS",
    default=600,
    show_default=True,
    help="Wait at most SECONDS in total when TradingView limits requests.",
)

commit = click.option(
    "--commit/--no-commit",
    default=None,
    help="Commit the changes. Default: git config pinesync.commit.",
)


def remote_options(function: F) -> F:
    """Add --remote and --sandbox. The function gets `remote`, None if neither was given."""

    @click.option("--remote", metavar="NAME", help="tradingview, sandbox or sandbox:NAME.")
    @click.option("--sandbox", is_flag=True, help="Short for --remote sandbox.")
    @wraps(function)
    def wrapper(*args: Any, remote: str | None, sandbox: bool, **kwargs: Any) -> Any:
        if sandbox and remote not in (None, "sandbox"):
            raise click.UsageError("--sandbox and --remote name two places.")
        chosen = "sandbox" if sandbox else remote
        if chosen is not None:
            _check_remote(chosen)
        return function(*args, remote=chosen, **kwargs)

    return wrapper  # type: ignore[return-value]


def _check_remote(name: str) -> None:
    import re

    if not re.fullmatch(r"tradingview|sandbox|sandbox:[A-Za-z0-9_-]{1,40}", name):
        raise click.UsageError(
            f"no remote called {name[:60]!r}: there are tradingview, sandbox and sandbox:NAME."
        )


def build_setup(
    *, jobs: int = 4, timeout: float | None = None, shared: Shared | None = None
) -> Setup:
    """The environment and the shared options, as one value for commands. Without a command, the
    options are `shared`."""
    from pinesync.app.project import SETTLE_SECONDS, Setup
    from pinesync.cli.progress import print_exchange, progress, show_wait

    shared = shared or current()
    return Setup(
        cwd=_cwd(shared.directory),
        places=_usable(places()),
        sign_in_name=shared.account,
        cookie=shared.cookies.get("TRADINGVIEW_COOKIE") or None,
        facade_url=os.environ.get("PINESYNC_FACADE_URL") or None,
        facade_cookie=shared.cookies.get("PINESYNC_COOKIE") or None,
        proxies=_proxies(),
        ca_bundle=os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE") or None,
        jobs=jobs,
        settle_seconds=_seconds("PINESYNC_SETTLE_SECONDS", SETTLE_SECONDS),
        trace=print_exchange if shared.verbose > 1 else None,
        timeout=timeout,
        waits=show_wait,
        progress=progress(),
    )


def places() -> Places:
    """The user's folders for configuration, state and sandboxes; all below PINESYNC_HOME if that is
    set."""
    from pinesync.app.project import Places

    home = os.environ.get("PINESYNC_HOME")
    if home:
        root = Path(home).absolute()
        return Places(root / "config", root / "state", root / "sandbox")
    import platformdirs

    return Places(
        Path(platformdirs.user_config_dir("pinesync", appauthor=False)),
        Path(platformdirs.user_state_dir("pinesync", appauthor=False)),
        Path(platformdirs.user_data_dir("pinesync", appauthor=False)) / "sandbox",
    )


def _usable(places: Places) -> Places:
    """The same folders. Raises FileError if one is a file or cannot be accessed."""
    for place in (places.config, places.state, places.sandboxes):
        existing = next(p for p in (place, *place.parents) if os.path.lexists(p))
        if not os.access(existing, os.X_OK) or not existing.is_dir():
            raise FileError(
                f"{existing}: cannot hold pinesync's own files: not an accessible folder",
                "set PINESYNC_HOME to a writable folder",
            )
    return places


def _cwd(directory: str | None) -> Path:
    try:
        current_dir = Path.cwd()
    except FileNotFoundError:
        raise click.UsageError("the current directory does not exist any more.") from None
    if directory is None:
        return current_dir
    chosen = current_dir / directory
    if not chosen.is_dir():
        raise click.UsageError(f"-C {directory}: no such folder.")
    return Path(os.path.normpath(chosen))


def _proxies() -> dict[str, str]:
    """The proxy that the environment names for TradingView. .netrc is never read."""
    bypass = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    skipped = {part.strip().lstrip(".") for part in bypass.split(",")}
    if skipped & {"*", "tradingview.com", "pine-facade.tradingview.com"}:
        return {}
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        if value := os.environ.get(name):
            return {"https": value}
    return {}


def _seconds(name: str, default: float) -> float:
    raw = os.environ.get(name)
    if not raw:
        return default
    try:
        seconds = float(raw)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 86400:
        raise click.UsageError(f"{name}={raw[:40]}: not a number of seconds.")
    return seconds
