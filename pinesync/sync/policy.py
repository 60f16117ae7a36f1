"""The policy: one literal table of each script's status word and of what pull and push do.

`POLICY` and `NEVER` together cover every pair of a local and a remote side, and a test proves it.
docs/reference/policy.md is generated from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from pinesync.sync.words import Status


class LocalSide(Enum):
    """The state of the file, compared with its entry in pine.toml."""

    SAME = "same"
    EDITED = "edited"
    AHEAD = "equals a version after the base, not the newest"
    UNDOES = "edited, and reverts saves of others inside the base"
    UNCOMPARED = "edited, and the saves of others inside the base could not be read"
    MISSING = "missing"
    ADDED = "added"
    UNTRACKED = "untracked"
    ABSENT = "no file"
    MARKED = "conflict markers, or flagged"
    UNREADABLE = "not text"


class RemoteSide(Enum):
    """The state of the script on the service, compared with the base. For a file without a base,
    the script that has its name."""

    SAME = "same"
    MOVED = "moved on"
    EQUAL = "moved on, same text as local"
    RECORDED = "moved on by pushes alone, and HEAD's history of pine.toml already recorded it"
    RECORDED_THEIRS = "moved on by others too, and HEAD's history of pine.toml already recorded it"
    GONE = "gone, proven"
    ABSENT = "no script"
    SAME_TEXT = "a script of that name or path, same text"
    TAKEN = "a script of that name or path, other text"


class Act(Enum):
    """The action of one step."""

    NOTHING = "–"
    EXPLAIN = "– (explains how to restore)"
    LEAVE = "–, a message on stderr (named: exit 3)"
    FORWARD = "fast-forward"
    ADOPT = "adopt"
    ADOPT_FORWARD = "adopt, then fast-forward"
    MERGE = "three-way merge, with conflict markers if necessary"
    WRITE = 'with track = "all": write the file'
    PUT_BACK = "three-way merge from the text that the file is really based on"
    KEEP = "keep the file"
    SAVE = "save the next version"
    SAVE_OVER = "save it as the next version, over the newest (`git revert`, then push)"
    CREATE = "create"
    REFUSE = "refused, exit 3"
    LATER = "refused until they can be read, exit 7"
    TAKE_OURS = "keep the file, with their version as the base"
    TAKE_THEIRS = "their text; the file's old text is backed up"


@dataclass(frozen=True)
class Row:
    """The status word of a script, and what pull and push do."""

    word: Status
    pull: Act
    push: Act


POLICY: Mapping[tuple[LocalSide, RemoteSide], Row] = {
    (LocalSide.SAME, RemoteSide.SAME): Row(Status.CLEAN, Act.NOTHING, Act.NOTHING),
    (LocalSide.SAME, RemoteSide.MOVED): Row(Status.BEHIND, Act.FORWARD, Act.LEAVE),
    (LocalSide.EDITED, RemoteSide.SAME): Row(Status.MODIFIED, Act.NOTHING, Act.SAVE),
    (LocalSide.EDITED, RemoteSide.EQUAL): Row(Status.CLEAN, Act.ADOPT, Act.ADOPT),
    (LocalSide.AHEAD, RemoteSide.MOVED): Row(Status.BEHIND, Act.ADOPT_FORWARD, Act.ADOPT),
    (LocalSide.UNDOES, RemoteSide.SAME): Row(Status.UNDOES, Act.PUT_BACK, Act.REFUSE),
    (LocalSide.UNDOES, RemoteSide.MOVED): Row(Status.UNDOES, Act.PUT_BACK, Act.REFUSE),
    (LocalSide.UNDOES, RemoteSide.RECORDED): Row(Status.UNDOES, Act.PUT_BACK, Act.REFUSE),
    (LocalSide.UNDOES, RemoteSide.RECORDED_THEIRS): Row(Status.UNDOES, Act.PUT_BACK, Act.REFUSE),
    (LocalSide.UNCOMPARED, RemoteSide.SAME): Row(Status.MODIFIED, Act.NOTHING, Act.LATER),
    (LocalSide.UNCOMPARED, RemoteSide.MOVED): Row(Status.DIVERGED, Act.LATER, Act.REFUSE),
    (LocalSide.UNCOMPARED, RemoteSide.RECORDED): Row(Status.ROLLED_BACK, Act.REFUSE, Act.LATER),
    (LocalSide.UNCOMPARED, RemoteSide.RECORDED_THEIRS): Row(
        Status.ROLLED_BACK, Act.LATER, Act.REFUSE
    ),
    (LocalSide.SAME, RemoteSide.RECORDED): Row(Status.ROLLED_BACK, Act.REFUSE, Act.SAVE_OVER),
    (LocalSide.EDITED, RemoteSide.RECORDED): Row(Status.ROLLED_BACK, Act.REFUSE, Act.SAVE_OVER),
    (LocalSide.SAME, RemoteSide.RECORDED_THEIRS): Row(Status.ROLLED_BACK, Act.FORWARD, Act.REFUSE),
    (LocalSide.EDITED, RemoteSide.RECORDED_THEIRS): Row(Status.ROLLED_BACK, Act.MERGE, Act.REFUSE),
    (LocalSide.EDITED, RemoteSide.MOVED): Row(Status.DIVERGED, Act.MERGE, Act.REFUSE),
    (LocalSide.MISSING, RemoteSide.SAME): Row(Status.MISSING, Act.EXPLAIN, Act.EXPLAIN),
    (LocalSide.MISSING, RemoteSide.MOVED): Row(Status.MISSING, Act.EXPLAIN, Act.EXPLAIN),
    (LocalSide.MISSING, RemoteSide.RECORDED): Row(Status.MISSING, Act.EXPLAIN, Act.EXPLAIN),
    (LocalSide.MISSING, RemoteSide.RECORDED_THEIRS): Row(Status.MISSING, Act.EXPLAIN, Act.EXPLAIN),
    (LocalSide.MISSING, RemoteSide.ABSENT): Row(Status.MISSING, Act.EXPLAIN, Act.EXPLAIN),
    (LocalSide.SAME, RemoteSide.GONE): Row(Status.GONE, Act.KEEP, Act.REFUSE),
    (LocalSide.EDITED, RemoteSide.GONE): Row(Status.GONE, Act.KEEP, Act.REFUSE),
    (LocalSide.MISSING, RemoteSide.GONE): Row(Status.GONE, Act.KEEP, Act.REFUSE),
    (LocalSide.ADDED, RemoteSide.ABSENT): Row(Status.NEW, Act.NOTHING, Act.CREATE),
    (LocalSide.ADDED, RemoteSide.SAME_TEXT): Row(Status.CLEAN, Act.ADOPT, Act.ADOPT),
    (LocalSide.ADDED, RemoteSide.TAKEN): Row(Status.NAME_TAKEN, Act.REFUSE, Act.REFUSE),
    (LocalSide.UNTRACKED, RemoteSide.ABSENT): Row(Status.UNTRACKED, Act.NOTHING, Act.NOTHING),
    (LocalSide.UNTRACKED, RemoteSide.SAME_TEXT): Row(Status.CLEAN, Act.ADOPT, Act.ADOPT),
    (LocalSide.UNTRACKED, RemoteSide.TAKEN): Row(Status.NAME_TAKEN, Act.REFUSE, Act.REFUSE),
    (LocalSide.ABSENT, RemoteSide.MOVED): Row(Status.REMOTE_ONLY, Act.WRITE, Act.NOTHING),
    **{
        (LocalSide.MARKED, remote): Row(Status.CONFLICT, Act.REFUSE, Act.REFUSE)
        for remote in RemoteSide
    },
    **{
        (LocalSide.UNREADABLE, remote): Row(Status.UNREADABLE, Act.REFUSE, Act.REFUSE)
        for remote in RemoteSide
    },
}

NEVER: Mapping[tuple[LocalSide, RemoteSide], str] = {
    (local, remote): why
    for local_sides, remote_sides, why in (
        (
            (LocalSide.SAME,),
            (RemoteSide.EQUAL,),
            "for an unedited file, the newest text is not read",
        ),
        (
            (
                LocalSide.SAME,
                LocalSide.EDITED,
                LocalSide.AHEAD,
                LocalSide.UNDOES,
                LocalSide.UNCOMPARED,
            ),
            (RemoteSide.ABSENT, RemoteSide.SAME_TEXT, RemoteSide.TAKEN),
            "a script with an id is compared by id",
        ),
        (
            (LocalSide.AHEAD,),
            (
                RemoteSide.SAME,
                RemoteSide.EQUAL,
                RemoteSide.RECORDED,
                RemoteSide.RECORDED_THEIRS,
                RemoteSide.GONE,
            ),
            "the file has a later version's text, so git did not go back before it",
        ),
        (
            (LocalSide.UNDOES, LocalSide.UNCOMPARED),
            (RemoteSide.EQUAL, RemoteSide.GONE),
            "if both sides are equal, or one is gone, nothing is reverted",
        ),
        (
            (LocalSide.MISSING,),
            (RemoteSide.EQUAL, RemoteSide.SAME_TEXT, RemoteSide.TAKEN),
            "there is no text to compare",
        ),
        (
            (LocalSide.ADDED, LocalSide.UNTRACKED),
            (
                *(RemoteSide.SAME, RemoteSide.MOVED, RemoteSide.EQUAL),
                *(RemoteSide.RECORDED, RemoteSide.RECORDED_THEIRS, RemoteSide.GONE),
            ),
            "without an id there is no base",
        ),
        (
            (LocalSide.ABSENT,),
            tuple(remote for remote in RemoteSide if remote is not RemoteSide.MOVED),
            "without a file and an entry, there can only be a new script",
        ),
    )
    for local in local_sides
    for remote in remote_sides
}
"""The pairs that cannot occur, with the reason. POLICY has all the others."""
