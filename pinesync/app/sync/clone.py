"""`clone`: make a new workspace with the saved scripts of an account."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from pinesync.app.parallel import submit
from pinesync.app.project import (
    DEFAULT_REMOTE,
    Setup,
    open_remote,
    ports_of,
    workspace_at,
)
from pinesync.errors import Locked, Misuse, NoAccess, TryLater, gravest
from pinesync.model import Account, ScriptInfo
from pinesync.sync.engine.account import read_account
from pinesync.sync.outcome import Imported, Outcome, Run
from pinesync.sync.planner import ScriptState, Snapshot, survey
from pinesync.text.filenames import unescape_name
from pinesync.workspace.files import MANIFEST, is_free, make_file
from pinesync.workspace.files.new_workspace import staged_folder
from pinesync.workspace.manifest import Manifest, Settings, dump_new
from pinesync.workspace.state.clone_note import CloneNote, clear_dead, clone_in_progress, id_before


@dataclass(frozen=True, slots=True)
class Cloned:
    """The new workspace, the scripts downloaded, and with `--history` the commits made."""

    folder: Path
    remote: str
    account: str | None
    outcomes: tuple[Outcome, ...]
    history: Imported | None = None

    @property
    def exit_code(self) -> int:
        imported = self.history.exit_code if self.history else 0
        return gravest(Run(self.outcomes).exit_code, imported)


def clone(
    setup: Setup,
    directory: str,
    *,
    remote: str = DEFAULT_REMOTE,
    only: Sequence[str] = (),
    history: bool = False,
) -> Cloned:
    """Make `directory` a workspace with all saved scripts, or only those in `only`. The workspace
    is built in a temporary directory and moved into place when complete. Downloaded texts are kept,
    so that another clone to the same path resumes. With `history` it is a git repository whose
    first branch has a commit for each saved version."""
    target = (setup.cwd / directory).absolute()
    clear_dead(setup.places.state)
    if os.path.lexists(target / MANIFEST):
        raise Misuse(
            f"{directory}: already a workspace",
            "there, `pinesync pull` gets what is new and `pinesync restore .` what is missing",
        )
    if not is_free(target):
        raise Misuse(
            f"{directory}: the folder is not empty",
            "name a new folder; `pinesync init --link` turns a folder with files into a workspace",
        )
    if history:
        from pinesync.git.status import version

        version()  # raises if git is missing, before anything is downloaded
    settings = new_settings(remote)
    client = open_remote(setup, remote)
    listing = submit(lambda: read_account(client, named=True))
    # Imported while the list request runs.
    from pinesync.sync.engine.download import write_new_workspace

    account_state = listing()
    listed = tuple(account_state.scripts.values())
    account = account_state.account or Account("")
    if account_state.account:
        settings = settings.pinned(account_state.account)
    if history and listed:
        settings = replace(settings, id=workspace_id(account, remote))
    if only:
        settings = replace(settings, track="listed")
        listed = _only(listed, only)
    begun = CloneNote(
        settings.id, str(target), remote, account.name, account.user_id, history and bool(listed)
    )
    settings = replace(settings, id=id_before(setup.places.state, begun) or settings.id)
    begun = replace(begun, id=settings.id)
    state = workspace_at(setup, target, settings.id).state
    with (
        _resumable(),
        clone_in_progress(state.store, begun) as note,
        staged_folder(target, note) as place,
    ):
        folder = workspace_at(setup, place, settings.id, target)
        make_file(folder.tree.files, MANIFEST, dump_new(Manifest(settings)).encode())
        ports = ports_of(setup, folder, lambda: client)
        outcomes = write_new_workspace(ports, _situations(listed, settings))
        imported = None
        if history:
            from pinesync.app.versions.history_import import clone_history
            from pinesync.git.repo import make_repository

            repository = make_repository(place)
            imported = clone_history(ports, folder, repository, listed, account.name)
    return Cloned(target, remote, settings.account, outcomes, imported)


@contextmanager
def _resumable() -> Iterator[None]:
    """Add to an error the hint that the next try resumes."""
    try:
        yield
    except Locked:
        raise
    except (TryLater, NoAccess) as error:
        error.hint = f"{error.hint}; what was read is kept"
        raise


def workspace_id(account: Account, remote: str) -> str:
    """A workspace id that is the same for each clone of an account. pine.toml is in every commit,
    and two imports of one history must have the same commits."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{remote}/{account.user_id}/{account.name}").hex


def new_settings(remote: str) -> Settings:
    return Settings(id=uuid.uuid4().hex, remote=remote)


def _situations(listed: Sequence[ScriptInfo], settings: Settings) -> tuple[ScriptState, ...]:
    snapshot = Snapshot({}, {}, {i.pine_id: i for i in listed}, folders=settings.folders)
    return survey(snapshot)


def _only(listed: Sequence[ScriptInfo], patterns: Sequence[str]) -> tuple[ScriptInfo, ...]:
    folded = [pattern.casefold() for pattern in patterns]
    names = [(i, unescape_name(i.name).casefold()) for i in listed]
    chosen = tuple(i for i, name in names if any(fnmatchcase(name, p) for p in folded))
    if not chosen:
        raise Misuse(
            f"no saved script matches {' or '.join(patterns)}",
            "`pinesync list` shows the names; quote a pattern with * for the shell",
        )
    return chosen
