"""`restore`: the text last agreed, or that of any saved version, comes into the file; what stood
there is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from glob import has_magic

from pinesync.commands.past import Past
from pinesync.commands.project import Project, Setup, open_project
from pinesync.commands.push import push
from pinesync.commands.revisions import Revision, names_version, one_version
from pinesync.commands.running import Run, finished
from pinesync.errors import LeftForYou, Misuse
from pinesync.model import Base, Entry, RelPath, Version
from pinesync.naming import typed
from pinesync.sync.execute.putting import put_text
from pinesync.sync.execute.texts import read_text
from pinesync.sync.plan import is_named
from pinesync.sync.ports import ChangedMeanwhile
from pinesync.sync.records import Record
from pinesync.sync.report import Outcome, refused
from pinesync.text import Unreadable, decode, digest, digest_of_any


def restore(setup: Setup, paths: Sequence[str]) -> Run:
    """Put back the base's text, or that of the version which `PATH@5` names, from what is held
    here or else from TradingView, by its number. Of a folder or a pattern all listed files are
    meant that have another text, or are gone."""
    project = open_project(setup)
    past = Past(project)
    wanted = [one for raw in paths for one in _wanted(project, raw)]
    with project.writing("restore"):
        return finished(_restore(project, past, entry, version) for entry, version in wanted)


def restore_and_push(setup: Setup, paths: Sequence[str]) -> Run:
    """The same, and what came into the files is saved as the next version, with the protection of
    any push: nothing is where one of the files could not be written."""
    done = restore(setup, paths)
    restored = [outcome.path for outcome in done.outcomes if outcome.done == "restored"]
    # A push that is given no path would be of everything.
    if done.stopped or not restored or len(restored) != len(done.outcomes):
        return done
    run = push(replace(setup, cwd=open_project(setup).folder.root), restored)
    return replace(run, outcomes=(*done.outcomes, *run.outcomes))


def _wanted(project: Project, raw: str) -> list[tuple[Entry, Version | None]]:
    if names_version(raw):
        which, version = one_version(project, raw)
        if which.entry is None:
            raise Misuse(
                f"{raw}: no file here is this script's",
                f"`pinesync show {typed(raw)} > NAME.pine` writes its text into a new file",
            )
        return [(which.entry, version)]
    patterns = project.patterns([raw])
    entries = project.folder.entries()
    if patterns == [project.inside(raw)] and has_magic(raw) and patterns[0] not in entries:
        raise Misuse(
            f"{raw}: no listed file is called like that", "`pinesync status` lists the scripts"
        )
    if patterns == [project.inside(raw)] and patterns != ["."]:
        return [(_entry(project, project.path(raw)), None)]
    listed = [e for e in entries.values() if any(is_named(e.path, p) for p in patterns)]
    if not listed:
        raise Misuse(f"{raw}: no scripts in it", "`pinesync status` lists them")
    return [(e, None) for e in listed if e.base and _is_edited(e.base, project.folder.read(e.path))]


def _entry(project: Project, path: RelPath) -> Entry:
    entry = project.folder.entries().get(path)
    if entry is None:
        raise Misuse(
            f"{path}: not listed in pine.toml", "`pinesync status` lists the scripts of this folder"
        )
    if entry.base is None:
        raise Misuse(
            f"{path}: nothing was ever agreed on for it, so there is no text to bring back",
            "`pinesync push` saves it; a text that pinesync took out of it is brought back by "
            f"`pinesync restore --kept {typed(path)}`",
        )
    return entry


def _is_edited(base: Base, data: bytes | None) -> bool:
    """Whether the file has another text than that last agreed, or is gone."""
    return data is None or digest_of_any(data) != base.expected


def _restore(project: Project, past: Past, entry: Entry, version: Version | None) -> Outcome:
    if version is None:
        return write(project, entry, base_text(project, entry), "restored")
    assert entry.pine_id
    text = past.text(past.version(Revision(entry.pine_id, entry), version))
    return replace(write(project, entry, text, "restored"), version=version)


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
    choose(project, path, text)
    kept = "" if data is None or not records else "the text it had is kept"
    told = Outcome(path, "restored", version, message=kept, pine_id=entry.pine_id)
    return told if done == "restored" else Outcome(path, "resolved", version, message=kept)


def choose(project: Project, path: RelPath, text: str) -> bool:
    """A person chose this text for the file by its name, so a push may save it, whatever it takes
    back of what others saved. Whether that is noted in pine.toml, or a choice before is not any
    more."""
    entry = project.folder.entries().get(path)
    if entry is None or entry.base is None:
        return False
    meant = bool(entry.base.theirs) and digest(text) != entry.base.expected
    chosen = digest(text) if meant else None
    if chosen == entry.base.chosen:
        return False
    project.folder.commit({path: replace(entry, base=replace(entry.base, chosen=chosen))})
    return True
