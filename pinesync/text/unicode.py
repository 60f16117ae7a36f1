"""Characters that are invisible or displayed out of order.

A terminal always shows them escaped (`cli.render`). A source that contains any gets a warning,
because it may not do what it seems to do. Line endings are LF, as in all canonical text.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pinesync.model import Diagnostic

_NO_CHARACTERS = "".join(
    f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
)
# Each is the inside of a character class of a regular expression.
_CONTROLS = "\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029"
_REORDERING = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_INVISIBLE = (
    "\u00ad\u115f\u1160\u200b\u2060-\u2065\u206a-\u206f\u3164\ufdd0-\ufdef\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
    + _NO_CHARACTERS
)
# These change the character before them, in emoji and in many scripts.
_SELECTING = "\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
_JOINING = _SELECTING + "\u034f\u17b4\u17b5\u180e\u200c\u200d\U00013430-\U0001343f"
HARMFUL = _CONTROLS + _REORDERING + _INVISIBLE + _JOINING
"""All of these characters, as the inside of a character class. Tab and newline are not included."""

_ASCII_CONTROL = "[\x00-\x08\x0b-\x1f\x7f]"
_SAID = {
    "control": ("a control character", "PS003"),
    "reorders": ("a character that reorders the text", "PS001"),
    "invisible": ("an invisible character", "PS002"),
    "joins": ("an invisible character", "PS002"),
    "selects": ("an invisible character", "PS002"),
}
_MAX_WARNINGS = 20


def invisible_characters(text: str) -> tuple[Diagnostic, ...]:
    """A warning for each run of such a character in a canonical text. A long list is cut off and
    ends with the number of further runs. Emoji, flags, and joiners between letters of non-Latin
    scripts are not reported."""
    if text.isascii() and not re.search(_ASCII_CONTROL, text):
        return ()
    runs = (run for run in _runs().finditer(text) if run.lastgroup)
    warnings = [_warning(run) for run in islice(runs, _MAX_WARNINGS)]
    if rest := next(runs, None):
        warnings.append(_warning(rest, f"and {1 + sum(1 for _ in runs)} more like these"))
    return tuple(warnings)


@cache
def _runs() -> re.Pattern[str]:
    """Match each run in a named group. Ordinary uses match without a group."""
    kinds = {"control": _CONTROLS, "reorders": _REORDERING, "invisible": _INVISIBLE}
    alone = "|".join(rf"(?P<{kind}>[{inside}])(?P={kind})*+" for kind, inside in kinds.items())
    nothing = r"\x00-\x7f\s\u200c\u200d"  # a joiner after these joins nothing
    return re.compile(
        # The flags of England, Scotland and Wales, and keycaps.
        "\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f"
        f"|(?<=[0-9#*])\ufe0f\u20e3|{alone}"
        f"|(?<![^{nothing}])(?P<joins>[{_JOINING}])(?P=joins)*+"
        # A sequence of selectors can hide a whole text behind one letter.
        f"|(?<=[{_SELECTING}])(?P<selects>[{_SELECTING}])(?P=selects)*+"
    )


def _warning(run: re.Match[str], message: str = "") -> Diagnostic:
    kind, text, start = run.lastgroup or "", run.string, run.start()
    what, code = _SAID[kind]
    times = f", {len(run[0])} times" if len(run[0]) > 1 else ""
    line = text.count("\n", 0, start) + 1
    column = start - text.rfind("\n", 0, start)
    end = column + len(run[0]) - 1
    from pinesync.model import Diagnostic

    return Diagnostic(
        "warning",
        line,
        column,
        line,
        end,
        message or f"{what}: {character_name(run[0][0])}{times}",
        code,
    )


def escape_controls(text: str, *, one_line: bool = True) -> str:
    """Replace characters that a terminal would obey or hide with \\u{…}. With `one_line`, also
    escape newlines."""
    if text.isascii() and text.isprintable():
        return text
    text = _harmful().sub(lambda m: f"\\u{{{ord(m[0]):x}}}", text)
    return text.replace("\n", "\\n").replace("\t", " ") if one_line else text


@cache
def _harmful() -> re.Pattern[str]:
    """All harmful characters, and the surrogates that stand for undecodable bytes in file names."""
    return re.compile(f"[{HARMFUL}\ud800-\udfff]")


def character_name(char: str) -> str:
    """`U+202E RIGHT-TO-LEFT OVERRIDE`. Control characters have no Unicode name."""
    return f"U+{ord(char):04X} {unicodedata.name(char, '')}".rstrip()
