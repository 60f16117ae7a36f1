"""The structure of a Pine source that tokens alone reveal: lines, brackets, calls and declarations.
It never guesses: a name counts as declared in every scope."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from pinesync.text import pine_syntax
from pinesync.text.pine_syntax import Token


@dataclass(frozen=True, slots=True)
class Code:
    """The tokens without comments and line ends. `indents` is the indentation of a token that
    begins a line, -1 for any other. `depths` is how many brackets are open before each token.
    `closers` maps each opening bracket to its closing one. `headers` are the opening brackets of
    function declarations."""

    tokens: list[Token]
    indents: list[int] = field(default_factory=list)
    depths: list[int] = field(default_factory=list)
    closers: dict[int, int] = field(default_factory=dict)
    headers: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, source: str, tokens: list[Token] | None = None) -> Code:
        """Build it from a source. `tokens` are the source's tokens, if already known."""
        code = cls([])
        opened: list[int] = []
        line_start = 0
        for token in pine_syntax.tokens(source) if tokens is None else tokens:
            if token.kind == "newline":
                line_start = token.end
            elif token.kind != "comment":
                blank = source[line_start : token.start] if line_start >= 0 else "x"
                code.indents.append(-1 if blank.strip() else len(blank.expandtabs(4)))
                code.depths.append(len(opened))
                code.tokens.append(token)
                line_start = -1
                code._pair(opened)
        for start, end in code.closers.items():
            named = code.is_name(start - 1) and code.text(start - 2) != "."
            if named and code.text(end + 1) == "=>":
                code.headers.add(start)
        return code

    def _pair(self, opened: list[int]) -> None:
        index = len(self.tokens) - 1
        if self.tokens[index].kind == "open":
            opened.append(index)
        elif self.tokens[index].kind == "close" and opened:
            self.closers[opened.pop()] = index

    def text(self, index: int) -> str:
        """The token's text; empty if the index is out of range."""
        return self.tokens[index].text if 0 <= index < len(self.tokens) else ""

    def is_name(self, index: int) -> bool:
        return 0 <= index < len(self.tokens) and self.tokens[index].kind == "name"

    def begins_statement(self, index: int) -> bool:
        """Whether the token begins a top-level statement."""
        return self.indents[index] == 0 and self.depths[index] == 0

    def chain_end(self, index: int) -> int:
        """The index of the last name in the dotted name that begins here."""
        while self.text(index + 1) == "." and self.is_name(index + 2):
            index += 2
        return index

    def is_called(self, index: int) -> bool:
        """Whether `(` follows on the same line."""
        return self.text(index + 1) == "(" and self.indents[index + 1] < 0

    def line_end(self, index: int) -> int:
        """The index after the last token of this token's line."""
        index += 1
        while index < len(self.tokens) and self.indents[index] < 0:
            index += 1
        return index


def passed_names(code: Code) -> set[int]:
    """Name tokens that do not refer to a declared name: imports, fields of types and enums, and
    argument names."""
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


def _argument_names(code: Code) -> Iterator[int]:
    """The names before `=` inside brackets, except parameters of a function declaration."""
    in_header: list[bool] = []
    for index, token in enumerate(code.tokens):
        if token.kind == "open":
            in_header.append(index in code.headers)
        elif token.kind == "close" and in_header:
            in_header.pop()
        elif code.text(index + 1) == "=" and in_header and not in_header[-1]:
            yield index


class Call(NamedTuple):
    """A call: its dotted name, and the indices of its first name and its brackets."""

    name: str
    start: int
    opened: int
    closed: int


def calls(code: Code) -> Iterator[Call]:
    """Every call of a function or method, in source order."""
    for index, token in enumerate(code.tokens):
        if token.kind == "name" and code.text(index - 1) != ".":
            end = code.chain_end(index)
            if code.text(end + 1) == "(" and end + 1 in code.closers:
                name = "".join(code.text(at) for at in range(index, end + 1))
                yield Call(name, index, end + 1, code.closers[end + 1])


