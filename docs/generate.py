"""The generated parts of docs/reference, as Markdown; cog calls these (`make docs`)."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import fields
from typing import get_args, get_type_hints

import click

from pinesync import errors, model
from pinesync.app.probe.facts import FACTS
from pinesync.cli.group import group
from pinesync.sandbox import faults as going_wrong
from pinesync.sandbox.routes import ROUTES
from pinesync.sync.policy import NEVER, POLICY, LocalSide, RemoteSide
from pinesync.tradingview.client import PineClient

VALUES = (
    model.Version,
    model.ScriptInfo,
    model.SavedText,
    model.Verdict,
    model.Diagnostic,
    model.SaveAnswer,
    model.Account,
)
Names = AbstractSet[str | None]


def verbs() -> str:
    """Every verb with its help; the options that all of them take come first, once."""
    context = click.Context(group, info_name="pinesync")
    names = {parameter.name for parameter in group.params if parameter.name != "version"}
    parts = ["## Options of every verb\n", *_options(group, names)]
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        parts += _verb(command, f"pinesync {name}", names, "##")
    return _block(parts)


def _verb(command: click.Command, name: str, shared: Names, level: str) -> Iterator[str]:
    context = click.Context(command, info_name=name)
    yield f"\n{level} {name.removeprefix('pinesync ')}\n"
    yield f"    {name} {' '.join(command.collect_usage_pieces(context))}\n"
    yield inspect.cleandoc(command.help or "")
    own = {parameter.name for parameter in command.params} - shared
    if own & {p.name for p in command.params if isinstance(p, click.Option)}:
        yield ""
        yield from _options(command, own)
    examples = getattr(command, "examples", ())
    if examples:
        yield "\n" + "\n".join(f"    {line}" for line in examples)
    if isinstance(command, click.Group):
        for below in sorted(command.commands):
            yield from _verb(command.commands[below], f"{name} {below}", shared, "###")


def _options(command: click.Command, names: Names) -> Iterator[str]:
    yield "| option | |\n|---|---|"
    for option in command.params:
        if isinstance(option, click.Option) and option.name in names:
            spelt = ", ".join(f"`{word}{_value(option)}`" for word in option.opts)
            default = f" (default: {option.default})" if option.show_default else ""
            yield _row(spelt, (option.help or "") + default)


def _value(option: click.Option) -> str:
    if option.is_flag or option.count:
        return ""
    if isinstance(option.type, click.Choice):
        return " " + "|".join(map(str, option.type.choices))
    return " " + (option.metavar or ("N" if "integer" in option.type.name else "TEXT"))


def policy() -> str:
    """The table that pull and push follow; a side that makes no difference is "any"."""
    lines = ["| local | TradingView | word | pull | push |", "|---|---|---|---|---|"]
    for (local, there), row in POLICY.items():
        alike = {POLICY.get((local, other)) for other in RemoteSide} == {row}
        if not alike or there is next(iter(RemoteSide)):
            side = "any" if alike else there.value
            word = f"**{row.word}**"
            lines.append(_row(local.value, side, word, row.pull.value, row.push.value))
    return _block(lines)


def never() -> str:
    """The pairs that cannot occur, by reason."""
    lines = ["| local | TradingView | why not |", "|---|---|---|"]
    for local in LocalSide:
        reasons = {why: None for (here, _), why in NEVER.items() if here is local}
        for why in reasons:
            sides = [t.value for (here, t), said in NEVER.items() if (here, said) == (local, why)]
            lines.append(_row(local.value, "; ".join(sides), why))
    return _block(lines)


def exits() -> str:
    """Every exit code with its errors, and the precedence of codes."""
    codes = sorted(value for name, value in vars(errors).items() if name.startswith("EXIT_"))
    lines = ["| code | errors of that kind |", "|---|---|"]
    for code in codes:
        kinds = [
            f"`{kind.__name__}`"
            for kind in vars(errors).values()
            if isinstance(kind, type) and issubclass(kind, errors.PinesyncError)
            if kind.exit_code == code
        ]
        lines.append(_row(str(code), ", ".join(kinds) or "–"))
    order = sorted(codes, key=lambda code: sum(errors.gravest(code, c) != code for c in codes))
    return _block([*lines, "", f"Of several, the first of: {', '.join(map(str, order))}."])


def tree() -> str:
    """The tree of errors, as drawn in `pinesync.errors`."""
    drawn = re.search(r"^ *PinesyncError.*?(?=\n\n|\Z)", errors.__doc__ or "", re.S | re.M)
    assert drawn
    return _block(["```text", textwrap.dedent(drawn[0]).rstrip(), "```"])


_KINDS = {
    "429": "too many requests; `seconds` is what Retry-After says",
    "500": "an internal error of the service",
    "503": "the service is temporarily unavailable",
    "html": "a bot-check page, with status 200 or `status`",
    "html-login": "the sign-in page, with status 200 or `status`",
    "redirect": "a 302 redirect to the sign-in page",
    "empty": "an empty response body",
    "garbage": "truncated JSON",
    "answer": "an empty response with `status`; from Python, any body",
    "reset": "the connection is reset",
    "hang": "no response for `seconds`, by default ten minutes",
    "truncate": "a response shorter than its Content-Length",
    "slow": "a response after `seconds`, by default five",
    "expire": "the session expires",
    "delay": "the response is lost as `then` says (default: `reset`), and the save is stored after "
    "`later` further requests, or never",
    "foreign": "the web editor saves the script, with `source` or a small edit; before a "
    "`save_new` it creates one of that name",
    "foreign-rename": "the web editor renames the script to `name`",
    "foreign-delete": "the web editor deletes the script",
}
_SWITCHES = {
    "eol": "the line endings of a source that is read",
    "text": "how a save changes the text: not at all, by removing final line breaks, adding one, "
    "or replacing each tab with four spaces",
    "dead_session_writes": "how a write is refused without a session",
    "unknown_id": "the status for an unknown script",
    "failed_save_has_result": "whether the response to a text that does not compile names the "
    "script",
    "id_in": "where the response to a save has the id",
    "list_names": "whether the list escapes names for HTML",
    "conflict": "how a taken name is refused",
    "retry_after": "whether a 429 has a Retry-After header",
    "ok": 'the response to a deletion: `"ok"` or `ok`',
    "bare_errors": "which findings lack code and context: those of saves, all, or none",
    "hidden_inputs": "whether the inputs of a compiled script begin with the hidden `text`, "
    "`pineId` and `pineVersion`",
    "translate_last": "which version `translate/{id}/last` returns: the newest, or the one before "
    "it, as right after a save",
    "old_pine": "what compiles Pine below v5: only the full compile, neither it nor the check, "
    "or both",
    "epoch_times": "whether times are numbers instead of ISO dates",
    "get_has_id": "whether a script that is read has its id",
    "get_has_title": "whether it has its title",
    "last_version_int": "whether it has its newest version as a number",
    "history_available": "whether there is a list of versions",
    "script_info_of": "whom the session probe names: the session's user or the script's owner",
    "gzip": "whether responses are compressed if the client accepts that",
}


def faults() -> str:
    """The endpoints and kinds of planned faults."""
    paths = {route.endpoint: f"`{route.method} {route.words}`" for route in ROUTES}
    endpoints = [_row(f"`{name}`", paths[name]) for name in going_wrong.ENDPOINTS]
    endpoints.append(_row("`*`", "any endpoint"))
    kinds = [_row(f"`{kind}`", _KINDS[kind]) for kind in get_args(going_wrong.Kind)]
    ends = ["| endpoint | below the base address; alerts at the origin |", "|---|---|", *endpoints]
    return _block([*ends, "", "| kind | what happens |", "|---|---|", *kinds])


def switches() -> str:
    """Every switch of the sandbox with its values, the default first."""
    lines = ["| switch | values | |", "|---|---|---|"]
    hints = get_type_hints(going_wrong.Switches)
    for switch in fields(going_wrong.Switches):
        values = get_args(hints[switch.name]) or ("true", "false")
        usual = str(switch.default).lower() if isinstance(switch.default, bool) else switch.default
        ordered = [usual, *(value for value in values if value != usual)]
        shown = ", ".join(f"`{value}`" for value in ordered)
        lines.append(_row(f"`{switch.name}`", shown, _SWITCHES[switch.name]))
    return _block(lines)


def facts() -> str:
    """Every fact that a probe settles, with what pinesync does with each answer."""
    lines = ["| fact | | documented | what pinesync does |", "|---|---|---|---|"]
    for fact in FACTS:
        does: dict[str, list[str]] = {}
        for value, words in fact.values.items():
            promise = fact.breaks.get(value)
            broken = f" (breaks promise {promise}: `push` refuses)" if promise else ""
            does.setdefault(words + broken, []).append(value)
        alone = len(does) == 1
        told = [words if alone else f"*{', '.join(seen)}*: {words}" for words, seen in does.items()]
        known = " or ".join(fact.expected)
        lines.append(_row(f"`{fact.name}`", fact.question, known, "; ".join(told)))
    return _block(lines)


def client() -> str:
    """The methods of PineClient, as the source has them."""
    lines = ["| method | returns | |", "|---|---|---|"]
    for name, method in vars(PineClient).items():
        if not name.startswith("_") and name != "close":
            signature = inspect.signature(method)
            returns = f"`{signature.return_annotation}`"
            taken = ", ".join(map(_unquoted, [*signature.parameters.values()][1:]))
            words = " ".join((inspect.getdoc(method) or "").split())
            lines.append(_row(f"`{name}({taken})`", returns, words))
    return _block(lines)


def values() -> str:
    """What the methods of PineClient take and return, as the source has it."""
    lines = ["| value | fields | |", "|---|---|---|"]
    for kind in VALUES:
        named = ", ".join(f"`{f.name}: {f.type}`" for f in fields(kind))
        lines.append(_row(f"`{kind.__name__}`", named, " ".join((kind.__doc__ or "").split())))
    return _block(lines)


def _unquoted(parameter: inspect.Parameter) -> str:
    """`name: Type = default`; inspect shows annotations of this module style in quotes."""
    return str(parameter).replace("'", "")


def _block(lines: list[str]) -> str:
    return "\n" + "\n".join(lines) + "\n\n"


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
