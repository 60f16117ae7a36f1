"""`rm`: pine.toml forgets a script. The file and the script on TradingView both stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pinesync.commands.project import Setup, open_project
from pinesync.errors import Misuse
from pinesync.model import PineId, RelPath


@dataclass(frozen=True, slots=True)
class Forgotten:
    path: RelPath
    pine_id: PineId | None


@dataclass(frozen=True, slots=True)
class Removal:
    forgotten: tuple[Forgotten, ...]
    tracks_all: bool
    exit_code: int = 0


def rm(setup: Setup, paths: Sequence[str]) -> Removal:
    """Forget the entries, all or none."""
    project = open_project(setup)
    wanted = [project.path(raw) for raw in paths]
    with project.transaction("rm") as tx:
        entries = project.workspace.manifest.entries()
        for path in wanted:
            if path not in entries:
                raise Misuse(f"{path}: not listed in pine.toml", "`pinesync status` lists scripts")
        tx.refuse_pending([entries[path] for path in wanted])
        project.workspace.manifest.commit(dict.fromkeys(wanted))
    forgotten = tuple(Forgotten(path, entries[path].pine_id) for path in wanted)
    return Removal(forgotten, project.settings.track == "all")
