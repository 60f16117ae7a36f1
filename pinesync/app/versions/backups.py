"""List and restore the backups of a file: texts that pinesync replaced."""

from __future__ import annotations

from dataclasses import dataclass

from pinesync.app.project import Project, Setup, open_project
from pinesync.errors import Misuse
from pinesync.model import Digest, Entry, RelPath
from pinesync.sync.engine.restore import restore
from pinesync.sync.outcome import Run
from pinesync.text.canonical import lines


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup. Number 1 is the newest; `when` is in epoch seconds."""

    number: int
    when: float
    lines: int
    digest: Digest


@dataclass(frozen=True, slots=True)
class KeptTexts:
    path: RelPath
    kept: tuple[Backup, ...]
    exit_code: int = 0


def kept_texts(setup: Setup, raw: str) -> KeptTexts:
    """The backups of the file at this path, newest first."""
    project = open_project(setup)
    path = project.path(raw)
    return KeptTexts(path, kept_at(project, path))


def bring_back(setup: Setup, raw: str, number: int) -> Run:
    """Restore a backup into the file, even if the file is gone. The current text becomes a
    backup."""
    project = open_project(setup)
    path = project.path(raw)
    with project.transaction("restore") as tx:
        kept = kept_at(project, path)
        if not 1 <= number <= len(kept):
            there = f"there are {len(kept)}" if kept else "no text of it is backed up here"
            raise Misuse(f"{path}: no kept text {number}; {there}")
        text = project.workspace.texts.text_of(kept[number - 1].digest)
        assert text is not None
        entry = project.workspace.manifest.entries().get(path) or Entry(path, "")
        return tx.run([restore(tx.ports, entry, text)])


def kept_at(project: Project, path: RelPath) -> tuple[Backup, ...]:
    """The backups of the file that are still stored, newest first."""
    held = [
        (replaced, text)
        for replaced in project.workspace.backups.of(path)
        if (text := project.workspace.texts.text_of(replaced.digest)) is not None
    ]
    return tuple(
        Backup(number, replaced.when, len(lines(text)), replaced.digest)
        for number, (replaced, text) in enumerate(held, 1)
    )
