"""A file moves and its entry with it: the new name appears, pine.toml follows in one write, the old
name goes. On intent before, so that whoever dies in between is finished by the next run."""

from __future__ import annotations

from dataclasses import replace

from pinesync.errors import EXIT_LEFT, FileError, LeftForYou
from pinesync.model import Digest, Entry
from pinesync.sync.engine.lifecycle import stamped
from pinesync.sync.intents import Move
from pinesync.sync.outcome import Outcome
from pinesync.sync.ports import ChangedMeanwhile, Ports


def move(ports: Ports, entry: Entry, onto: Entry, text: Digest, message: str = "") -> Outcome:
    """The file with that text, and all that is known of it, goes to the path and the name of
    `onto`. ChangedMeanwhile where another file is there, LeftForYou where the file was saved, or
    its entry changed, at this very moment: then nothing has moved."""
    intent = stamped(
        ports,
        Move(
            path=onto.path,
            name=onto.name,
            digest=text,
            pine_id=entry.pine_id,
            origin=entry.path,
        ),
    )
    is_new = ports.tree.read(onto.path) is None
    ports.log.write(intent)
    try:
        ports.tree.appear(entry.path, onto.path)
    except (ChangedMeanwhile, FileError):
        # What was done in spite of an error stays on record, and the next run finishes it.
        if not ports.tree.has_moved(entry.path, onto.path, text):
            ports.log.drop([intent])
        raise
    done = finish(ports, intent, message)
    if done is None:
        if is_new and onto.path not in ports.manifest.entries():
            ports.tree.retract(entry.path, onto.path, text, intent.key)
        same = ports.manifest.entries().get(entry.path) == entry
        what = "saved" if same else "changed in pine.toml"
        raise LeftForYou(
            f"{entry.path}: {what} by another program during the move; nothing was moved",
            "run the command again",
        )
    return done


def finish(ports: Ports, intent: Move, message: str = "") -> Outcome | None:
    """What a move lacks, once the new name is there. None where it is not, where an editor gave
    the old name another file meanwhile, or where pine.toml has neither path any more."""
    old, new = intent.origin, intent.path
    entry = ports.manifest.entries().get(old)
    if (
        entry
        and entry.pine_id == intent.pine_id
        and ports.tree.has_moved(old, new, intent.digest)
        and new not in ports.manifest.entries()
    ):
        ports.manifest.follow(old, replace(entry, path=new, name=intent.name))
    onto = ports.manifest.entries().get(new)
    outcome = None
    if onto and onto.pine_id == intent.pine_id and old not in ports.manifest.entries():
        ports.manifest.follow(old, onto)
        gone = ports.tree.vanish(old, new, intent.key)
        outcome = _told(onto, intent, message, gone=gone)
    ports.log.drop([intent])
    return outcome


def _told(entry: Entry, intent: Move, message: str, *, gone: bool) -> Outcome:
    done = Outcome(
        entry.path,
        "moved",
        entry.base.version if entry.base else None,
        message=message,
        pine_id=entry.pine_id,
        moved_from=intent.origin,
    )
    if gone:
        return done
    return replace(
        done,
        message=f"{intent.origin} has changed since, and stays beside it",
        hint="compare the two, and remove the one that is not needed",
        exit_code=EXIT_LEFT,
    )
