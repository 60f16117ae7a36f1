"""A file moves and its entry with it: the new name appears, pine.toml follows in one write, the old
name goes. On record before, so that whoever dies in between is finished by the next run."""

from __future__ import annotations

from dataclasses import replace

from pinesync.errors import EXIT_LEFT, FileError, LeftForYou
from pinesync.model import Digest, Entry
from pinesync.sync.intents import Record
from pinesync.sync.outcome import Outcome
from pinesync.sync.ports import ChangedMeanwhile, Tools, Workspace


def move(
    workspace: Workspace, tools: Tools, entry: Entry, onto: Entry, text: Digest, message: str = ""
) -> Outcome:
    """The file with that text, and all that is known of it, goes to the path and the name of
    `onto`. ChangedMeanwhile where another file is there, LeftForYou where the file was saved, or
    its entry changed, at this very moment: then nothing has moved."""
    now = tools.now()
    record = Record(
        key=tools.new_key(),
        op="move",
        state="prepared",
        path=onto.path,
        name=onto.name,
        digest=text,
        pine_id=entry.pine_id,
        account=tools.account,
        origin=entry.path,
        wall=now.wall,
        mono=now.mono,
        boot_id=now.boot_id,
    )
    is_new = workspace.read(onto.path) is None
    workspace.write_record(record)
    try:
        workspace.appear(entry.path, onto.path)
    except (ChangedMeanwhile, FileError):
        # What was done in spite of an error stays on record, and the next run finishes it.
        if not workspace.has_moved(entry.path, onto.path, text):
            workspace.drop_records([record])
        raise
    done = finish(workspace, record, message)
    if done is None:
        if is_new and onto.path not in workspace.entries():
            workspace.retract(entry.path, onto.path, text, record.key)
        same = workspace.entries().get(entry.path) == entry
        what = "saved" if same else "changed in pine.toml"
        raise LeftForYou(
            f"{entry.path}: {what} by another program during the move; nothing was moved",
            "run the command again",
        )
    return done


def finish(workspace: Workspace, record: Record, message: str = "") -> Outcome | None:
    """What a move lacks, once the new name is there. None where it is not, where an editor gave
    the old name another file meanwhile, or where pine.toml has neither path any more."""
    old, new = record.origin, record.path
    assert old
    entry = workspace.entries().get(old)
    if (
        entry
        and entry.pine_id == record.pine_id
        and workspace.has_moved(old, new, record.digest)
        and new not in workspace.entries()
    ):
        workspace.follow(old, replace(entry, path=new, name=record.name))
    onto = workspace.entries().get(new)
    outcome = None
    if onto and onto.pine_id == record.pine_id and old not in workspace.entries():
        workspace.follow(old, onto)
        gone = workspace.vanish(old, new, record.key)
        outcome = _told(onto, record, message, gone=gone)
    workspace.drop_records([record])
    return outcome


def _told(entry: Entry, record: Record, message: str, *, gone: bool) -> Outcome:
    done = Outcome(
        entry.path,
        "moved",
        entry.base.version if entry.base else None,
        message=message,
        pine_id=entry.pine_id,
        moved_from=record.origin,
    )
    if gone:
        return done
    return replace(
        done,
        message=f"{record.origin} has another text by now, and stays beside it",
        hint="compare the two, and remove the one that is not needed",
        exit_code=EXIT_LEFT,
    )
