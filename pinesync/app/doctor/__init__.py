"""`doctor`: check the workspace and this machine, and say how to fix what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from pinesync.app.account import whoami
from pinesync.app.doctor import machine, upkeep
from pinesync.app.doctor.checkup import (
    CheckResult,
    Checkup,
    Finding,
    Unusable,
    from_error,
    note,
    ok,
    wrong,
)
from pinesync.app.doctor.parts import WorkspaceCheck
from pinesync.app.project import DEFAULT_REMOTE, Setup, open_remote
from pinesync.app.sandbox import location
from pinesync.errors import Misuse, NotSignedIn, PinesyncError, TryLater
from pinesync.model import Account
from pinesync.sync import guards
from pinesync.text.plural import pluralize
from pinesync.workspace.files import MANIFEST
from pinesync.workspace.manifest import Settings
from pinesync.workspace.workspace import find_root

_ELSEWHERE = {
    "manifest": (f"not checked, because {MANIFEST} is not valid", f"fix {MANIFEST} first"),
    "state": ("not checked, because the state directory cannot be used", "fix `state` first"),
    "records": ("unknown, because records are damaged", "fix `state` first"),
}
"""The finding of an area that depends on a part another area reports as unusable."""


def doctor(setup: Setup, *, offline: bool = False) -> Checkup:
    """Check every area independently: a problem in one hides no other. Changes nothing, and with
    `offline` sends no request. The findings contain no cookie and no source text."""
    here = None
    nowhere: Sequence[CheckResult] = ()
    try:
        here = WorkspaceCheck(setup, find_root(setup.cwd))
    except Misuse as error:
        nowhere = [from_error(error, "note")]
    versions = machine.versions()
    areas: dict[str, Iterable[CheckResult]] = {
        "session": _session(setup, here, offline=offline),
        "sign-in": machine.sign_ins(setup.places.config),
        "probe": machine.probes(setup, _settings(here)),
        "clock": machine.clock(here),
        "git": machine.git(here),
        "manifest": upkeep.manifest(here) if here else nowhere,
    }
    if here:
        areas |= {
            "lock": upkeep.lock(here),
            "state": upkeep.state(here),
            "writes": upkeep.writes(here),
            "conflicts": upkeep.conflicts(here),
            "permissions": upkeep.permissions(here),
            "leftovers": upkeep.leftovers(here),
        }
    areas |= {"bugs": machine.bugs(setup.places.state), "versions": machine.packages(versions)}
    findings = [finding for area, results in areas.items() for finding in _findings(area, results)]
    return Checkup(tuple(findings), versions)


def _settings(here: WorkspaceCheck | None) -> Settings | None:
    """None outside a workspace, and where pine.toml cannot be used."""
    with suppress(Unusable):
        return here.manifest.settings if here else None
    return None


def _findings(area: str, results: Iterable[CheckResult]) -> Iterator[Finding]:
    """The findings of a check. An error that ends the check becomes its last finding."""
    try:
        for result in results:
            yield Finding(area, *result)
    except PinesyncError as error:
        if isinstance(error, Unusable) and error.area != area:
            yield Finding(area, *note(*_ELSEWHERE[error.area]))
        else:
            yield Finding(area, *from_error(error))


def _session(setup: Setup, here: WorkspaceCheck | None, *, offline: bool) -> Iterator[CheckResult]:
    """Whose session it is, and whether the workspace belongs to that account."""
    settings = project = None
    if here:
        with suppress(Unusable):
            settings = here.manifest.settings
            project = here.project
    remote = settings.remote if settings else DEFAULT_REMOTE
    if remote != DEFAULT_REMOTE:
        sandbox = location(setup, remote.partition(":")[2])
        if not sandbox.exists:  # opening the sandbox would create it
            yield wrong(
                f"{sandbox.file}: the sandbox of this workspace does not exist",
                "it may be under another PINESYNC_HOME; see `pinesync sandbox path`",
            )
            return
    try:
        open_remote(setup, remote, manifest=project.workspace.manifest if project else None).close()
    except NotSignedIn as error:
        yield from_error(error, "wrong" if settings or setup.sign_in_name else "note")
        return
    if offline:
        yield note("the session was not checked", "leave out --offline to check it")
        return
    try:
        identity = whoami(setup, remote=None if project else remote)
    except TryLater as error:
        hint = f"{error.hint}; --offline skips this" if error.hint else "--offline skips this"
        yield wrong(f"could not be checked: {error.message}", hint)
        return
    if settings and identity.account:
        account = Account(identity.account, identity.user_id)
        guards.refuse_other_account(settings.owner, account)
    owner = identity.account or "an account without saved scripts"
    scripts = pluralize(identity.scripts, "saved script")
    yield ok(f"{owner} on {identity.remote}, {scripts}, cookie: {identity.source}")
