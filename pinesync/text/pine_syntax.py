"""A small, conservative syntax check of Pine Script v4 to v6, without the service.

It reports only what no version of Pine accepts: unclosed strings, unmatched brackets, characters
that Pine does not know, a script that ends after an operator, and a script without statements. No
finding does not prove that a script compiles; a finding proves that it does not. The compiler's own
codes and messages are used where they are known.

Lines end with CRLF, LF or a lone CR, as on the service. `str.splitlines` is not used because it
also splits at characters that Pine keeps inside a line.

Long because the tokens and the rules that read them can only be understood together.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from pinesync.model import Diagnostic, Kind

CODE = "CE10156"
UNCLOSED = "CE10017"
EMPTY = "CE10250"
PREFIX = "Syntax error: "
_UNCLOSED_TEXT = (
    "Missing enclosing character in the literal string. Enclose literal strings using a set of "
    "quotation marks (\") or apostrophes (') on the same code line."
)
_EMPTY_TEXT = "Script doesn't contain any statements"

_EOL = re.compile(r"\r\n|\n|\r")
_WRAP = r"(?>\r\n|\n|\r)(?=\s)"
"""A line break inside a quoted string: the next line begins with white space or is blank.
Deprecated but valid."""


def _string(quote: str) -> str:
    """Match a quoted literal without its closing quote. An unclosed literal ends at the first line
    break that does not wrap. Possessive, and the same for closed and unclosed literals, so that
    hostile input is scanned at most twice."""
    plain = rf"[^{quote}\\\r\n]*+"
    part = rf"{plain}(?:\\(?:[^\r\n]|(?=[\r\n]|\Z)){plain})*+"
    return rf"(?!{quote}{{3}}){quote}{part}(?:{_WRAP}{part})*+"


def _block(quote: str) -> str:
    """Match a triple-quoted literal. Up to two more quotes may come right before the closing
    ones."""
    plain = rf"[^{quote}\\]*+"
    part = rf"{plain}(?:(?:\\[\s\S]|{quote}(?!{quote}{{2}})){plain})*"
    return rf"{quote}{{3}}{part}{quote}{{3,5}}+"


_TOKEN = re.compile(
    rf"""[ \t]*+(?:
      (?P<name>[A-Za-z_][A-Za-z0-9_]*+)
    | (?P<comment>//[^\r\n]*+)
    | (?P<number>0[xX][0-9A-Fa-f]++|(?:[0-9][0-9_]*+(?:\.[0-9_]*+)?|\.[0-9]++)(?:[eE][-+]?[0-9]++)?)
    | (?P<operator>=>|:=|[-+*/%<>=!]=|[-+*/%<>=?:,.])
    | (?P<open>[(\[])
    | (?P<close>[)\]])
    | (?P<newline>\r\n|\n|\r)
    | (?P<string>{_block('"')}|{_block("'")}|{_string('"')}"|{_string("'")}')
    | (?P<color>\#[0-9A-Fa-f]{{6}}(?:[0-9A-Fa-f]{{2}})?)
    | (?P<space>(?:[^\S\r\n]|[\u200b-\u200f\u2060\ufeff])++)
    | (?P<unclosed>(?:\"{{3}}|'{{3}})[\s\S]*+|{_string('"')}|{_string("'")})
    | (?P<foreign>[^\x00-\x7f]++|[\s\S])
    | \Z)""",
    re.VERBOSE,
)
_VERSION = re.compile(r"//[ \t]*@version[ \t]*=[ \t]*([0-9]{1,4})(?![0-9])")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_PAIR = {")": "(", "]": "["}
_OTHER = {")": "]", "]": ")"}
_DECLARES: dict[str, Kind] = {
    "indicator": "study",
    "study": "study",
    "strategy": "strategy",
    "library": "library",
}
_INCOMPLETE = re.compile(r"[-+*/%<>=?:.]|[-+*/%<>=!:]=|=>|and|or|not")
_BETWEEN = ("comment", "newline")
_TRIPLES = ('"""', "'''")
_MAX_PROBLEMS = 100
"""The most problems to report, for input that is not Pine at all."""
MAX_CHARS = 512 * 1024
"""Larger sources are left to the service, which accepts 5 MB. Here a token of one character takes a
hundred bytes."""


class Token(NamedTuple):
    """A piece of source. `kind` is name, number, string, color, operator, open, close, comment,
    newline, unclosed (a string, up to the end of its last wrapped line) or foreign (not Pine).
    `start` is the offset of its first character."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """The offset after its last character."""
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class Declaration:
    """A script's declaration call. `title` is empty unless it is a literal. `version` is the number
    in `//@version=N`, or None."""

    kind: Kind
    title: str
    version: int | None


class Lines:
    """Convert offsets in a source into lines and columns, counted from 1."""

    def __init__(self, source: str) -> None:
        self._starts = [0, *(match.end() for match in _EOL.finditer(source))]

    def at(self, offset: int) -> tuple[int, int]:
        """The line and column of the character at an offset."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def span(self, start: int, end: int) -> tuple[int, int, int, int]:
        """Line, column, end line and end column of source[start:end], end inclusive."""
        return (*self.at(start), *self.at(max(start, end - 1)))


def scan(source: str) -> Iterator[Token]:
    """Yield all tokens in order, including comments and line ends but not blanks. Never fails:
    input that is not Pine becomes `unclosed` and `foreign`."""
    for match in _TOKEN.finditer(source):
        kind = match.lastgroup
        if kind is not None and kind != "space":
            yield Token(kind, match[kind], match.start(kind))


def tokens(source: str) -> list[Token]:
    """All tokens as a list."""
    return list(scan(source))


class Problem(NamedTuple):
    """A problem in source[start:end]. `ends` is true if the source stops too early."""

    start: int
    end: int
    message: str
    code: str = CODE
    ends: bool = False


def check(source: str) -> tuple[Diagnostic, ...]:
    """Errors that every version of Pine reports, in source order. Empty if there are none or the
    source is longer than MAX_CHARS."""
    if not (errors := problems(source)):
        return ()
    lines = Lines(source)
    return tuple(
        Diagnostic("error", *lines.span(problem.start, problem.end), problem.message, problem.code)
        for problem in errors
    )


def problems(source: str) -> list[Problem]:
    """The same errors, by offset.

    After damaged strings and foreign characters, brackets prove nothing; after the first unclosed
    string, nothing does. Only the first unmatched bracket is reported.
    """
    if len(source) > MAX_CHARS:
        return []
    script_tokens = tokens(source)
    return (
        list(islice(_lexical(source, script_tokens), _MAX_PROBLEMS))
        or list(_bracket(script_tokens))
        or list(_ending(script_tokens))
    )


def declaration(source: str) -> Declaration | None:
    """The script's declaration: the first call of `indicator`, `study`, `strategy` or `library`
    outside brackets, comments and strings. None if the first MAX_CHARS have none."""
    script_tokens = tokens(source[:MAX_CHARS])
    code = [token for token in script_tokens if token.kind not in _BETWEEN]
    depth = 0
    for index, token in enumerate(code[:-1]):
        if token.kind == "open":
            depth += 1
        elif token.kind == "close":
            depth -= 1
        elif token.text in _DECLARES and depth == 0 and _is_call(code, index):
            kind = _DECLARES[token.text]
            return Declaration(kind, _title(code, index + 2), version(script_tokens))
    return None


def is_wrapped(token: Token) -> bool:
    """Whether a single-quoted or double-quoted string wraps onto another line, which is
    deprecated."""
    plain = token.kind == "string" and token.text[:3] not in _TRIPLES
    return plain and _EOL.search(token.text) is not None


def version(script_tokens: Iterable[Token]) -> int | None:
    """The number in the first `//@version=N` among the tokens, or None."""
    for token in script_tokens:
        if token.kind == "comment" and "version" in token.text:
            match = _VERSION.match(token.text)
            if match:
                return int(match[1])
    return None


def literal(text: str) -> str:
    """The value of a string token: unquoted, with escapes resolved and wrapped lines joined."""
    if text[:3] in ('"""', "'''") and len(text) >= 6:
        body = text[3:-3]
    else:
        body = re.sub(r"(?:\r\n|\n|\r)[ \t]*", " ", text[1:-1])
    return _ESCAPE.sub(lambda match: _ESCAPES.get(match[1], match[1]), body)


def _wrong(token: Token, what: str) -> Problem:
    return Problem(token.start, token.end, PREFIX + what)


def _lexical(source: str, script_tokens: list[Token]) -> Iterator[Problem]:
    for index, token in enumerate(script_tokens):
        if token.kind == "unclosed":
            yield _unclosed(source, script_tokens, index)
            return
        elif token.kind == "foreign":
            yield _wrong(token, f'unexpected character "{token.text[0]}"')


def _unclosed(source: str, script_tokens: list[Token], index: int) -> Problem:
    """The line of the string to blame. If an earlier string seems to wrap onto this line, that one
    lacks its closing quote, and the quote here was meant to open another string."""
    blamed = script_tokens[index]
    if blamed.text[:3] in _TRIPLES:
        return Problem(blamed.start, _first_line(blamed), PREFIX + "unterminated string")
    for earlier in reversed(script_tokens[max(0, index - 50) : index]):
        if earlier.kind == "newline":
            break
        if is_wrapped(earlier):
            blamed = earlier
            break
    before = max(source.rfind(end, 0, blamed.start) for end in "\r\n")
    return Problem(before + 1, _first_line(blamed), _UNCLOSED_TEXT, UNCLOSED)


def _first_line(token: Token) -> int:
    """The offset where the token's first line ends."""
    match = _EOL.search(token.text)
    return token.start + match.start() if match else token.end


def _bracket(script_tokens: list[Token]) -> Iterator[Problem]:
    """The first bracket that does not match, if any."""
    opened: list[Token] = []
    for token in script_tokens:
        if token.kind == "open":
            opened.append(token)
        elif token.kind == "close":
            if not opened:
                yield _wrong(token, f'"{token.text}" closes nothing')
                return
            if opened.pop().text != _PAIR[token.text]:
                wanted = f'"{_OTHER[token.text]}" is expected'
                yield _wrong(token, f'unexpected "{token.text}", {wanted}')
                return
    if opened:
        yield _wrong(opened[-1], f'"{opened[-1].text}" is never closed')


def _ending(script_tokens: list[Token]) -> Iterator[Problem]:
    """A script without statements, or one that ends where an operand must follow."""
    last = next((token for token in reversed(script_tokens) if token.kind not in _BETWEEN), None)
    if last is None:
        yield Problem(0, 1, _EMPTY_TEXT, EMPTY)
    elif _INCOMPLETE.fullmatch(last.text):
        message = f'{PREFIX}unexpected end of the script after "{last.text}"'
        yield Problem(last.start, last.end, message, ends=True)


def _is_call(code: list[Token], index: int) -> bool:
    before = code[index - 1].text if index else ""
    return code[index + 1].text == "(" and before != "."


def _title(code: list[Token], index: int) -> str:
    """The title among the arguments that start at `index`: the first, or the one named title."""
    depth, first = 0, True
    while index < len(code) and depth >= 0:
        token = code[index]
        if depth == 0 and first and token.kind == "string":
            return _join_strings(code, index)
        if depth == 0 and token.text == "title" and _text(code, index + 1) == "=":
            return _join_strings(code, index + 2)
        depth += (token.kind == "open") - (token.kind == "close")
        first = False
        index += 1
    return ""


def _join_strings(code: list[Token], index: int) -> str:
    """The value of one literal, or of several joined with `+`; empty for another expression."""
    parts = []
    while index < len(code) and code[index].kind == "string":
        parts.append(literal(code[index].text))
        if _text(code, index + 1) in (",", ")"):
            return "".join(parts)
        if _text(code, index + 1) != "+":
            return ""
        index += 2
    return ""


def _text(code: list[Token], index: int) -> str:
    return code[index].text if index < len(code) else ""
