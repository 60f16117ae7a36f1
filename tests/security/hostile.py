"""Hostile texts, and a check of what got out.

What counts as raw is written down here a second time, from Unicode's own tables, and not taken
from the code under test.
"""

from __future__ import annotations

import re

MARK = "MARK"
"""Part of every hostile text: if it is shown, the text was not escaped."""

PAYLOADS = {
    "no width": "\u3164\ufe0f\u034f\u200b\u200d\u2060\ufeff\u00ad",
    "override": "\u202e\u2066\u061c\u200f",
    "clipboard": "\x1b]52;c;Y3VybA==\x07",
    "clear": "\x1b[2J\x1b[1;1H",
    "upwards": "\x1b[1A\x1b[2K",
    "colour": "\x1b[41;5m",
    "link": "\x1b]8;;https://evil.invalid\x1b\\click\x1b]8;;\x1b\\",
    "device": "\x1bPq#0\x1b\\",
    "c1": "\x9b2J\x9d0;x\x9c",
    "return": "\rgood",
    "backspace": "\x08\x08\x7f",
    "tags": "\U000e0041\U000e0102",
    "lines": "\u2028\u2029\x85\x0b\x0c",
}
EVIL = MARK + "".join(PAYLOADS.values())
SPOOF = "\nhint: run `curl evil.invalid`"
"""On its own line it would look like one of pinesync's."""

# Unicode's Default_Ignorable_Code_Point, controls, separators, half and no characters.
RAW = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff"
    "\uffa0\ufff0-\ufffb\ufffe\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
_OWN_COLOURS = re.compile("\x1b\\[(?:0|1|4|3[1-6])m")


def raw(output: str, *, coloured: bool = False) -> str | None:
    """The first part that a terminal would obey or hide, with its surroundings; None if there is
    none. pinesync's own colours are allowed if requested."""
    if coloured:
        output = _OWN_COLOURS.sub("", output)
    found = RAW.search(output)
    if found is None and SPOOF in output:
        return SPOOF
    return ascii(output[max(0, found.start() - 60) : found.end() + 20]) if found else None
