"""`doctor`: whether everything is in order, here and on this machine, and what to do if not."""

from __future__ import annotations

from collections.abc import Iterator

from pinesync.commands import machine, upkeep
from pinesync.commands.account import whoami
from pinesync.commands.checkup import (
    Checkup,
    Finding,
    Said,
    Workspace,
    counted,
    look_at,
    note,
    ok,
    told,
    wrong,
)
from pinesync.commands.project import DEFAULT_REMOTE, Project, Setup, account_of, open_remote
from pinesync.commands.sandbox import location
from pinesync.errors import Misuse, NotSignedIn, PinesyncError, TryLater
from pinesync.model import Account
from pinesync.sync import guard
from pinesync.workspace.folder import find_root
from pinesync.workspace.manifest import Manifest


def doctor(setup: Setup, *, offline: bool = False) -> Checkup:
    """Look at everything, each area for itself: what is wrong with one hides no other. Changes
    nothing, and asks nobody with `offline`. No cookie and no source is in what it says."""
    here = _here(setup)
    versions = machine.versions()
    areas: dict[str, Iterator[Said]] = {
        "session": _session(setup, here, offline=offline),
        "sign-in": machine.sign_ins(setup.places.config),
        "clock": machine.clock(here if isinstance(here, Workspace) else None),
        "git": machine.git(here if isinstance(here, Workspace) else None),
    }
    if isinstance(here, Workspace):
        areas |= {
            "manifest": upkeep.manifest(here),
            "lock": upkeep.lock(here),
            "state": upkeep.state(here),
            "writes": upkeep.writes(here),
            "conflicts": upkeep.conflicts(here),
            "permissions": upkeep.permissions(here),
            "leftovers": upkeep.leftovers(here),
        }
    else:
        areas["manifest"] = iter([told(here, "note")])
    areas |= {"bugs": machine.bugs(setup.places.state), "versions": machine.packages(versions)}
    findings = [finding for area, said in areas.items() for finding in _findings(area, said)]
    return Checkup(tuple(findings), versions)


def _here(setup: Setup) -> Workspace | Misuse:
    try:
        root = find_root(setup.cwd)
    except Misuse as error:
        return error
    return look_at(setup, root)


def _findings(area: str, said: Iterator[Said]) -> Iterator[Finding]:
    """What a check says, up to its end or to the error that ends it."""
    try:
        for one in said:
            yield Finding(area, *one)
    except PinesyncError as error:
        yield Finding(area, *told(error))


def _session(setup: Setup, here: Workspace | Misuse, *, offline: bool) -> Iterator[Said]:
    """Whose session it is, and whether the workspace is that account's."""
    manifest = here.manifest if isinstance(here, Workspace) else None
    settings = manifest.settings if isinstance(manifest, Manifest) else None
    project = here.project if isinstance(here, Workspace) else None
    project = project if isinstance(project, Project) else None
    remote = settings.remote if settings else DEFAULT_REMOTE
    if remote != DEFAULT_REMOTE:
        sandbox = location(setup, remote.partition(":")[2])
        if not sandbox.exists:  # opening it would make it
            yield wrong(
                f"{sandbox.file}: the sandbox of this folder is not there",
                "it may lie below another PINESYNC_HOME; `pinesync sandbox path` tells this one",
            )
            return
    try:
        open_remote(setup, remote, project=project).close()
    except NotSignedIn as error:
        yield told(error, "wrong" if settings or setup.account else "note")
        return
    if offline:
        yield note("whether the session works was not asked", "leave out --offline to ask")
        return
    try:
        found = whoami(setup, remote=None if project else remote)
    except TryLater as error:
        hint = f"{error.hint}; --offline asks nobody" if error.hint else "--offline asks nobody"
        yield wrong(f"could not be asked: {error.message}", hint)
        return
    if settings and found.account:
        account = Account(found.account, found.user_id)
        guard.refuse_other_account(account_of(settings), account)
    whose = found.account or "an account without saved scripts"
    scripts = counted(found.scripts, "saved script")
    yield ok(f"{whose} on {found.remote}, {scripts}, cookie: {found.source}")
