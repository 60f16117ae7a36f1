"""The status words, each with its meaning and advice. No other module defines a word.

Backticks mark what a user types. Advice may use {path} (the file), {id} (the script), {before} (the
base version), {after} (the newest version) and {theirs} (versions saved by others).
"""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import NamedTuple


class Role(Enum):
    """Who has to act. Decides the colour."""

    NOBODY = "both sides agree, or nothing is asked for"
    CREATE = "a push creates the script"
    PUSH = "a push saves it"
    PULL = "a pull brings it, and touches no edit"
    BOTH = "each side has something that the other lacks"
    PERSON = "a person decides"


class Advice(NamedTuple):
    """What happened, and what to do."""

    message: str
    hint: str


Sides = tuple[str, str]
"""The left and right side of a diff: "base", "file", "newest" or "nothing"."""


class Status(StrEnum):
    """A word of status. `meaning` is a sentence; `refusal` is told where a pull or a push leaves
    the script alone, and None where neither ever does; `news` is told while somebody watches, None
    where the file's own changes tell it; `sides` are the texts to compare, None where there is
    only one; `command` is what a person decides with, where neither pull nor push acts."""

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
        Advice("saved on TradingView", "`pinesync pull` brings it; so does watching with --pull"),
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
            "The file takes back what somebody else saved: `pinesync pull` puts that back, "
            "`push --over VERSION` means it."
        ),
        Role.BOTH,
        Advice(
            "the file lacks what somebody else saved as {theirs}",
            "`pinesync pull {path}` brings it back; `pinesync push --over {after} {path}` means it",
        ),
        Advice(
            "lacks what somebody else saved, and is not sent",
            "`pinesync pull {path}` brings it back; `pinesync push --over {after} {path}` means it",
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
            "Git went back behind the newest version: `pinesync push` saves the file as the "
            "next one, unless somebody else saved in between."
        ),
        Role.BOTH,
        Advice(
            "git went back to before {after}, which was pushed",
            "`pinesync push {path}` saves this text as the next version",
        ),
        Advice(
            "git went back to an older version, which is not sent",
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
        "The script is gone from TradingView: `push --recreate` saves it anew.",
        Role.PERSON,
        Advice(
            "the script is gone from TradingView; the file is kept",
            "`pinesync push --recreate {path}` saves it anew, `pinesync rm {path}` forgets it",
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
        Advice("waits for a decision", "`pinesync resolve {path}` with --ours or --theirs"),
        ("newest", "file"),
        "resolve",
    )
    UNREADABLE = (
        "unreadable",
        "The file is not a text, or cannot be read.",
        Role.PERSON,
        Advice("not a text", "save it as UTF-8 text; nothing was sent or replaced"),
    )
