"""The facts that a probe establishes, in one table. It drives the command's output, its report, the
reference page and the guard before a push.

`FACTS` has a row for each property of the service that one account can show. A value outside its
`values` is unclear. Long because it is one table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

UNCLEAR = "unclear"
_READ_BACK = "reads every save back, and records the text as it is stored"
_LINE_ENDS = "compares texts with LF, and leaves the line ends of your file"
_ALIKE = "takes every one of these answers"
_NEVER_SENT = "never sends this; only a probe does"


@dataclass(frozen=True, slots=True)
class Fact:
    """A question to the service. `values` are the answers it may give, each with what pinesync
    does with it; `expected` those that are documented; `breaks` has, for an answer that breaks a
    promise, the number of that promise."""

    name: str
    question: str
    expected: tuple[str, ...]
    values: Mapping[str, str]
    breaks: Mapping[str, int] = field(default_factory=dict)


def _same_action(does: str, *values: str) -> dict[str, str]:
    return dict.fromkeys(values, does)


FACTS: tuple[Fact, ...] = (
    Fact(
        "line-ends-lf",
        "how a text saved with LF is read",
        ("lf",),
        _same_action(_LINE_ENDS, "lf", "crlf", "mixed"),
    ),
    Fact(
        "line-ends-crlf",
        "how a text saved with CRLF is read",
        ("crlf", "lf"),
        _same_action(_LINE_ENDS, "crlf", "lf", "mixed"),
    ),
    Fact(
        "end-of-text",
        "line breaks at the end of a text",
        ("kept",),
        _same_action(_READ_BACK, "kept", "dropped"),
    ),
    Fact(
        "no-end-of-line",
        "a text whose last line has no line break",
        ("kept",),
        _same_action(_READ_BACK, "kept", "line break added"),
    ),
    Fact("tabs", "tabs in a text", ("kept",), _same_action(_READ_BACK, "kept", "spaces")),
    Fact(
        "blanks",
        "blanks at the end of a line",
        ("kept",),
        _same_action(_READ_BACK, "kept", "dropped"),
    ),
    Fact(
        "byte-order-mark",
        "a byte order mark at the start of a text",
        ("kept", "dropped"),
        _same_action("compares texts without it, and leaves it in your file", "kept", "dropped"),
    ),
    Fact(
        "text",
        "all other characters of a text",
        ("kept",),
        {"kept": _READ_BACK, "changed": "cannot know what a save becomes"},
        {"changed": 11},
    ),
    Fact(
        "identical-save",
        "a save of the same text",
        ("one version",),
        {
            "one version": "compares first, and does not save a text that is already the newest",
            "no version": "compares first, and does not save a text that is already the newest",
            "other number": "cannot tell its own save from somebody else's",
        },
        {"other number": 9},
    ),
    Fact(
        "broken-save",
        "a save of a text that does not compile",
        ("stored",),
        {
            "stored": "refuses it before the save; `--allow-broken` says that it was stored",
            "not stored": "refuses it before the save; `--allow-broken` reads what came of it",
        },
    ),
    Fact(
        "broken-answer",
        "the refusal in the answer to such a save",
        ("with result", "without result"),
        _same_action(_ALIKE, "with result", "without result", "success"),
    ),
    Fact(
        "findings-of-save",
        "what the compiler's errors are in the answer to a save",
        ("message", "code and message"),
        _same_action(_ALIKE, "message", "code and message", "none"),
    ),
    Fact(
        "findings-of-check",
        "what they are in the answer to a check",
        ("code and message", "message"),
        _same_action(_ALIKE, "message", "code and message", "none"),
    ),
    Fact(
        "id-in-answer",
        "where the answer to a save has the id",
        ("scriptIdPart", "metaInfo.id"),
        {
            **_same_action(_ALIKE, "scriptIdPart", "metaInfo.id"),
            "nowhere": "finds a new script by its name and text in the list",
        },
    ),
    Fact(
        "names-in-list",
        "names in the list",
        ("raw", "escaped"),
        _same_action(
            "shows names unescaped, and sends none that holds an entity", "raw", "escaped"
        ),
    ),
    Fact(
        "name-taken",
        "a create with a name that is in use",
        ("409, JSON", "409, text"),
        {
            **_same_action("says that the name is taken", "409, JSON", "409, text"),
            "created": "cannot create without the risk of a duplicate",
        },
        {"created": 15},
    ),
    Fact(
        "save-without-name",
        "a save that gives no name",
        ("name kept",),
        {
            "name kept": "gives no name with a save, so that none can rename the script",
            "renamed": "cannot save a script whose name holds an entity",
            "refused": "cannot save a script whose name holds an entity",
        },
        {"renamed": 16},
    ),
    Fact(
        "read-by-number",
        "reading an older version by its number",
        ("that text",),
        {
            "that text": "reads every save back by its number",
            "refused": "cannot read its saves back",
            "another text": "cannot read its saves back",
        },
        {"refused": 11, "another text": 11},
    ),
    Fact(
        "list-of-versions",
        "`versions/all`",
        ("every version", "refused"),
        {
            "every version": "dates versions with it",
            "some versions": "reads the others one by one",
            "refused": "reads versions one by one",
        },
    ),
    Fact(
        "label",
        "the label of a version",
        ("in the list of versions", "not seen"),
        _same_action(_NEVER_SENT, "in the list of versions", "not seen", "refused"),
    ),
    Fact(
        "rename",
        "a rename",
        ("renamed",),
        {
            "renamed": "lists again, and believes the list",
            "not renamed": "lists again, and says that it was not renamed",
        },
    ),
    Fact(
        "rename-answer",
        "the answer to a rename",
        ("JSON text", "object", "text", "empty"),
        _same_action("goes by the status, and lists again", "JSON text", "object", "text", "empty"),
    ),
    Fact(
        "version-in-list",
        "the version in the list after saves and a rename",
        ("newest",),
        _same_action("reads the newest version right before each save", "newest", "another"),
    ),
    Fact(
        "compiled-last",
        "the version that `translate/{id}/last` compiles right after a save",
        ("newest", "before"),
        _same_action(_NEVER_SENT, "newest", "before", "refused"),
    ),
    Fact(
        "unknown-id",
        "reading an id that does not exist",
        ("401", "404"),
        _same_action("calls the script not accessible, and asks again", "401", "403", "404"),
    ),
    Fact(
        "deleted-id",
        "a save to a deleted script, with allow_create_new=false",
        ("refused",),
        {
            "refused": "creates nothing without `--recreate`",
            "created": "cannot rule out duplicates",
        },
        {"created": 15},
    ),
    Fact(
        "invalid-cookie-list",
        "the list with an invalid cookie",
        ("empty list",),
        {
            "empty list": "never takes an empty list for deletions",
            "refused": "asks for a new sign-in",
        },
    ),
    Fact(
        "invalid-cookie-save",
        "a save with an invalid cookie",
        ("401, JSON", "401, text", "403, page"),
        _same_action("asks for a new sign-in", "401, JSON", "401, text", "403, page"),
    ),
    Fact(
        "compile-without-cookie",
        "the full compile without a cookie",
        ("compiled",),
        {"compiled": "`check --full` needs no sign-in", "refused": "`check --full` says so"},
    ),
    Fact(
        "compile-v4",
        "the full compile of Pine v4",
        ("compiled", "refused"),
        {"compiled": "`check --full` checks it", "refused": "says that it was not checked"},
    ),
    Fact(
        "check-v4",
        "the check of Pine v4",
        ("refused",),
        {"refused": "says that it was not checked, and saves it", "checked": "checks it"},
    ),
    Fact(
        "inputs",
        "`metaInfo.inputs` of a text with two inputs",
        ("in_0, in_1", "hidden ones, in_0, in_1"),
        _same_action(_NEVER_SENT, "in_0, in_1", "hidden ones, in_0, in_1", "none"),
    ),
    Fact(
        "convert",
        "the answer of `convert`",
        ("source in result", "text", "error"),
        _same_action(_NEVER_SENT, "source in result", "text", "error"),
    ),
    Fact(
        "session-probe",
        "whom `get_script_info` of a built-in script names",
        ("session", "owner"),
        _same_action("asks with an id of your own, where both are the same", "session", "owner"),
    ),
    Fact(
        "times",
        "when a version was saved",
        ("ISO", "number"),
        _same_action(_ALIKE, "ISO", "number"),
    ),
    Fact(
        "id-in-script",
        "whether a script that is read names its id",
        ("yes", "no"),
        _same_action(_ALIKE, "yes", "no"),
    ),
    Fact(
        "title-in-script",
        "whether it names its title",
        ("yes", "no"),
        _same_action(_ALIKE, "yes", "no"),
    ),
    Fact(
        "newest-in-script",
        "how it names its newest version",
        ("text", "number"),
        _same_action(_ALIKE, "text", "number"),
    ),
    Fact(
        "deleted",
        "a deletion",
        ("gone",),
        {"gone": "lists again to prove it", "still listed": "says that it was not deleted"},
    ),
    Fact(
        "delete-answer",
        "the answer to a deletion",
        ('"ok"', "ok"),
        _same_action("takes both, and lists again", '"ok"', "ok"),
    ),
)
BY_NAME: Mapping[str, Fact] = {fact.name: fact for fact in FACTS}


def broken_promise(name: str, value: str) -> int | None:
    """The number of the promise that this answer breaks, if any."""
    fact = BY_NAME.get(name)
    return fact.breaks.get(value) if fact else None
