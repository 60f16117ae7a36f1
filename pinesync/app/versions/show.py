"""`show`: the text of one saved version."""

from __future__ import annotations

from dataclasses import dataclass

from pinesync.app.project import Setup, open_project
from pinesync.app.versions.revspec import revision
from pinesync.app.versions.version_store import VersionStore
from pinesync.errors import FacadeError
from pinesync.model import Digest, PineId, RelPath, Version
from pinesync.text.filenames import unescape_name


@dataclass(frozen=True, slots=True)
class Shown:
    """One version: `when` it was saved, in epoch seconds (0 if unknown), and its canonical text."""

    path: RelPath | None
    name: str
    pine_id: PineId
    version: Version
    when: int
    digest: Digest
    source: str
    exit_code: int = 0


def show(setup: Setup, raw: str, *, offline: bool = False) -> Shown:
    """The version that `PATH@5` names; the newest for a path or an id alone. A stored version costs
    no request."""
    project = open_project(setup)
    store = VersionStore(project, offline=offline)
    which = revision(project, raw)
    version = which.version or store.newest(which.pine_id)
    if version is None:
        raise FacadeError(
            f"{which.label}: TradingView does not list it, and nothing of it is stored here"
        )
    info = store.version(which, version)
    name = which.entry.name if which.entry else unescape_name(info.name)
    text = store.text(info)
    return Shown(which.path, name, which.pine_id, version, info.when, info.digest, text)
