"""Which characters of a source cause a warning, to the column, and which do not."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinesync.model import Diagnostic
from pinesync.text.canonical import canonical
from pinesync.text.unicode import character_name, escape_controls, invisible_characters
from tests.security.hostile import RAW

FLAG = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"

REORDER = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
UNSEEN = (
    *(0x00AD, 0x115F, 0x1160, 0x200B, 0x2060, 0x2061, 0x2062, 0x2063, 0x2064, 0x206A, 0x206F),
    *(0x3164, 0xFEFF, 0xFFA0, 0xFFF9, 0xFFFE, 0x1D173, 0xE0001, 0xE0041, 0xE007F),
)
JOIN = (0x034F, 0x200C, 0x200D, 0x180B, 0xFE00, 0xFE0F, 0xE0100)
CONTROL = (*range(9), *range(0x0B, 0x0D), *range(0x0E, 0x20), *range(0x7F, 0xA0), 0x2028, 0x2029)


def only(text: str) -> Diagnostic:
    (found,) = invisible_characters(text)
    return found


@pytest.mark.parametrize(
    ("numbers", "prefix", "code"),
    [
        (REORDER, "a character that reorders the text: ", "PS001"),
        (UNSEEN, "an invisible character: ", "PS002"),
        (JOIN, "an invisible character: ", "PS002"),
        (CONTROL, "a control character: ", "PS003"),
    ],
    ids=["reorders", "invisible", "joins", "control"],
)
def test_each_hidden_character_is_a_warning_with_its_position(
    numbers: tuple[int, ...], prefix: str, code: str
) -> None:
    for number in numbers:
        found = only(f"a = 1\nb = c{chr(number)}d\n")
        assert (found.severity, found.code) == ("warning", code), hex(number)
        assert (found.line, found.column, found.end_line, found.end_column) == (2, 6, 2, 6)
        assert found.message.startswith(f"{prefix}U+{number:04X}")


def test_a_hidden_character_is_named() -> None:
    assert only("\u202e").message == (
        "a character that reorders the text: U+202E RIGHT-TO-LEFT OVERRIDE"
    )
    assert only("\x1b[2J").message == "a control character: U+001B"
    assert character_name("\U000e0041") == "U+E0041 TAG LATIN CAPITAL LETTER A"


@pytest.mark.parametrize(
    "text",
    [
        "plot(close)\n\tx = 1\n",
        'label.new("größer naïve Ελληνικά Мой 日本語 한국어 हिन्दी")',
        'x = "\u05d0\u05d1 עברית العربية"',
        'x = "👩\u200d👩\u200d👧\u200d👦 ❤\ufe0f\u200d🔥 👍🏽 🇩🇪 🏳\ufe0f\u200d🌈"',
        f'x = "1\ufe0f\u20e3 #\ufe0f\u20e3 {FLAG} ©\ufe0f ™\ufe0f ▶\ufe0f"',
        'x = "می\u200cخواهم क्\u200dष 葛\U000e0100 ᠠ\u180b"',
        'x = "\u00a0\u2003\u3000 e\u0301 … “” → ▲ \ue000"',
        "",
    ],
)
def test_ordinary_scripts_and_emoji_cause_no_warning(text: str) -> None:
    assert invisible_characters(text) == ()
    assert invisible_characters(text * 50) == ()


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("a\u200db", [2]),
        ("\u200db", [1]),
        ("x = \u200c", [5]),
        ("\u3000\ufe0f", [2]),
        ("1\ufe0f", [2]),
        ("x\ufe0f\u20e3", [2]),
        ("👩\u200d\u200d👩", [3]),
        ("❤\ufe0f\ufe01\ufe02", [3, 4]),
        ("葛\U000e0100\U000e0101", [3]),
        ("\U0001f3f4\U000e0067\U000e007f", [2, 3]),
        ("🔥\U000e0067\U000e0062\U000e0065\U000e007f", [2, 3, 4, 5]),
        ("x\ufeff", [2]),
    ],
)
def test_a_joiner_that_joins_nothing_is_reported(text: str, columns: list[int]) -> None:
    found = invisible_characters("first\n" + text)
    assert [(finding.line, finding.column) for finding in found] == [
        (2, column) for column in columns
    ]


def test_a_leading_byte_order_mark_is_ignored() -> None:
    assert invisible_characters(canonical("\ufeffplot(close)")) == ()
    assert only(canonical("\ufeff\ufeffplot(close)")).column == 1


def test_a_run_of_hidden_characters_is_one_finding() -> None:
    found = only("ab\u200b\u200b\u200bcd")
    assert (found.column, found.end_column) == (3, 5)
    assert found.message.endswith("ZERO WIDTH SPACE, 3 times")
    assert [finding.code for finding in invisible_characters("\u200b\u202e\u200b")] == [
        "PS002",
        "PS001",
        "PS002",
    ]


def test_many_findings_are_cut_with_a_count() -> None:
    assert len(invisible_characters("a\u200b\n" * 20)) == 20
    found = invisible_characters("a\u200b\n" * 50)
    assert len(found) == 21
    assert found[-1].message == "and 30 more like these"
    assert (found[-1].line, found[-1].column) == (21, 2)


@given(st.text())
def test_every_position_is_inside_the_text(text: str) -> None:
    lines = canonical(text).split("\n")
    for finding in invisible_characters(canonical(text)):
        marked = lines[finding.line - 1][finding.column - 1 : finding.end_column]
        assert len(marked) == finding.end_column - finding.column + 1 > 0
        assert len(set(marked)) == 1
        assert RAW.match(marked) or unicodedata.category(marked[0]) in ("Cn", "Cf", "So")


def test_characters_that_cause_a_warning_are_escaped_in_output() -> None:
    for number in (*REORDER, *UNSEEN, *JOIN, *CONTROL):
        assert escape_controls(chr(number)) == f"\\u{{{number:x}}}"


def test_a_large_text_is_checked_quickly() -> None:
    for text in ("plot(close)\n", "plot('日本')\n", "a\u200b\u200c\ufe0f\U0001f3f4\n"):
        began = time.thread_time()
        invisible_characters(text * (2_000_000 // len(text)))
        assert time.thread_time() - began < 5
