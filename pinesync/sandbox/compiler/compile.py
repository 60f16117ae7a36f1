"""The sandbox's compiler: syntax errors from `text.pine_syntax`, undeclared names, and a few errors
that the source alone proves.

It never guesses: names are not checked in a version of Pine that the tables do not cover. The real
compiler finds every error found here, and more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pinesync.model import Kind, Verdict
from pinesync.sandbox.compiler import builtins
from pinesync.sandbox.compiler.diagnostic import Finding
from pinesync.sandbox.compiler.metainfo import count_inputs
from pinesync.sandbox.compiler.undeclared import unknown_names
from pinesync.text import pine_syntax
from pinesync.text.pine_syntax import Lines, Token
from pinesync.text.source_structure import Code, calls, declared_names, passed_names

WRAPPED = "CW10001"
WRONG_TYPE = "CE10123"

_INPUT_TEXT = "Syntax error at input {value}"
_LINE_END = "end of line without line continuation"
_LONGEST = 40
"""How many characters of the source a syntax error quotes."""
_WRAPPED_TEXT = (
    "Defining a string enclosed in a single pair of quotation marks (\") or apostrophes (') across "
    "multiple lines is deprecated. Split the string into smaller strings and concatenate them with "
    'the `+` operator instead ("like " + "this"). Alternatively, to create a multiline string, '
    "enclose the text in three pairs of apostrophes ('''like this''') or quotation marks "
    '("""like this""").'
)
_WRONG_TYPE_TEXT = (
    'Cannot call "{funId}" with argument "{argDisplayName}"="{argUserFriendlyRepresentation}". '
    'An argument of "{argumentType}" type was used but a "{currentTypeDocStr}" {typePostfix} is '
    "expected."
)
_NUMERIC = {"plot": "series", "math.abs": "number", "ta.ema": "source", "ta.sma": "source"}
"""Functions whose first argument must be a number, not a bool, and the argument's name."""


@dataclass(frozen=True, slots=True)
class ScriptFacts:
    """The facts about a source that the service lists. `title` is empty unless it is a literal."""

    kind: Kind
    title: str
    inputs_count: int


def compile_source(source: str) -> Verdict:
    """Compile a source. The verdict's messages have their placeholders filled."""
    diagnostics = [diagnostic.diagnostic for diagnostic in find(source)]
    return Verdict(
        errors=tuple(diagnostic for diagnostic in diagnostics if diagnostic.severity == "error"),
        warnings=tuple(
            diagnostic for diagnostic in diagnostics if diagnostic.severity == "warning"
        ),
    )


def find(source: str) -> list[Finding]:
    """Errors in source order, then warnings. Names are checked only if there is no syntax error. A
    source longer than `pine_syntax.MAX_CHARS` has no findings."""
    if len(source) > pine_syntax.MAX_CHARS:
        return []
    tokens = pine_syntax.tokens(source)
    version = pine_syntax.version(tokens)
    errors = [_of_syntax(source, problem) for problem in pine_syntax.problems(source)]
    if not errors and (version is None or version <= builtins.NEWEST):
        code = Code.of(source, tokens)
        errors = [*unknown_names(source, code, version)]
        if version == builtins.NEWEST:
            errors = sorted((*errors, *_truth_values(source, code)), key=_place)
    return [*errors, *_wrapped(source, tokens, version)]


def is_old(source: str) -> bool:
    """Whether the source's Pine version is below v5 or cannot be parsed."""
    version = pine_syntax.version(pine_syntax.scan(source))
    return version is None or version < builtins.OLDEST


def describe(source: str) -> ScriptFacts:
    """Kind, title and number of inputs. A source without a declaration counts as a study."""
    declared = pine_syntax.declaration(source)
    return ScriptFacts(
        kind=declared.kind if declared else "study",
        title=declared.title if declared else "",
        inputs_count=count_inputs(source),
    )


def _of_syntax(source: str, problem: pine_syntax.Problem) -> Finding:
    """The compiler's finding for a problem of the syntax check."""
    if problem.code == pine_syntax.EMPTY:
        return Finding(problem.code, problem.message, {}, None)
    span = Lines(source).span(problem.start, problem.end)
    if problem.code == pine_syntax.UNCLOSED:
        return Finding(problem.code, problem.message, {}, span)
    text = _LINE_END if problem.ends else source[problem.start : problem.end]
    return Finding(problem.code, _INPUT_TEXT, {"value": f'"{text[:_LONGEST]}"'}, span)


def _wrapped(source: str, tokens: list[Token], version: int | None) -> Iterator[Finding]:
    """Quoted strings that span several lines, reported at the start of their first line. In v5
    these warnings have no code."""
    lines, code = Lines(source), "" if version == builtins.OLDEST else WRAPPED
    for token in tokens:
        if pine_syntax.is_wrapped(token):
            line, _ = lines.at(token.start)
            yield Finding(code, _WRAPPED_TEXT, {}, (line, 1, line, 1), "warning")


def _truth_values(source: str, code: Code) -> Iterator[Finding]:
    """Bool literals where a number is expected. These findings have a bool in `ctx`."""
    lines = Lines(source)
    for call in calls(code):
        value, behind = code.text(call.opened + 1), code.text(call.opened + 2)
        if call.name not in _NUMERIC or value not in ("true", "false") or behind not in (",", ")"):
            continue
        if call.name.partition(".")[0] in declared_names(code, passed_names(code)):
            continue
        ctx: dict[str, str | int | bool] = {
            "argDisplayName": _NUMERIC[call.name],
            "argUserFriendlyRepresentation": value == "true",
            "argumentType": "literal bool",
            "currentTypeDocStr": "series float",
            "funId": call.name,
            "typePostfix": "",
        }
        place = code.tokens[call.opened + 1]
        yield Finding(WRONG_TYPE, _WRONG_TYPE_TEXT, ctx, lines.span(place.start, place.end))


def _place(finding: Finding) -> tuple[int, ...]:
    return finding.span or ()
