"""The one place that wires things together: from what the CLI was told to a workspace, a client
and the engine's tools."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pinesync.errors import Misuse, NotSignedIn
from pinesync.model import Account, RelPath
from pinesync.naming import BadPath, check_path
from pinesync.sync.execute.look import Scope
from pinesync.sync.ports import Ports, Tools
from pinesync.sync.records import Now
from pinesync.sync.report import Outcome
from pinesync.wire import BASE_URL
from pinesync.workspace.files import Tree
from pinesync.workspace.folder import WorkspaceFolder, find_root, new_key
from pinesync.workspace.manifest import Settings
from pinesync.workspace.state import State, folder_name

if TYPE_CHECKING:
    from pinesync.remote.client import PineClient
    from pinesync.remote.credentials import Secret
    from pinesync.sandbox.store import Store

T = TypeVar("T")
R = TypeVar("R")

SETTLE_SECONDS = 180.0
DEFAULT_REMOTE = "tradingview"


@dataclass(frozen=True, slots=True)
class Places:
    """Where things are kept outside of workspaces."""

    config: Path
    state: Path
    sandboxes: Path


@dataclass(frozen=True, slots=True)
class Setup:
    """Everything that comes from outside: the environment and the options of every verb.
    `cookie` belongs to the real service alone, `facade_cookie` to `facade_url` alone."""

    cwd: Path
    places: Places
    cookie: str | None = field(default=None, repr=False)
    facade_url: str | None = None
    facade_cookie: str | None = field(default=None, repr=False)
    proxies: Mapping[str, str] = field(default_factory=dict)
    ca_bundle: str | None = None
    jobs: int = 4
    settle_seconds: float = SETTLE_SECONDS
    progress: Callable[[int, int], None] | None = None
    """Told how many of how many reads are done."""


@dataclass(frozen=True, slots=True)
class Project:
    """An open workspace."""

    setup: Setup
    folder: WorkspaceFolder

    @property
    def settings(self) -> Settings:
        return self.folder.settings()

    def scope(self) -> Scope:
        settings = self.settings
        return Scope(account_of(settings), settings.track == "all", settings.folders)

    def ports(self) -> Ports:
        """The engine's ports, with a client that is signed in."""
        return Ports(self.remote(), self.folder, self.tools())

    def remote(self, *, signed_in: bool = True) -> PineClient:
        return open_remote(self.setup, self.settings.remote, signed_in=signed_in)

    def tools(self) -> Tools:
        return tools(self.setup, self.settings.account or "")

    def path(self, raw: str) -> RelPath:
        """A path as a person types it, relative to where they are. Misuse outside the folder."""
        inside = self.inside(raw)
        try:
            return check_path(inside)
        except BadPath as error:
            raise Misuse(f"{raw}: cannot be a script's file here: {error}") from None

    def inside(self, raw: str) -> str:
        """A file or folder that a person names, relative to the workspace; "." for all of it."""
        # Not resolved: a link in the folder is named as itself, and refused where it is opened.
        typed = self.setup.cwd / raw
        absolute = Path(*_normal(typed.parts))
        try:
            return absolute.relative_to(self.folder.root).as_posix()
        except ValueError:
            raise Misuse(f"{raw}: outside of the pinesync folder {self.folder.root}") from None

    def patterns(self, raws: Sequence[str]) -> list[str]:
        return [self.inside(raw) for raw in raws]

    @contextmanager
    def writing(self) -> Iterator[tuple[Outcome, ...]]:
        """This process is the only one that writes in the workspace. Files that an earlier run
        was exchanging are finished first; what that did is given."""
        from pinesync.sync.execute.settle import settle_files
        from pinesync.workspace.lock import writing

        with writing(self.folder.state.folder):
            yield settle_files(self.folder)


def open_project(setup: Setup) -> Project:
    """The workspace that the current directory lies in. Misuse, ManifestError otherwise."""
    return project_at(setup, find_root(setup.cwd))


def project_at(setup: Setup, root: Path) -> Project:
    tree = Tree(root)
    from pinesync.workspace import manifest

    data = tree.read("pine.toml")
    held = manifest.parse((data or b"").decode("utf-8", "surrogateescape"))
    return Project(setup, folder_at(setup, root, held.settings.id))


def folder_at(
    setup: Setup, root: Path, workspace_id: str, final: Path | None = None
) -> WorkspaceFolder:
    """The workspace at `root`, whose state belongs to the place `final` (where it will be)."""
    state = State(setup.places.state / folder_name(workspace_id, final or root))
    return WorkspaceFolder(Tree(root), state, time.time)


def account_of(settings: Settings) -> Account | None:
    if settings.account is None:
        return None
    return Account(settings.account, settings.account_id or "")


def tools(setup: Setup, account: str = "") -> Tools:
    from pinesync import syntax

    def merge(base: str, local: str, remote: str):  # type: ignore[no-untyped-def]
        from pinesync.workspace import git

        return git.merge(base, local, remote)

    return Tools(
        merge=merge,
        syntax=syntax.check,
        now=now,
        sleep=time.sleep,
        new_key=lambda: new_key(time.time()),
        each=Pool(setup.jobs, setup.progress),
        settle_seconds=setup.settle_seconds,
        account=account,
    )


