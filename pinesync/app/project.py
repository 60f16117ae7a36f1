"""Wire everything together: turn the CLI's options into a workspace, a client and the engine's
tools.

Long because nothing else does this."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from pinesync.app.parallel import Pool, Progress, submit
from pinesync.app.paths import matching_paths, workspace_path
from pinesync.clock import now, wall
from pinesync.errors import ActionRequired, Misuse
from pinesync.model import RelPath
from pinesync.sync.ports import Manifest, Ports, Remote, Tools
from pinesync.sync.selection import is_named, path_of_script
from pinesync.text.filenames import SUFFIX, BadPath, check_path
from pinesync.workspace.files import Tree
from pinesync.workspace.manifest import Settings
from pinesync.workspace.manifest_file import LastRead, read_manifest
from pinesync.workspace.state import State
from pinesync.workspace.state.store import folder_name, new_key
from pinesync.workspace.workspace import Workspace, find_root

if TYPE_CHECKING:
    from pinesync.model import Diagnostic
    from pinesync.sandbox.adapter import WSGIAdapter
    from pinesync.sandbox.store import Store
    from pinesync.sync.engine.transaction import Transaction
    from pinesync.tradingview.alerts import AlertsClient
    from pinesync.tradingview.client import PineClient
    from pinesync.tradingview.cookies import Secret
    from pinesync.tradingview.http import Exchange, Transport

SETTLE_SECONDS = Tools.settle_seconds
PAUSES = Tools.pauses
DEFAULT_REMOTE = "tradingview"


@dataclass(frozen=True)
class Places:
    """The directories outside the workspaces."""

    config: Path
    state: Path
    sandboxes: Path


@dataclass(frozen=True)
class Setup:
    """All external input: the environment and the global options. `cookie` goes only to the real
    service, `facade_cookie` only to `facade_url`. `sign_in_name` is the stored sign-in to use."""

    cwd: Path
    places: Places
    sign_in_name: str | None = None
    cookie: str | None = field(default=None, repr=False)
    facade_url: str | None = None
    facade_cookie: str | None = field(default=None, repr=False)
    proxies: Mapping[str, str] = field(default_factory=dict)
    ca_bundle: str | None = None
    jobs: int = 4
    settle_seconds: float = SETTLE_SECONDS
    progress: Progress | None = None
    trace: Callable[[Exchange], None] | None = None
    """Called with every request once it was answered or failed."""
    timeout: float | None = None
    """The most seconds, in total, that reads wait when the service asks them to."""
    waits: Callable[[float], None] | None = None
    """Called with the seconds of each such wait."""
    before: Callable[[bool], None] | None = None
    """Called before every request with whether it writes. If it raises, the request is not
    sent."""


@dataclass(frozen=True)
class Project:
    """An open workspace, with its `client` if that is already open."""

    setup: Setup
    workspace: Workspace
    client: PineClient | None = field(default=None, repr=False)

    @property
    def settings(self) -> Settings:
        return self.workspace.manifest.settings()

    @cached_property
    def ports(self) -> Ports:
        """The engine's ports. The first request opens the client and signs in."""
        workspace = self.workspace
        # Not `self.remote`: the reference cycle would keep the workspace in memory until the next
        # garbage collection.
        return ports_of(self.setup, workspace, Project(self.setup, workspace, self.client).remote)

    def remote(self) -> PineClient:
        return self.client or open_remote(
            self.setup, self.settings.remote, manifest=self.workspace.manifest
        )

    def transaction(
        self, verb: str, *, online: bool = False
    ) -> AbstractContextManager[Transaction]:
        """See `sync.engine.transaction`."""
        from pinesync.sync.engine.transaction import transaction

        return transaction(self.ports, verb, online=online)

    def path(self, raw: str) -> RelPath:
        """The path of a file as typed by the user. Raises Misuse for a directory, and for a path
        outside the workspace."""
        path = self.inside(raw)
        if not raw.endswith(SUFFIX) and os.path.isdir(self.workspace.root / path):
            raise Misuse(
                f"{raw}: name the files; this command takes no folders",
                "`pinesync status` lists them",
            )
        try:
            return check_path(path)
        except BadPath as error:
            raise Misuse(
                f"{raw}: cannot be a script's file here: {error}",
                path_of_script(self.workspace.manifest.entries().values(), raw)
                or "name the file of a script; `pinesync status` lists them",
            ) from None

    def files(self, raw: str, among: Iterable[RelPath]) -> list[RelPath]:
        """The path of a file as typed by the user; for a directory, those of `among` in it."""
        inside = self.inside(raw)
        if raw.endswith(SUFFIX) or not os.path.isdir(self.workspace.root / inside):
            return [self.path(raw)]
        return [path for path in among if is_named(path, inside)]

    def inside(self, raw: str) -> str:
        """The path of a file or directory as typed by the user, relative to the workspace root; "."
        is the root."""
        return workspace_path(
            self.workspace.root, self.setup.cwd, raw, self.workspace.manifest.entries()
        )

    def patterns(self, raws: Sequence[str]) -> list[str]:
        """The same for several paths; directories end with a slash. A glob that the shell did not
        expand becomes the tracked files that match it."""
        return [pattern for raw in raws for pattern in self._patterns(self.inside(raw))]

    def _patterns(self, path: str) -> Sequence[str]:
        root, listed = self.workspace.root, self.workspace.manifest.entries()
        if path != "." and os.path.isdir(root / path):
            return [f"{path}/"]
        if path in listed or os.path.lexists(root / path):
            return [path]
        return matching_paths(path, listed) or [path]


