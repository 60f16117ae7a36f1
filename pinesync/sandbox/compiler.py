"""The sandbox's compiler: what `pinesync.syntax` finds, and identifiers that nothing declares.

It never guesses. A name counts as declared wherever the script declares it, whatever the scope;
what follows a dot is not looked at; a version of Pine that the tables do not know is not judged.
So the real compiler finds more, and never less.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from pinesync import syntax
from pinesync.model import Diagnostic, Kind, Verdict
from pinesync.sandbox import builtins
from pinesync.syntax import Lines, Token

UNDECLARED = "CE10272"
UNVERSIONED = "CW10001"

_UNDECLARED_TEXT = 'Undeclared identifier "{identifier}"'
_UNVERSIONED_TEXT = "The script has no //@version annotation and is compiled as Pine Script v1"
_NO_CONTEXT: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding, as the service sends it: `template` with `{name}` places that `ctx` fills.
    Lines and columns count from 1, the end is inclusive."""

    code: str
    template: str
    ctx: Mapping[str, str]
    line: int
    column: int
    end_line: int
    end_column: int
    severity: Literal["error", "warning"] = "error"

    @property
    def message(self) -> str:
        """The template with its places filled."""
        text = self.template
        for name, value in self.ctx.items():
            text = text.replace("{" + name + "}", value)
        return text


@dataclass(frozen=True, slots=True)
class ScriptFacts:
    """What the service's lists tell of a source. `title` is empty where it is no literal."""

    kind: Kind
    title: str
    inputs_count: int


def compile_source(source: str) -> Verdict:
    """What the compiler says of a source, with its messages filled in."""
    found = find(source)
    return Verdict(
        errors=tuple(_diagnostic(one) for one in found if one.severity == "error"),
        warnings=tuple(_diagnostic(one) for one in found if one.severity == "warning"),
    )


def find(source: str) -> list[Finding]:
    """Errors in the order of the text, then warnings. Identifiers are only judged in a text
    without a syntax error."""
    found = syntax.tokens(source)
    version = syntax.version(found)
    errors = [_of_syntax(one) for one in syntax.check(source)]
    if not errors and (version is None or version <= builtins.NEWEST):
        errors = list(_undeclared(source, _Code.of(source, found), builtins.known(version)))
    return errors + ([_unversioned(source)] if version is None else [])


def is_old(source: str) -> bool:
    """Whether its version of Pine is below v5, or cannot be read."""
    version = syntax.version(syntax.tokens(source))
    return version is None or version < builtins.OLDEST


def describe(source: str) -> ScriptFacts:
    """Kind, title and number of inputs. A source without a declaration counts as a study."""
    declared = syntax.declaration(source)
    code = _Code.of(source, syntax.tokens(source))
    return ScriptFacts(
        kind=declared.kind if declared else "study",
        title=declared.title if declared else "",
        inputs_count=sum(_is_input(code, index) for index in range(len(code.tokens))),
    )


@dataclass(frozen=True, slots=True)
class _Code:
    """The tokens that mean something. `indents` holds the width before a token that begins a
    line, else -1; `closers` the partner of each opening bracket; `headers` the opening brackets
    of function declarations."""

    tokens: list[Token]
    indents: list[int] = field(default_factory=list)
    closers: dict[int, int] = field(default_factory=dict)
    headers: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, source: str, found: list[Token]) -> _Code:
        code = cls([])
        opened: list[int] = []
        line_start = 0
        for token in found:
            if token.kind == "newline":
                line_start = token.end
            elif token.kind != "comment":
                blank = source[line_start : token.start] if line_start >= 0 else "x"
                code.indents.append(-1 if blank.strip() else len(blank.expandtabs(4)))
                code.tokens.append(token)
                line_start = -1
                code._pair(opened)
        for start, end in code.closers.items():
            if code.text(end + 1) == "=>" and start and code.tokens[start - 1].kind == "name":
                code.headers.add(start)
        return code

    def _pair(self, opened: list[int]) -> None:
        index = len(self.tokens) - 1
        if self.tokens[index].kind == "open":
            opened.append(index)
        elif self.tokens[index].kind == "close" and opened:
            self.closers[opened.pop()] = index

    def text(self, index: int) -> str:
        """The token's text, empty outside of the source."""
        return self.tokens[index].text if 0 <= index < len(self.tokens) else ""

    def is_name(self, index: int) -> bool:
        return 0 <= index < len(self.tokens) and self.tokens[index].kind == "name"

    def line_end(self, index: int) -> int:
        """The index after the last token of the line that holds a token."""
        index += 1
        while index < len(self.tokens) and self.indents[index] < 0:
            index += 1
        return index


def _undeclared(source: str, code: _Code, known: frozenset[str]) -> Iterator[Finding]:
    passed = _passed(code)
    declared = known | _declared(code, passed)
    lines = Lines(source)
    for index, token in enumerate(code.tokens):
        if token.kind != "name" or token.text in declared or index in passed:
            continue
        if code.text(index - 1) != ".":
            context = {"identifier": token.text}
            place = lines.span(token.start, token.end)
            yield Finding(UNDECLARED, _UNDECLARED_TEXT, context, *place)


