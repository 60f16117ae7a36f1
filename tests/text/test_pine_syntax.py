"""What the offline check reports, to the column, and what it must never report."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinesync.model import Diagnostic
from pinesync.text.pine_syntax import Declaration, check, declaration, literal, tokens

HEAD = '//@version=5\nindicator("x")\n'


def only(source: str) -> Diagnostic:
    """The one finding."""
    (found,) = check(source)
    return found


def place(found: Diagnostic) -> tuple[int, int, int, int]:
    return found.line, found.column, found.end_line, found.end_column


@pytest.mark.parametrize(
    ("source", "expected", "word"),
    [
        ('a = 1\nx = """abc\nplot(x)', (2, 5, 2, 10), "unterminated string"),
        ("plot((1)", (1, 5, 1, 5), '"(" is never closed'),
        ("a = [1, 2", (1, 5, 1, 5), '"[" is never closed'),
        ("plot(1))", (1, 8, 1, 8), '")" closes nothing'),
        ("a = 1]", (1, 6, 1, 6), '"]" closes nothing'),
        ("plot(a[1)", (1, 9, 1, 9), '"]" is expected'),
        ("if a {", (1, 6, 1, 6), 'character "{"'),
        ("a = b & c", (1, 7, 1, 7), 'character "&"'),
        ("a = !b", (1, 5, 1, 5), 'character "!"'),
        ("a = #12", (1, 5, 1, 5), 'character "#"'),
        ("a = 1;", (1, 6, 1, 6), 'character ";"'),
        ("длина = 5", (1, 1, 1, 5), 'character "д"'),
        ("x = “a”", (1, 5, 1, 5), 'character "“"'),
        ("a = 1 +\n", (1, 7, 1, 7), 'after "+"'),
        ("a = b and // c\n\n", (1, 7, 1, 9), 'after "and"'),
        ("f(x) =>\n", (1, 6, 1, 7), 'after "=>"'),
        ("a = b ?", (1, 7, 1, 7), 'after "?"'),
    ],
)
def test_errors_have_exact_positions(
    source: str, expected: tuple[int, int, int, int], word: str
) -> None:
    found = check(source)[0]
    assert place(found) == expected
    assert found.message.startswith("Syntax error: ")
    assert word in found.message
    assert (found.severity, found.code) == ("error", "CE10156")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('x = "abc\nplot(x)', (1, 1, 1, 8)),
        ("x = 'it\\'s\n", (1, 1, 1, 10)),
        ('x = "', (1, 1, 1, 5)),
        ('a = 1\n  x = "abc\nplot(x)', (2, 1, 2, 10)),
        ('x = "abc\n"', (1, 1, 1, 8)),
        ('x = "abc\n   def\nghi"', (1, 1, 1, 8)),
        ('x = "abc\n\n   def\n\n"', (1, 1, 1, 8)),
        ('x = "abc\n   def', (1, 1, 1, 8)),
        ('x = "abc\\\nplot(x)', (1, 1, 1, 9)),
        ('f("a,\n     title="b")', (1, 1, 1, 5)),
        ('if x\n    f("a)\n    f("b")', (2, 1, 2, 9)),
        ('a = 1\rx = "b\rc = 1\r', (2, 1, 2, 6)),
    ],
)
def test_an_unterminated_string_is_reported_at_its_line(
    source: str, expected: tuple[int, int, int, int]
) -> None:
    found = check(source)[0]
    assert place(found) == expected
    assert found.message.startswith("Missing enclosing character in the literal string.")
    assert (found.severity, found.code) == ("error", "CE10017")


@pytest.mark.parametrize("source", ["", " \n\t\n", "// only words\n", "//@version=6\n"])
def test_a_text_without_a_statement_is_reported(source: str) -> None:
    message = "Script doesn't contain any statements"
    assert only(source) == Diagnostic("error", 1, 1, 1, 1, message, "CE10250")


def test_a_long_unterminated_string_is_one_error() -> None:
    """In linear time: no line is read again for each line before it."""
    assert len(check('x = "' + '\n \\"' * 100_000)) == 1
    assert len(check('x = "a\nb"\ny = "c\nd"\n')) == 1


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_counts_once(end: str) -> None:
    source = end.join(["//@version=5", 'indicator("x")', "", "\tplot(close))", ""])
    assert place(only(source)) == (4, 13, 4, 13)


def test_an_unterminated_string_excludes_its_crlf() -> None:
    assert place(only('a = "b\r\nc = 1\r\n')) == (1, 1, 1, 6)


def test_unicode_separators_do_not_end_a_line() -> None:
    assert place(only('a = "\u2028\x85\x0b\x0c" }')) == (1, 12, 1, 12)