class Pool:
    """Runs reads several at a time. The first error stops what has not begun, and is raised; an
    interrupt waits for nobody, however long an answer takes."""

    def __init__(self, jobs: int, progress: Callable[[int, int], None] | None = None) -> None:
        self._jobs = jobs
        self._progress = progress

    def __call__(self, act: Callable[[T], R], items: Sequence[T]) -> list[R]:
        if len(items) < 2 or self._jobs < 2:
            return [act(item) for item in items]
        from queue import SimpleQueue
        from threading import Thread

        waiting = deque(enumerate(items))
        ended: SimpleQueue[tuple[int, list[R], BaseException | None]] = SimpleQueue()

        def work() -> None:
            while waiting:
                try:
                    number, item = waiting.popleft()
                except IndexError:
                    return
                try:
                    ended.put((number, [act(item)], None))
                except BaseException as error:  # noqa: BLE001 - raised where it is waited for
                    ended.put((number, [], error))

        # Not an executor: its threads are waited for at exit, and a read may take minutes.
        threads = [Thread(target=work, daemon=True) for _ in range(min(self._jobs, len(items)))]
        for thread in threads:
            thread.start()
        results: dict[int, R] = {}
        try:
            for done in range(1, len(items) + 1):
                number, result, error = ended.get()
                if error:
                    raise error
                results[number] = result[0]
                if self._progress:
                    self._progress(done, len(items))
        except Exception:
            waiting.clear()
            for thread in threads:
                thread.join()
            raise
        finally:
            waiting.clear()
        return [results[number] for number in range(len(items))]


def now() -> Now:
    """The clocks. Linux tells the boot; elsewhere the wait for a lost save is only longer."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    try:
        boot_id = boot.read_text("ascii").strip()
    except OSError:
        boot_id = ""
    mono = time.clock_gettime(time.CLOCK_BOOTTIME) if boot_id else time.monotonic()
    return Now(time.time(), mono, boot_id)


# -- the remote -----------------------------------------------------------------------------------


def open_remote(setup: Setup, remote: str, *, signed_in: bool = True) -> PineClient:
    """A client for `tradingview` or a sandbox. NotSignedIn where that needs a cookie and there is
    none; with `signed_in` False a cookie is used only if there is one."""
    from pinesync.remote.client import PineClient
    from pinesync.remote.session import Session, Transport

    if remote != DEFAULT_REMOTE:
        return _open_sandbox(setup, remote)
    base_url = setup.facade_url or BASE_URL
    secret = secret_for(setup)
    if secret is None and signed_in:
        raise _not_signed_in(setup)
    transport = Transport(proxies=setup.proxies, ca_bundle=setup.ca_bundle, jobs=setup.jobs)
    return PineClient(Session(base_url, secret, transport))


def secret_for(setup: Setup) -> Secret | None:
    """The cookie for the facade that is asked: what belongs to one never goes to another."""
    from pinesync.remote import credentials

    if setup.facade_url:
        if setup.facade_cookie:
            return credentials.parse(setup.facade_cookie, setup.facade_url)
        return None
    if setup.cookie:
        return credentials.parse(setup.cookie)
    stored = credentials.load(setup.places.config)
    return stored.secret if stored else None


def _not_signed_in(setup: Setup) -> NotSignedIn:
    if setup.facade_url:
        return NotSignedIn(
            f"no cookie for {setup.facade_url}",
            "set PINESYNC_COOKIE; TRADINGVIEW_COOKIE and stored ones go to TradingView only",
        )
    from pinesync.remote.credentials import HOW_TO_SIGN_IN

    return NotSignedIn("not signed in to TradingView", HOW_TO_SIGN_IN)


def _open_sandbox(setup: Setup, remote: str) -> PineClient:
    """A client that reaches the sandbox in this process: no port, no account."""
    from pinesync.remote import credentials
    from pinesync.remote.client import PineClient
    from pinesync.remote.session import Session, Transport
    from pinesync.sandbox.account import USER_NAME
    from pinesync.sandbox.adapter import IN_PROCESS_URL, WSGIAdapter
    from pinesync.sandbox.app import SandboxApp

    store = sandbox_store(setup, remote.partition(":")[2])
    secret = credentials.parse(store.ensure_user(USER_NAME).cookie, IN_PROCESS_URL)
    transport = Transport(adapter=WSGIAdapter(SandboxApp(store)))
    return PineClient(Session(IN_PROCESS_URL, secret, transport))


def sandbox_store(setup: Setup, name: str) -> Store:
    """The store of a sandbox; the default one for an empty name."""
    from pinesync.sandbox.account import DEFAULT_NAME, open_sandbox

    return open_sandbox(setup.places.sandboxes, name or DEFAULT_NAME, time.time)


def _normal(parts: tuple[str, ...]) -> list[str]:
    """The parts with `.` and `..` worked in, without looking at the disk."""
    normal: list[str] = []
    for part in parts:
        if part == ".." and len(normal) > 1:
            normal.pop()
        elif part not in (".", ".."):
            normal.append(part)
    return normal
