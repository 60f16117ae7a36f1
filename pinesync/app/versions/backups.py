"""List and restore the backups of a file: texts that pinesync replaced."""

from __future__ import annotations

from dataclasses import dataclass

from pinesync.app.project import Project, Setup, open_project
from pinesync.app.sync.text_diff import count_changed_lines
from pinesync.errors import FileError, Misuse
from pinesync.model import Digest, Entry, RelPath
from pinesync.sync.engine.restore import restore
from pinesync.sync.outcome import Run
from pinesync.text.canonical import Unreadable, decode, lines
from pinesync.text.filenames import shell_quote


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup. Number 1 is the newest; `when` is in epoch seconds. `added` and `removed` count
    the lines that bringing it back would change; None if the file is not readable as text."""

    number: int
    when: float
    lines: int
    digest: Digest
    added: int | None
    removed: int | None


@dataclass(frozen=True, slots=True)
class BackupList:
    """The backups of a file, or the requested one with its text in `source`."""

    path: RelPath
    kept: tuple[Backup, ...]
    source: str | None = None
    exit_code: int = 0


def list_backups(setup: Setup, raw: str, number: int | None = None) -> BackupList:
    """The backups of the file at this path, newest first; or the backup with this number and its
    text."""
    project = open_project(setup)
    path = project.path(raw)
    if number is not None:
        backup, text = _find_backup(project, path, number)
        return BackupList(path, (backup,), text)
    return BackupList(path, backups_of(project, path))


def restore_backup(setup: Setup, raw: str, number: int) -> Run:
    """Restore a backup into the file, even if the file is gone. The current text becomes a
    backup."""
    project = open_project(setup)
    path = project.path(raw)
    with project.transaction("restore") as tx:
        _, text = _find_backup(project, path, number)
        entry = project.workspace.manifest.entries().get(path) or Entry(path, "")
        return tx.run([restore(tx.ports, entry, text)])


def _find_backup(project: Project, path: RelPath, number: int) -> tuple[Backup, str]:
    """The backup with this number and its text. Raises Misuse if there is none."""
    backups = backups_of(project, path)
    if not 1 <= number <= len(backups):
        available = f"the last is {len(backups)}" if backups else "no text of it is backed up here"
        raise Misuse(
            f"{path}: no kept text {number}; {available}",
            f"`pinesync restore --kept {shell_quote(path)}` lists them" if backups else None,
        )
    text = project.workspace.texts.text_of(backups[number - 1].digest)
    assert text is not None
    return backups[number - 1], text


def backups_of(project: Project, path: RelPath) -> tuple[Backup, ...]:
    """The backups of the file that are still stored, newest first."""
    now = _current_text(project, path)
    texts = [
        (replaced, text)
        for replaced in project.workspace.backups.of(path)
        if (text := project.workspace.texts.text_of(replaced.digest)) is not None
    ]
    return tuple(
        Backup(number, replaced.when, len(lines(text)), replaced.digest, *_line_counts(now, text))
        for number, (replaced, text) in enumerate(texts, 1)
    )


def _current_text(project: Project, path: RelPath) -> str | None:
    """The file's text, empty for a missing file, None for an unreadable one."""
    try:
        return decode(project.workspace.tree.read(path) or b"")
    except (FileError, Unreadable):
        return None


def _line_counts(now: str | None, text: str) -> tuple[int, int] | tuple[None, None]:
    return (None, None) if now is None else count_changed_lines(now, text)
