"""The policy: which word a script gets, and what pull and push do about it. One literal table.

`POLICY` and `NEVER` together name every pair of a local and a remote side; a test proves it, and
docs/reference/policy.md is made from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from pinesync.sync.words import Status


class Local(Enum):
    """The file, against its entry in pine.toml."""

    SAME = "same"
    EDITED = "edited"
    AHEAD = "equals a version after the base, not the newest"
    UNDOES = "edited so that it takes back saves of others inside the base"
    UNCOMPARED = "edited, and the saves of others inside the base could not be read"
    MISSING = "missing"
    ADDED = "added"
    UNTRACKED = "untracked"
    ABSENT = "no file"
    MARKED = "conflict markers, or flagged"
    UNREADABLE = "not a text"


class There(Enum):
    """The script on the service, against the base; for a file without one, what has its name."""

    SAME = "same"
    MOVED = "moved on"
    EQUAL = "moved on, same text as local"
    RECORDED = "moved on by pushes alone, and HEAD's history of pine.toml already recorded it"
    RECORDED_THEIRS = "moved on by others too, and HEAD's history of pine.toml already recorded it"
    GONE = "gone, proven"
    ABSENT = "no script"
    TWIN = "a script of that name or path, same text"
    TAKEN = "a script of that name or path, other text"


class Act(Enum):
    """What one step does."""

    NOTHING = "–"
    TELL = "– (say how to restore)"
    LEAVE = "–, a word on stderr (named: exit 3)"
    FORWARD = "fast-forward"
    ADOPT = "adopt"
    ADOPT_FORWARD = "adopt, then fast-forward"
    MERGE = "three-way merge; conflict markers if it must"
    WRITE = 'with track = "all": write the file'
    PUT_BACK = "three-way merge from the text that the file is really based on"
    KEEP = "keep the file"
    SAVE = "save the next version"
    SAVE_OVER = "save it as the next version, over the newest (`git revert`, then push)"
    CREATE = "create"
    REFUSE = "refused, exit 3"
    LATER = "refused until they can be read, exit 7"
    TAKE_OURS = "keep the file, take their version as the base"
    TAKE_THEIRS = "their text, the file's old text kept"


@dataclass(frozen=True)
class Row:
    """The word that a script gets, with all that is said of it, and what pull and push do."""

    word: Status
    pull: Act
    push: Act


POLICY: Mapping[tuple[Local, There], Row] = {
    (Local.SAME, There.SAME): Row(Status.CLEAN, Act.NOTHING, Act.NOTHING),
    (Local.SAME, There.MOVED): Row(Status.BEHIND, Act.FORWARD, Act.LEAVE),
    (Local.EDITED, There.SAME): Row(Status.MODIFIED, Act.NOTHING, Act.SAVE),
    (Local.EDITED, There.EQUAL): Row(Status.CLEAN, Act.ADOPT, Act.ADOPT),
    (Local.AHEAD, There.MOVED): Row(Status.BEHIND, Act.ADOPT_FORWARD, Act.ADOPT),
    (Local.UNDOES, There.SAME): Row(Status.UNDOES, Act.PUT_BACK, Act.REFUSE),
    (Local.UNDOES, There.MOVED): Row(Status.UNDOES, Act.PUT_BACK, Act.REFUSE),
    (Local.UNDOES, There.RECORDED): Row(Status.UNDOES, Act.PUT_BACK, Act.REFUSE),
    (Local.UNDOES, There.RECORDED_THEIRS): Row(Status.UNDOES, Act.PUT_BACK, Act.REFUSE),
    (Local.UNCOMPARED, There.SAME): Row(Status.MODIFIED, Act.NOTHING, Act.LATER),
    (Local.UNCOMPARED, There.MOVED): Row(Status.DIVERGED, Act.LATER, Act.REFUSE),
    (Local.UNCOMPARED, There.RECORDED): Row(Status.ROLLED_BACK, Act.REFUSE, Act.LATER),
    (Local.UNCOMPARED, There.RECORDED_THEIRS): Row(Status.ROLLED_BACK, Act.LATER, Act.REFUSE),
    (Local.SAME, There.RECORDED): Row(Status.ROLLED_BACK, Act.REFUSE, Act.SAVE_OVER),
    (Local.EDITED, There.RECORDED): Row(Status.ROLLED_BACK, Act.REFUSE, Act.SAVE_OVER),
    (Local.SAME, There.RECORDED_THEIRS): Row(Status.ROLLED_BACK, Act.FORWARD, Act.REFUSE),
    (Local.EDITED, There.RECORDED_THEIRS): Row(Status.ROLLED_BACK, Act.MERGE, Act.REFUSE),
    (Local.EDITED, There.MOVED): Row(Status.DIVERGED, Act.MERGE, Act.REFUSE),
    (Local.MISSING, There.SAME): Row(Status.MISSING, Act.TELL, Act.TELL),
    (Local.MISSING, There.MOVED): Row(Status.MISSING, Act.TELL, Act.TELL),
    (Local.MISSING, There.RECORDED): Row(Status.MISSING, Act.TELL, Act.TELL),
    (Local.MISSING, There.RECORDED_THEIRS): Row(Status.MISSING, Act.TELL, Act.TELL),
    (Local.MISSING, There.ABSENT): Row(Status.MISSING, Act.TELL, Act.TELL),
    (Local.SAME, There.GONE): Row(Status.GONE, Act.KEEP, Act.REFUSE),
    (Local.EDITED, There.GONE): Row(Status.GONE, Act.KEEP, Act.REFUSE),
    (Local.MISSING, There.GONE): Row(Status.GONE, Act.KEEP, Act.REFUSE),
    (Local.ADDED, There.ABSENT): Row(Status.NEW, Act.NOTHING, Act.CREATE),
    (Local.ADDED, There.TWIN): Row(Status.CLEAN, Act.ADOPT, Act.ADOPT),
    (Local.ADDED, There.TAKEN): Row(Status.NAME_TAKEN, Act.REFUSE, Act.REFUSE),
    (Local.UNTRACKED, There.ABSENT): Row(Status.UNTRACKED, Act.NOTHING, Act.NOTHING),
    (Local.UNTRACKED, There.TWIN): Row(Status.CLEAN, Act.ADOPT, Act.ADOPT),
    (Local.UNTRACKED, There.TAKEN): Row(Status.NAME_TAKEN, Act.REFUSE, Act.REFUSE),
    (Local.ABSENT, There.MOVED): Row(Status.REMOTE_ONLY, Act.WRITE, Act.NOTHING),
    **{(Local.MARKED, there): Row(Status.CONFLICT, Act.REFUSE, Act.REFUSE) for there in There},
    **{
        (Local.UNREADABLE, there): Row(Status.UNREADABLE, Act.REFUSE, Act.REFUSE) for there in There
    },
}

NEVER: Mapping[tuple[Local, There], str] = {
    (local, there): why
    for locals_, theres, why in (
        ((Local.SAME,), (There.EQUAL,), "an unedited file needs no look at the newest text"),
        (
            (Local.SAME, Local.EDITED, Local.AHEAD, Local.UNDOES, Local.UNCOMPARED),
            (There.ABSENT, There.TWIN, There.TAKEN),
            "a script that has an id is compared by it",
        ),
        (
            (Local.AHEAD,),
            (There.SAME, There.EQUAL, There.RECORDED, There.RECORDED_THEIRS, There.GONE),
            "a later version was read, and git did not go back on it",
        ),
        (
            (Local.UNDOES, Local.UNCOMPARED),
            (There.EQUAL, There.GONE),
            "with both sides equal, or one of them gone, nothing is taken back",
        ),
        ((Local.MISSING,), (There.EQUAL, There.TWIN, There.TAKEN), "there is no text to compare"),
        (
            (Local.ADDED, Local.UNTRACKED),
            (
                *(There.SAME, There.MOVED, There.EQUAL),
                *(There.RECORDED, There.RECORDED_THEIRS, There.GONE),
            ),
            "without an id there is no base",
        ),
        (
            (Local.ABSENT,),
            tuple(there for there in There if there is not There.MOVED),
            "without file and entry there is only a script that is new here",
        ),
    )
    for local in locals_
    for there in theres
}
"""The pairs that cannot come up, with the reason; with POLICY they are all pairs."""
