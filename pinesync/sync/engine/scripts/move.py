"""Move a file and its entry: create the new path, update pine.toml in one write, remove the old
path. The intent is written first, so the next run can finish an interrupted move."""

from __future__ import annotations

from dataclasses import replace

from pinesync.errors import EXIT_LEFT, ActionRequired, FileError
from pinesync.model import Digest, Entry
from pinesync.sync.engine.lifecycle import new_intent
from pinesync.sync.intents import Move
from pinesync.sync.outcome import Outcome
from pinesync.sync.ports import ChangedMeanwhile, Ports


def move(ports: Ports, entry: Entry, onto: Entry, text: Digest, message: str = "") -> Outcome:
    """Move the file with that text, and its entry, to the path and name of `onto`. Raises
    ChangedMeanwhile if another file is there. Raises ActionRequired if the file or its entry
    changed during the move; nothing has moved then."""
    intent = new_intent(
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
        ports.tree.add_new_name(entry.path, onto.path)
    except (ChangedMeanwhile, FileError):
        # If the new path appeared despite the error, keep the intent: the next run finishes it.
        if not ports.tree.is_moved(entry.path, onto.path, text):
            ports.log.drop([intent])
        raise
    done = finish(ports, intent, message)
    # The file or its entry changed during the move, so pine.toml still lists the old path.
    if done is None:
        if is_new and onto.path not in ports.manifest.entries():
            ports.tree.revert_move(entry.path, onto.path, text, intent.key)
        same = ports.manifest.entries().get(entry.path) == entry
        what = "saved" if same else "changed in pine.toml"
        raise ActionRequired(
            f"{entry.path}: {what} by another program during the move; nothing was moved",
            "run the command again",
        )
    return done


def finish(ports: Ports, intent: Move, message: str = "") -> Outcome | None:
    """Finish a move whose new path exists. None if it does not exist, if an editor put another file
    at the old path meanwhile, or if pine.toml lists neither path."""
    old, new = intent.origin, intent.path
    entry = ports.manifest.entries().get(old)
    if (
        entry
        and entry.pine_id == intent.pine_id
        and ports.tree.is_moved(old, new, intent.digest)
        and new not in ports.manifest.entries()
    ):
        ports.manifest.follow(old, replace(entry, path=new, name=intent.name))
    onto = ports.manifest.entries().get(new)
    outcome = None
    # pine.toml lists only the new path: the old one can go.
    if onto and onto.pine_id == intent.pine_id and old not in ports.manifest.entries():
        ports.manifest.follow(old, onto)
        gone = ports.tree.remove_old_name(old, new, intent.key)
        outcome = _outcome(onto, intent, message, gone=gone)
    ports.log.drop([intent])
    return outcome


def _outcome(entry: Entry, intent: Move, message: str, *, gone: bool) -> Outcome:
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
        message=f"{intent.origin} has changed since, so both files stay",
        hint="compare the two and remove one",
        exit_code=EXIT_LEFT,
    )