def arguments(code: Code, call: Call) -> dict[int | str, range]:
    """The tokens of each argument, by name if it has one, else by position."""
    args: dict[int | str, range] = {}
    start, inside = call.opened + 1, code.depths[call.opened] + 1
    for index in range(start, call.closed + 1):
        ends = index == call.closed or (code.text(index) == "," and code.depths[index] == inside)
        if ends and index > start:
            if code.is_name(start) and code.text(start + 1) == "=":
                args[code.text(start)] = range(start + 2, index)
            else:
                args[len(args)] = range(start, index)
        if ends:
            start = index + 1
    return args


@dataclass(frozen=True, slots=True)
class Declared:
    """The script's own declarations, in any scope. `values` are variables and parameters, `blocks`
    are types, enums and libraries, `functions` maps each function to its first header."""

    values: set[str] = field(default_factory=set)
    blocks: set[str] = field(default_factory=set)
    functions: dict[str, int] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.values or name in self.blocks or name in self.functions


def declared_names(code: Code, passed: set[int]) -> Declared:
    declared = Declared()
    for index, token in enumerate(code.tokens):
        if token.kind == "name":
            if code.text(index + 1) == "=" and index not in passed:
                declared.values.add(token.text)
            elif token.text == "for":
                declared.values.update(_loop_names(code, index))
        elif token.text == "[" and code.text(code.closers.get(index, -2) + 1) == "=":
            declared.values.update(_names_between(code, index, code.closers[index]))
        if index in code.headers:
            declared.functions.setdefault(code.text(index - 1), index)
            declared.values.update(_parameters(code, index))
        if code.indents[index] >= 0:
            declared.blocks.update(_of_line(code, index))
    return declared


def _of_line(code: Code, index: int) -> Iterator[str]:
    """The name that an import, type or enum on this line declares, if any."""
    if _is_import(code, index):
        end = code.line_end(index)
        aliased = code.text(end - 2) == "as"
        yield code.text(end - 1 if aliased else end - 3)
    elif name := _block_name(code, index):
        yield name


def _loop_names(code: Code, index: int) -> Iterator[str]:
    """The names between `for` and its `=` or `in`."""
    end = index + 1
    while end < len(code.tokens) and end < index + 8 and code.text(end) not in ("in", "="):
        end += 1
    if code.text(end) in ("in", "="):
        yield from _names_between(code, index, end)


def _names_between(code: Code, start: int, end: int) -> Iterator[str]:
    for index in range(start + 1, end):
        if code.is_name(index):
            yield code.text(index)


def _parameters(code: Code, header: int) -> Iterator[str]:
    """A function's parameters: in each item, the last name before the default."""
    in_default, depth = False, 0
    for index in range(header + 1, code.closers[header]):
        kind, text = code.tokens[index].kind, code.text(index)
        depth += (kind == "open") - (kind == "close")
        if depth == 0 and text in (",", "="):
            in_default = text == "="
        if depth == 0 and not in_default and kind == "name" and code.text(index + 1) in _AFTER:
            yield text


_AFTER = ("=", ",", ")")


def _is_import(code: Code, index: int) -> bool:
    """Whether `import user/library/1` begins here. Old scripts may use `import` as a name."""
    if code.text(index) != "import" or code.text(index + 1) in ("", *"=:.([,"):
        return False
    return "/" in (code.text(at) for at in range(index, code.line_end(index)))


def _block_name(code: Code, index: int) -> str:
    """The name of the type or enum that begins here, or empty."""
    if code.text(index) == "export":
        index += 1
    words = code.text(index) in ("type", "enum") and code.is_name(index + 1)
    ends = index + 2 >= len(code.tokens) or code.indents[index + 2] >= 0
    return code.text(index + 1) if words and ends else ""


def _fields(code: Code, index: int) -> Iterator[int]:
    """The tokens of a type's or enum's fields, without default values."""
    start = code.line_end(index)
    while start < len(code.tokens) and code.indents[start] > code.indents[index]:
        end = code.line_end(start)
        for at in range(start, end):
            if code.text(at) == "=":
                break
            yield at
        start = end