def open_project(setup: Setup) -> Project:
    """The workspace that contains the current directory. Raises Misuse, ManifestError."""
    return project_at(setup, find_root(setup.cwd))


def find_project(setup: Setup) -> Project | None:
    """The same, or None outside a workspace. Raises ManifestError if pine.toml is unusable."""
    try:
        root = find_root(setup.cwd)
    except Misuse:
        return None
    return project_at(setup, root)


def find_account(setup: Setup, remote: str | None) -> tuple[str, Project | None]:
    """The remote of the account to use: `remote` if given, else that of the current workspace,
    which is then returned as well."""
    if remote is not None:
        return remote, None
    project = find_project(setup)
    return (project.settings.remote if project else DEFAULT_REMOTE), project


def project_at(setup: Setup, root: Path) -> Project:
    read = read_manifest(Tree(root))
    return Project(setup, workspace_at(setup, root, read[1].settings.id, read=LastRead(read)))


def reopen(setup: Setup, folder: Workspace) -> Project:
    """The same workspace with fresh state. pine.toml is parsed only if it changed since `folder`
    read it."""
    name = folder.manifest.settings().id
    return Project(setup, workspace_at(setup, folder.root, name, read=folder.manifest.known))


def workspace_at(
    setup: Setup,
    root: Path,
    workspace_id: str,
    final: Path | None = None,
    read: LastRead | None = None,
) -> Workspace:
    """The workspace at `root`. Its state belongs to `final`, the path it will move to. `read` is
    its pine.toml if that was read before."""
    state = State(setup.places.state / folder_name(workspace_id, final or root))
    return Workspace(Tree(root), state, wall, read)


def ports_of(setup: Setup, workspace: Workspace, connect: Callable[[], Remote]) -> Ports:
    """The engine's ports of a workspace and a service."""
    one = workspace
    known = replace(tools(setup), keeps_names=partial(_keeps_names, setup, one))
    return Ports(connect, one.manifest, one.tree, one.texts, one.log, known)


def tools(setup: Setup) -> Tools:
    def syntax(source: str) -> Sequence[Diagnostic]:
        from pinesync.text.pine_syntax import check

        return check(source)

    def merge(base: str, local: str, remote: str):  # type: ignore[no-untyped-def]
        from pinesync.git.merge import merge

        return merge(base, local, remote)

    return Tools(
        merge=merge,
        syntax=syntax,
        now=now,
        sleep=time.sleep,
        new_key=lambda: new_key(wall()),
        parallel=Pool(setup.jobs, setup.progress),
        submit=submit,
        settle_seconds=setup.settle_seconds,
        pauses=PAUSES,
    )


