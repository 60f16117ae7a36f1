"""`restore`: the text last agreed comes back into the file; what stood there is kept."""

from __future__ import annotations

from collections.abc import Sequence

from pinesync.commands.project import Project, Setup, open_project
from pinesync.commands.running import Run, finished
from pinesync.errors import LeftForYou, Misuse
from pinesync.model import Entry, RelPath
from pinesync.sync.execute.putting import put_text
from pinesync.sync.execute.texts import read_text
from pinesync.sync.ports import ChangedMeanwhile
from pinesync.sync.records import Record
from pinesync.sync.report import Outcome, refused
from pinesync.text import Unreadable, decode, digest


def restore(setup: Setup, paths: Sequence[str]) -> Run:
    """Put back the base's text, from what is held here or else from TradingView, by its number."""
    project = open_project(setup)
    wanted = [_entry(project, project.path(raw)) for raw in paths]
    with project.writing():
        return finished(_restore(project, entry) for entry in wanted)


def _entry(project: Project, path: RelPath) -> Entry:
    entry = project.folder.entries().get(path)
    if entry is None or entry.base is None:
        raise Misuse(
            f"{path}: nothing was ever agreed on for it", "`pinesync status` lists scripts"
        )
    return entry


def _restore(project: Project, entry: Entry) -> Outcome:
    text = base_text(project, entry)
    return write(project, entry, text, "restored")


def base_text(project: Project, entry: Entry) -> str:
    """The text that an unedited file has. LeftForYou where the service has another one there."""
    assert entry.base
    assert entry.pine_id
    base = entry.base
    held = project.folder.text_of(base.expected)
    if held is not None:
        return held
    text = read_text(project.remote(), project.folder, (entry.pine_id, base.version))
    if digest(text) != base.digest:
        raise LeftForYou(
            f"{entry.path}: version {base.version} on TradingView is not what pine.toml recorded",
            "`pinesync pull --theirs` takes the newest text",
        )
    return text


def write(project: Project, entry: Entry, text: str, done: str) -> Outcome:
    """The file gets the text, whatever it has now, which is kept."""
    path = entry.path
    data = project.folder.read(path)
    version = entry.base.version if entry.base else None
    records: list[Record] = []
    try:
        current = None if data is None else digest(decode(data))
        if current != digest(text):
            put_text(project.folder, project.tools(), entry, text, current, records)
    except Unreadable as error:
        return refused(path, str(error), "move the file away, then restore it")
    except ChangedMeanwhile:
        return refused(path, "the file changed at this moment", "run the command again")
    finally:
        project.folder.drop_records(records)
    kept = "" if data is None or not records else "the text it had is kept"
    told = Outcome(path, "restored", version, message=kept, pine_id=entry.pine_id)
    return told if done == "restored" else Outcome(path, "resolved", version, message=kept)