def test_columns_are_counted_in_characters() -> None:
    assert place(only('a = "日本語 🔥" }')) == (1, 13, 1, 13)


def test_every_invalid_character_is_reported() -> None:
    assert [finding.column for finding in check("f(x) { return x }")] == [6, 17]


def test_at_most_a_hundred_errors_are_reported() -> None:
    assert len(check("{ " * 5000)) == 100


VALID = {
    "strings": """a = "// no comment" + 'it "is"' + "\\"(\\"" + '\\'[' + "\\\\" + "" + ''""",
    "comment": "a = 1 // it's \"(\n// {[(\n",
    "wrapped string": 'a = "one\n  two\n     three"',
    "a string wrapped by four": "a = 'one\n    two\n        three'",
    "a string wrapped by a tab": 'a = "one\n\ttwo\n \t three"',
    "a string with blank lines": 'a = "one\n\n   two\n\n\n\t"',
    "a string of many lines": 'a = "one' + "\n    more" * 500 + '"',
    "a wrapped quote": "a = 'one\n  \"two\" \\' ('",
    "blocks": 'a = """one "two" (\n{three\n"""\nb = \'\'\'it\'s\n\'\'\'\nc = """x\\""""',
    "colours": "a = #ff0000, b = #FF000080",
    "numbers": "a = .5 + 1. + 1e10 + 2.5E-3 + 0 + 1_000",
    "brackets": "plot(\n  a[b(1)[2]],\n\n// )\n  c)\n[d, e] = f()",
    "operators": "a := b == c ? d : e != f ? g : h\na += 1\na -= 1\na *= 2\na /= 2\na %= 2",
    "arrow": "f(x) => x <= 1 or x >= 2 and not (x < 0)",
    "generics": "var array<map<string, float>> a = array.new<map<string, float>>()",
    "blanks": "\ufeffa = 1\u00a0+ 2\t\u3000\n\x0c\n",
    "trailing dot": "a = 1.",
    "no last line end": "plot(close)",
}


@pytest.mark.parametrize("source", VALID.values(), ids=VALID)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_valid_pine_has_no_errors(source: str, end: str) -> None:
    assert check((HEAD + source).replace("\n", end)) == ()


@given(st.text())
def test_any_text_is_tokenized_to_its_end(source: str) -> None:
    found = tokens(source)
    assert all(source[item.start : item.end] == item.text for item in found)
    rest = list(source)
    for token in found:
        rest[token.start : token.end] = " " * len(token.text)
    assert not "".join(rest).strip(" \t\u200b\u200c\u200d\u200e\u200f\u2060\ufeff").strip()


@given(st.text(alphabet="a1 .\"'\\\n\r\t()[]{}/#=>é\u2028"))
def test_every_position_is_inside_the_text(source: str) -> None:
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for error in check(source):
        assert 1 <= error.line <= error.end_line <= len(lines)
        assert 1 <= error.column <= max(1, len(lines[error.line - 1]))
        assert (error.line, error.column) <= (error.end_line, error.end_column)


@given(st.text(alphabet=st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])))
def test_comments_and_escaped_strings_are_ignored(text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    source = f'{HEAD}a = "{quoted}" // {text}'
    assert check(source) == ()
    assert literal(f'"{quoted}"') == text


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('indicator("A")', Declaration("study", "A", None)),
        ('//@version=4\nstudy(title="A \\"B\\"", overlay=true)', Declaration("study", 'A "B"', 4)),
        ("// @version = 6\r\nstrategy('S')", Declaration("strategy", "S", 6)),
        ('//@version=6\nlibrary(\n  "L",\n  overlay = true)', Declaration("library", "L", 6)),
        ('// indicator("No")\nx = "indicator(1)"\nindicator("A")', Declaration("study", "A", None)),
        (
            'strategy.entry("x")\nstrategy(overlay=true, title="S")',
            Declaration("strategy", "S", None),
        ),
        ('indicator("A" + " " + "B", "C")', Declaration("study", "A B", None)),
        ("indicator(NAME)", Declaration("study", "", None)),
        ('indicator(shorttitle = f(title = "no"), title = "Да")', Declaration("study", "Да", None)),
        ("plot(close)", None),
        ('a = "', None),
        ("", None),
    ],
)
def test_the_declaration_is_read(source: str, expected: Declaration | None) -> None:
    assert declaration(source) == expected


def test_a_version_inside_a_string_is_ignored() -> None:
    declared = declaration('x = "//@version=5"\nindicator("A")')
    assert declared is not None
    assert declared.version is None
