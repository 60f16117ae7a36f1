"""`clone`: a new folder with the saved scripts of an account."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path

from pinesync.commands.project import (
    DEFAULT_REMOTE,
    Setup,
    folder_at,
    open_remote,
    tools,
)
from pinesync.errors import Misuse
from pinesync.model import ScriptInfo
from pinesync.naming import shown
from pinesync.sync.execute.look import PUBLIC_ID
from pinesync.sync.execute.pull import fill
from pinesync.sync.plan import Situation, Snapshot, survey
from pinesync.sync.ports import Ports
from pinesync.sync.report import Outcome, Report
from pinesync.workspace.files import building, is_free
from pinesync.workspace.manifest import Manifest, Settings, dump_new


@dataclass(frozen=True, slots=True)
class Cloned:
    """The new folder, and what came into it."""

    folder: Path
    remote: str
    account: str | None
    outcomes: tuple[Outcome, ...]

    @property
    def exit_code(self) -> int:
        return Report(self.outcomes).exit_code


def clone(
    setup: Setup, directory: str, *, remote: str = DEFAULT_REMOTE, only: Sequence[str] = ()
) -> Cloned:
    """Make `directory` a workspace with all saved scripts, or those that `only` names. It is built
    beside its place and put there when it is whole."""
    target = (setup.cwd / directory).absolute()
    if not is_free(target):
        raise Misuse(
            f"{directory}: there is something in it already",
            "name a new folder; `pinesync init --link` makes a workspace of a folder with files",
        )
    settings = new_settings(remote)
    client = open_remote(setup, remote)
    listed = client.list_scripts()
    account = client.whoami(listed[0].pine_id if listed else PUBLIC_ID)
    if listed:
        settings = replace(settings, account=account.name, account_id=account.user_id or None)
    if only:
        settings = replace(settings, track="listed")
        listed = _only(listed, only)
    with building(target) as place:
        folder = folder_at(setup, place, settings.id, target)
        folder.tree.write_manifest(dump_new(Manifest(settings)).encode(), None, "clone")
        ports = Ports(client, folder, tools(setup, account.name))
        outcomes = fill(ports, _situations(listed, settings))
    return Cloned(target, remote, settings.account, outcomes)


def new_settings(remote: str) -> Settings:
    return Settings(id=uuid.uuid4().hex, remote=remote)


def _situations(listed: Sequence[ScriptInfo], settings: Settings) -> tuple[Situation, ...]:
    snapshot = Snapshot({}, {}, {i.pine_id: i for i in listed}, folders=settings.folders)
    return survey(snapshot)


def _only(listed: Sequence[ScriptInfo], patterns: Sequence[str]) -> tuple[ScriptInfo, ...]:
    kept = tuple(i for i in listed if any(fnmatch(shown(i.name), p) for p in patterns))
    if not kept:
        raise Misuse(
            f"no saved script is called {' or '.join(patterns)}",
            "`pinesync list` shows the names; quote a pattern with * for the shell",
        )
    return kept