def _keeps_names(setup: Setup, workspace: Workspace) -> bool:
    from pinesync.app.probe.proofs import names_are_kept

    settings = workspace.manifest.settings()
    return names_are_kept(setup, settings.remote, settings.owner)


# -- the remote -----------------------------------------------------------------------------------


def open_remote(
    setup: Setup, remote: str, *, signed_in: bool = True, manifest: Manifest | None = None
) -> PineClient:
    """A client for `tradingview` or a sandbox, with the cookie of the account of `manifest`. With
    `signed_in` False it sends TradingView no cookie. Raises NotSignedIn if there is no cookie,
    ActionRequired if the sandbox never had any script of `manifest`."""
    from pinesync.tradingview.client import PineClient
    from pinesync.tradingview.http import Session

    base_url, secret, renew, transport = _connection(setup, remote, signed_in, manifest)
    return PineClient(Session(base_url, secret, transport), renew)


def open_alerts(project: Project) -> AlertsClient:
    """A client for the alerts of the workspace's account. Raises as `open_remote` does."""
    from pinesync.tradingview.alerts import AlertsClient

    workspace, remote = project.workspace, project.settings.remote
    base_url, secret, _, transport = _connection(project.setup, remote, True, workspace.manifest)
    return AlertsClient(base_url, secret, transport)


def _connection(
    setup: Setup, remote: str, signed_in: bool, manifest: Manifest | None
) -> tuple[str, Secret | None, str | None, Transport]:
    """The address, the cookie, the hint to renew it, and how requests are sent."""
    from pinesync.app.credentials import choose_sign_in, facade_url, not_signed_in
    from pinesync.tradingview.http import Transport

    sign_in = secret = adapter = None
    if remote != DEFAULT_REMOTE:
        base_url, secret, adapter = _sandbox(setup, remote, manifest)
    else:
        base_url = facade_url(setup)
        if signed_in:
            sign_in = choose_sign_in(setup, manifest.scope().account if manifest else None)
            if sign_in is None:
                raise not_signed_in(setup, manifest is not None)
            secret = sign_in.secret
    transport = Transport(
        adapter,
        setup.proxies,
        setup.ca_bundle,
        setup.jobs,
        trace=setup.trace,
        before=setup.before,
        timeout=setup.timeout,
        waits=setup.waits,
        awaiting=setup.progress.awaiting if setup.progress else nullcontext,
    )
    return base_url, secret, sign_in.renew_hint if sign_in else None, transport


def _sandbox(
    setup: Setup, remote: str, manifest: Manifest | None
) -> tuple[str, Secret, WSGIAdapter]:
    """The sandbox's address, its account's cookie, and an adapter that runs it in this process,
    without a port."""
    from pinesync.sandbox.account import USER_NAME
    from pinesync.sandbox.adapter import IN_PROCESS_URL, WSGIAdapter
    from pinesync.sandbox.app import SandboxApp
    from pinesync.tradingview import cookies

    if setup.sign_in_name:
        raise Misuse("--as names a sign-in for TradingView; a sandbox has one account")
    store = sandbox_store(setup, remote.partition(":")[2])
    entries = manifest.entries() if manifest else {}
    tracked = [entry.pine_id for entry in entries.values() if entry.pine_id]
    if tracked and not store.ever_had(tracked):
        raise ActionRequired(
            f"the sandbox of this workspace has none of its {len(tracked)} scripts",
            "it may be under another PINESYNC_HOME; see `pinesync sandbox path`",
        )
    secret = cookies.parse(store.ensure_user(USER_NAME).cookie, IN_PROCESS_URL)
    return IN_PROCESS_URL, secret, WSGIAdapter(SandboxApp(store))


def sandbox_store(setup: Setup, name: str) -> Store:
    """The store of a sandbox; an empty name is the default sandbox."""
    from pinesync.sandbox.account import DEFAULT_NAME, open_sandbox

    return open_sandbox(setup.places.sandboxes, name or DEFAULT_NAME, wall)
