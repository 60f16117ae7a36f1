"""Find names that neither the script nor Pine declares.

The check never guesses: the real compiler finds every error found here, and more. If the script
declares the first part of a dotted name, the rest is not checked: those are fields, methods or
members of a library.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pinesync.sandbox.compiler import builtins
from pinesync.sandbox.compiler.diagnostic import Finding
from pinesync.text.pine_syntax import Lines
from pinesync.text.source_structure import Code, Declared, declared_names, passed_names

UNDECLARED = "CE10272"
NOT_FOUND = "CE10271"

_UNDECLARED_TEXT = 'Undeclared identifier "{identifier}"'
_NOT_FOUND_TEXT = "Could not find {kind} '{fullName}'"
_FUNCTION = "function or function reference"
_METHOD = "method or method reference"


class _Use(NamedTuple):
    """A dotted name: the indices of its first and last token, and whether it is called."""

    names: tuple[str, ...]
    start: int
    end: int
    called: bool

    @property
    def full(self) -> str:
        return ".".join(self.names)


def unknown_names(source: str, code: Code, version: int | None) -> Iterator[Finding]:
    """Findings in source order. Members and non-functions are checked only from v5 on."""
    passed = passed_names(code)
    declared, known = declared_names(code, passed), builtins.known(version)
    modern = version is not None and version >= builtins.OLDEST
    local = _in_functions(code)
    lines = Lines(source)

    def finding(code_: str, text: str, ctx: dict[str, str], first: int, last: int) -> Finding:
        start, end = code.tokens[first].start, code.tokens[last].end
        return Finding(code_, text, ctx, lines.span(start, end))

    def undeclared(use: _Use, last: int, name: str) -> Finding:
        return finding(UNDECLARED, _UNDECLARED_TEXT, {"identifier": name}, use.start, last)

    def not_found(use: _Use, first: int, kind: str = _FUNCTION) -> Finding:
        ctx = {"kind": kind, "fullName": use.full}
        return finding(NOT_FOUND, _NOT_FOUND_TEXT, ctx, first, use.end)

    for use in _uses(code, passed):
        root, bare = use.names[0], len(use.names) == 1
        if root in declared:
            if bare and use.called and _is_no_function(declared, code, use, local):
                yield not_found(use, use.start)
        elif root not in known:
            if bare and use.called:
                yield not_found(use, use.start)
                continue
            yield undeclared(use, use.start, root)
            if use.called:
                yield not_found(use, use.end - 1, _METHOD)
        elif modern and use.called and (_is_missing(use, declared) or _is_value(use)):
            yield not_found(use, use.start)
        elif modern and not use.called and _is_missing(use, declared):
            yield undeclared(use, use.end, use.full)


def _uses(code: Code, passed: set[int]) -> Iterator[_Use]:
    for index, token in enumerate(code.tokens):
        if token.kind == "name" and index not in passed and code.text(index - 1) != ".":
            end = code.chain_end(index)
            if code.text(end + 1) == "<" and token.text in builtins.TYPES:
                continue  # a generic type, as in array.new<float>()
            names = tuple(code.text(at) for at in range(index, end + 1, 2))
            called = code.is_called(end) and end + 1 not in code.headers
            yield _Use(names, index, end, called)


def _is_no_function(declared: Declared, code: Code, use: _Use, local: set[int]) -> bool:
    """Whether a declared name cannot be called here, because it is a variable or a function that is
    declared later. Calls inside functions may come before the declaration."""
    name = use.names[0]
    if name in builtins.FUNCTIONS or name in declared.blocks:
        return False
    header = declared.functions.get(name)
    if header is None:
        return True
    follows = use.end < header and name not in declared.values
    return follows and use.start not in local and _stands_alone(code, header)


def _stands_alone(code: Code, header: int) -> bool:
    """Whether the function is declared at top level. A case of `switch` is not."""
    start = header - 1
    while start > 0 and code.indents[start] < 0:
        start -= 1
    return code.begins_statement(start)


def _in_functions(code: Code) -> set[int]:
    """The tokens of all function declarations, from first to last."""
    indexes: set[int] = set()
    start = 0
    for index in range(len(code.tokens) + 1):
        if index == len(code.tokens) or code.begins_statement(index):
            if any(header in code.headers for header in range(start, min(start + 4, index))):
                indexes.update(range(start, index))
            start = index
    return indexes


def _is_value(use: _Use) -> bool:
    """Whether it is a built-in variable or constant, not a function."""
    return use.full in builtins.VALUES and use.full not in builtins.FUNCTIONS


def _is_missing(use: _Use, declared: Declared) -> bool:
    """Whether a built-in namespace lacks this member. A built-in value can have the script's
    methods as members."""
    full = use.full
    if len(use.names) == 1 or full in builtins.FUNCTIONS or full in builtins.VALUES:
        return False
    path, _, member = full.rpartition(".")
    if path not in builtins.NAMESPACES or full in builtins.NAMESPACES or full in builtins.TYPES:
        return False
    return not (path in builtins.VALUES and member in declared.functions)