def _passed(code: _Code) -> set[int]:
    """The tokens that are no use of a name: imports, fields of types and enums, and the names of
    named arguments."""
    passed: set[int] = set()
    for index, indent in enumerate(code.indents):
        if indent < 0:
            continue
        if _is_import(code, index):
            passed.update(range(index, code.line_end(index)))
        elif _block_name(code, index):
            passed.update(_fields(code, index))
    passed.update(_argument_names(code))
    return passed


def _argument_names(code: _Code) -> Iterator[int]:
    """The names before `=` inside brackets, but for the parameters of a declaration."""
    in_header: list[bool] = []
    for index, token in enumerate(code.tokens):
        if token.kind == "open":
            in_header.append(index in code.headers)
        elif token.kind == "close":
            in_header.pop()
        elif code.text(index + 1) == "=" and in_header and not in_header[-1]:
            yield index


def _declared(code: _Code, passed: set[int]) -> set[str]:
    """Every name that the script itself declares, in whatever scope."""
    names: set[str] = set()
    for index, token in enumerate(code.tokens):
        if token.kind == "name":
            if code.text(index + 1) == "=" and index not in passed:
                names.add(token.text)
            elif token.text == "for":
                names.update(_loop_names(code, index))
        elif token.text == "[" and code.text(code.closers.get(index, -2) + 1) == "=":
            names.update(_names_between(code, index, code.closers[index]))
        if index in code.headers:
            names.add(code.text(index - 1))
            names.update(_parameters(code, index))
        if code.indents[index] >= 0:
            names.update(_of_line(code, index))
    return names


def _of_line(code: _Code, index: int) -> Iterator[str]:
    """What a line declares by its first words: the alias of an import, a type, an enum."""
    if _is_import(code, index):
        end = code.line_end(index)
        aliased = code.text(end - 2) == "as"
        yield code.text(end - 1 if aliased else end - 3)
    elif name := _block_name(code, index):
        yield name


def _loop_names(code: _Code, index: int) -> Iterator[str]:
    """The names between `for` and its `=` or `in`."""
    end = index + 1
    while end < len(code.tokens) and end < index + 8 and code.text(end) not in ("in", "="):
        end += 1
    if code.text(end) in ("in", "="):
        yield from _names_between(code, index, end)


def _names_between(code: _Code, start: int, end: int) -> Iterator[str]:
    for index in range(start + 1, end):
        if code.is_name(index):
            yield code.text(index)


def _parameters(code: _Code, header: int) -> Iterator[str]:
    """The parameters of a function: the last name of each item, before its default."""
    in_default, depth = False, 0
    for index in range(header + 1, code.closers[header]):
        kind, text = code.tokens[index].kind, code.text(index)
        depth += (kind == "open") - (kind == "close")
        if depth == 0 and text in (",", "="):
            in_default = text == "="
        if depth == 0 and not in_default and kind == "name" and code.text(index + 1) in _AFTER:
            yield text


_AFTER = ("=", ",", ")")


def _is_import(code: _Code, index: int) -> bool:
    """`import user/library/1`, with or without an alias; old scripts may use the word as a name."""
    if code.text(index) != "import" or code.text(index + 1) in ("", *"=:.([,"):
        return False
    return "/" in (code.text(at) for at in range(index, code.line_end(index)))


def _block_name(code: _Code, index: int) -> str:
    """The name of the type or enum that begins here, empty where none does."""
    if code.text(index) == "export":
        index += 1
    words = code.text(index) in ("type", "enum") and code.is_name(index + 1)
    ends = index + 2 >= len(code.tokens) or code.indents[index + 2] >= 0
    return code.text(index + 1) if words and ends else ""


def _fields(code: _Code, index: int) -> Iterator[int]:
    """The tokens of the fields below a type or enum, but for their default values."""
    start = code.line_end(index)
    while start < len(code.tokens) and code.indents[start] > code.indents[index]:
        end = code.line_end(start)
        for at in range(start, end):
            if code.text(at) == "=":
                break
            yield at
        start = end


def _is_input(code: _Code, index: int) -> bool:
    """Whether a call of `input` or `input.something` begins here."""
    if code.text(index) != "input" or code.text(index - 1) == ".":
        return False
    after = index + 3 if code.text(index + 1) == "." else index + 1
    return code.text(after) == "("


def _of_syntax(one: Diagnostic) -> Finding:
    """The message goes into `ctx` whole: it may hold a brace, which a template must not."""
    context = {"detail": one.message.removeprefix(syntax.PREFIX)}
    place = (one.line, one.column, one.end_line, one.end_column)
    return Finding(one.code, syntax.PREFIX + "{detail}", context, *place)


def _unversioned(source: str) -> Finding:
    line, column, end_line, end_column = Lines(source).span(0, 1)
    place = (line, column, end_line, end_column)
    return Finding(UNVERSIONED, _UNVERSIONED_TEXT, _NO_CONTEXT, *place, severity="warning")


def _diagnostic(one: Finding) -> Diagnostic:
    place = (one.line, one.column, one.end_line, one.end_column)
    return Diagnostic(one.severity, *place, one.message, one.code)
