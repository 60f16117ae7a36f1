"""The status words, each with its meaning and advice. No other module defines a word.

Backticks mark what a user types. Advice may use {path} (the file), {id} (the script), {before} (the
base version), {after} (the newest version) and {theirs} (versions saved by others).
"""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import NamedTuple


class Role(Enum):
    """Who has to act. Decides the colour."""

    NOBODY = "both sides agree, or nothing needs to be done"
    CREATE = "a push creates the script"
    PUSH = "a push saves it"
    PULL = "a pull downloads it and touches no edit"
    BOTH = "each side has something that the other lacks"
    PERSON = "a person decides"


class Advice(NamedTuple):
    """A message and a hint."""

    message: str
    hint: str


Sides = tuple[str, str]
"""The left and right side of a diff: "base", "file", "newest" or "nothing"."""


_PULL_OR_OVER = (
    "`pinesync pull {path}` restores that; `pinesync push --over {after} {path}` overwrites it"
)


class Status(StrEnum):
    """A status word. `meaning` is a sentence. `refusal` explains why pull or push leaves the script
    alone; None if neither ever does. `news` is the message in `watch`; None if the file's own
    changes show it. `sides` are the texts to compare; None if there is only one. `command` is what
    a person decides with, where neither pull nor push acts."""

    meaning: str
    role: Role
    refusal: Advice | None
    news: Advice | None
    sides: Sides | None
    command: str | None

    def __new__(
        cls,
        label: str,
        meaning: str,
        role: Role,
        refusal: Advice | None = None,
        news: Advice | None = None,
        sides: Sides | None = None,
        command: str | None = None,
    ) -> Status:
        status = str.__new__(cls, label)
        status._value_ = label
        status.meaning = meaning
        status.role = role
        status.refusal = refusal
        status.news = news
        status.sides = sides
        status.command = command
        return status

    CLEAN = ("clean", "The file and TradingView agree.", Role.NOBODY)
    BEHIND = (
        "behind",
        "A newer version was saved on TradingView: `pinesync pull` brings it.",
        Role.PULL,
        Advice(
            "not edited here, and saved on TradingView since you pulled ({before} → {after})",
            "run `pinesync pull {path}`",
        ),
        Advice("saved on TradingView", "`pinesync pull` brings it; so does `watch --pull`"),
        ("file", "newest"),
    )
    MODIFIED = (
        "modified",
        "Edited here: `pinesync push` saves it as the next version.",
        Role.PUSH,
        None,
        None,
        ("base", "file"),
    )
    UNDOES = (
        "undoes",
        (
            "The file reverts what somebody else saved: `pinesync pull` restores that, "
            "`push --over VERSION` overwrites it."
        ),
        Role.BOTH,
        Advice(
            "the file lacks what somebody else saved as {theirs}",
            _PULL_OR_OVER,
        ),
        Advice(
            "lacks what somebody else saved, and is not uploaded",
            _PULL_OR_OVER,
        ),
        ("base", "file"),
    )
    DIVERGED = (
        "diverged",
        "Edited here and saved on TradingView: `pinesync pull` merges the two.",
        Role.BOTH,
        Advice(
            "saved on TradingView since you pulled ({before} → {after})",
            "run `pinesync pull` to merge it, then push again",
        ),
        Advice("saved on TradingView, and edited here", "`pinesync pull` merges the two"),
        ("newest", "file"),
    )
    ROLLED_BACK = (
        "rolled-back",
        (
            "Git went back before the newest version: `pinesync push` saves the file as the "
            "next one, unless somebody else saved in between."
        ),
        Role.BOTH,
        Advice(
            "git went back to before {after}, which was pushed",
            "`pinesync push {path}` saves this text as the next version",
        ),
        Advice(
            "git went back to an older version, and is not uploaded",
            "`pinesync push {path}` saves it as the next version, or says why not",
        ),
        ("newest", "file"),
    )
    MISSING = (
        "missing",
        "The file is gone: `pinesync restore` brings it back.",
        Role.PERSON,
        None,
        None,
        None,
        "restore",
    )
    GONE = (
        "gone",
        "The script is gone from TradingView: `push --recreate` creates it again.",
        Role.PERSON,
        Advice(
            "the script is gone from TradingView; the file is kept",
            "`pinesync push --recreate {path}` creates it again, `pinesync rm {path}` forgets it",
        ),
        Advice(
            "gone from TradingView",
            "`pinesync push --recreate {path}` or `pinesync rm {path}`",
        ),
        ("base", "file"),
        "push --recreate",
    )
    NEW = (
        "new",
        "Not on TradingView yet: `pinesync push` creates it.",
        Role.CREATE,
        None,
        None,
        ("nothing", "file"),
    )
    NAME_TAKEN = (
        "name-taken",
        (
            "TradingView has another script of this name: link it with `pinesync add --id`, "
            "or rename the file."
        ),
        Role.PERSON,
        Advice(
            "a script of that name is on TradingView, with another text",
            "link the two with `pinesync add --id '{id}' {path}`, or rename one of them",
        ),
        Advice("another saved script has its name", "`pinesync add --id` links it"),
        ("newest", "file"),
        "add --id",
    )
    UNTRACKED = (
        "untracked",
        "Not listed: `pinesync add` lists it.",
        Role.NOBODY,
        None,
        None,
        None,
        "add",
    )
    REMOTE_ONLY = (
        "remote-only",
        "Not here yet: `pinesync pull` brings it.",
        Role.PULL,
        None,
        Advice("new on TradingView", "`pinesync pull` brings it"),
    )
    CONFLICT = (
        "conflict",
        "A merge waits for you: edit the file, or choose a side with `pinesync resolve`.",
        Role.PERSON,
        Advice(
            "a conflict is not resolved",
            "run `pinesync resolve {path}` with --ours, --theirs or --merged",
        ),
        Advice("has an unresolved conflict", "`pinesync resolve {path}` with --ours or --theirs"),
        ("newest", "file"),
        "resolve",
    )
    UNREADABLE = (
        "unreadable",
        "The file is not text, or cannot be read.",
        Role.PERSON,
        Advice("not text", "save it as UTF-8 text; nothing was sent or replaced"),
    )
