"""Open a git remote of pinesync: its repository, its account and its state directory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pinesync.app.project import Setup, open_remote, tools, workspace_at
from pinesync.errors import ActionRequired, Misuse
from pinesync.git.committed import CommittedManifest, CommittedTree
from pinesync.git.refs.remote_branch import (
    RemoteRefs,
    Tip,
    advance_branch,
    inherited,
    read_tip,
    write_flag,
)
from pinesync.git.refs.saved_branch import find_fork
from pinesync.git.repo import Repository
from pinesync.model import Entry
from pinesync.sync.engine.transaction import Transaction, transaction
from pinesync.sync.ports import Ports
from pinesync.workspace.manifest import Settings

_ADDRESS = re.compile(r"(tradingview)(?:/(.+))?|(sandbox(?::[A-Za-z0-9_-]{1,40})?)")


@dataclass(frozen=True)
class GitRemote:
    """`remote` is the account's service as pine.toml names it; `root` the main work tree, or the
    git directory of a bare repository: its state is that of the workspace there."""

    setup: Setup
    remote: str
    refs: RemoteRefs
    repository: Repository
    root: Path

    def tip(self) -> Tip | None:
        """The last commit of the branch. Without one, HEAD's last commit in which every file is as
        its pine.toml says, if it is a workspace of this remote; else None."""
        at = self.repository.commit_of(self.refs.branch) or inherited(self.repository, self.refs)
        if at is not None:
            tip = read_tip(self.repository, at, self.refs)
            if tip.settings.remote != self.remote:
                raise ActionRequired(
                    f"{self.refs.branch} has the scripts of {tip.settings.remote}",
                    f"give {self.remote} a git remote of its own: `git remote add NAME "
                    f"pinesync::{self.remote}`",
                )
            return tip
        fork = find_fork(self.repository, ())
        if not (fork and fork.commit and fork.entries):
            return None
        tip = read_tip(self.repository, fork.commit, self.refs)
        return tip if tip.settings.remote == self.remote else None

    @contextmanager
    def transaction(
        self, settings: Settings, tip: Tip | None, commit: str | None, verb: str
    ) -> Iterator[Transaction]:
        """The engine's transaction over a commit, with the entries of `tip`. A flag that the
        engine sets goes on the branch as a commit."""

        def on_flag(entry: Entry) -> None:
            before = self.tip()
            if before:
                write_flag(self.repository, self.refs, before, entry)

        entries = tip.entries if tip else {}
        manifest = CommittedManifest(self.repository, commit, settings, entries, on_flag)
        folder = workspace_at(self.setup, self.root, settings.id)
        ports = Ports(
            lambda: open_remote(self.setup, self.remote, manifest=manifest if tip else None),
            manifest,
            CommittedTree(self.repository, commit),
            folder.texts,
            folder.log,
            tools(self.setup),
        )
        with transaction(ports, verb, online=True, finish=False) as tx:
            yield tx

    def move(self, commit: str, before: str | None) -> None:
        """Move the branch from `before` to `commit`. Raises FileError if it is not at `before`."""
        advance_branch(self.repository, self.refs, commit, before)


def open_git_remote(setup: Setup, name: str, address: str, git_dir: Path) -> GitRemote:
    """The remote called `name`, of an address without `pinesync::`. Raises Misuse for another
    address."""
    remote, account = parse_address(address)
    if account:
        setup = replace(setup, sign_in_name=account)
    main = _main_git_dir(git_dir)
    root = main.parent if main.name == ".git" else main
    repository = Repository(root if root != git_dir else git_dir.parent, b"", git_dir)
    # A submodule's git directory is outside of its work tree, and names it.
    if tree := repository.config_value("core.worktree"):
        root = (main / tree).resolve()
    return GitRemote(setup, remote, RemoteRefs(name), repository, root)


def parse_address(address: str) -> tuple[str, str | None]:
    """The remote and the sign-in that an address names. Raises Misuse if it is invalid."""
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise Misuse(
            f"pinesync::{address[:80]}: not an address",
            "there are pinesync::tradingview, pinesync::tradingview/ACCOUNT, pinesync::sandbox "
            "and pinesync::sandbox:NAME",
        )
    return match[1] or match[3], match[2]


def _main_git_dir(git_dir: Path) -> Path:
    """The git directory that all linked work trees share."""
    common = git_dir / "commondir"
    return (git_dir / common.read_text("utf-8").strip()).resolve() if common.exists() else git_dir
