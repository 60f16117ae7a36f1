"""Generate the JSON Schemas of docs/reference/schemas from the code: that of pine.toml from its
parser, those of --json from the frozen results of the commands. `make docs` writes them."""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, NewType, Union, get_args, get_origin, get_type_hints

from pinesync import model
from pinesync.cli.render import SCHEMA
from pinesync.cli.tools import demo
from pinesync.errors import PinesyncError
from pinesync.sync.outcome import Run
from pinesync.text import filenames
from pinesync.watch import events
from pinesync.workspace import tables as toml

FOLDER = Path(__file__).parent / "reference" / "schemas"
DRAFT = "https://json-schema.org/draft/2020-12/schema"
TEXT, WHOLE = {"type": "string"}, {"type": "integer"}

# The function that returns the command's result. Commands that return a run are below.
RESULTS = {
    "clone": "app.sync.clone.clone",
    "init": "cli.sync.init.init",
    "status": "app.sync.status.status",
    "diff": "app.sync.diff.diff",
    "check": "app.check.check",
    "add": "cli.scripts.add.add",
    "new": "cli.scripts.new.new",
    "list": "cli.scripts.listing.list_scripts",
    "alerts": "app.alerts.alerts",
    "log": "app.versions.log.log",
    "show": "app.versions.show.show",
    "grep": "app.versions.grep.grep",
    "blame-version": "cli.versions.blame.blame_version",
    "oplog": "app.versions.oplog.oplog",
    "rm": "cli.scripts.rm.rm",
    "repair": "cli.tools.repair.repair",
    "fetch": "cli.sync.fetch.fetch",
    "history import": "app.versions.history_import.import_history",
    "verify": "cli.sync.verify.verify",
    "login": "app.account.login",
    "logout": "app.account.logout",
    "whoami": "app.account.whoami",
    "hooks install": "cli.tools.hooks.install_hooks",
    "hooks remove": "cli.tools.hooks.remove_hooks",
    "hooks status": "cli.tools.hooks.hooks_here",
    "hooks run": "cli.tools.hooks.before_push",
    "probe": "app.probe.probe",
    "doctor": "app.doctor.doctor",
    "vscode package": "app.vscode_extension.write_package",
    "vscode install": "cli.tools.vscode.install_extension",
    "sandbox seed": "app.sandbox.seed",
    "sandbox reset": "app.sandbox.reset",
    "sandbox path": "app.sandbox.location",
}
ALSO = {
    "probe": "app.probe.clean",
    "restore": "app.versions.backups.list_backups",
    "hooks run": "cli.tools.hooks.before_commit",
}
"""The second kind of object that a command prints."""
RUNS = ("pull", "push", "restore", "resolve", "undo", "mv", "rename", "rm")
ERROR = {
    "type": "object",
    "properties": {"message": TEXT, "hint": {"type": ["string", "null"]}},
    "required": ["message", "hint"],
}


def answer(command: str) -> dict[str, Any]:
    """The schema of everything that `command --json` prints. It allows additional keys, because
    keys may be added within a schema."""
    forms = [_object({"error": ERROR})]
    results = (table[command] for table in (RESULTS, ALSO) if command in table)
    forms += [_stoppable(_form(_result(result))) for result in results]
    if command in RUNS:
        run = _stoppable(_form(Run))
        run["properties"]["operation"] = _form(_undone())
        run["required"] = [key for key in run["required"] if key not in ("commit", "record")]
        forms.append(run)
    if command == "completion":
        forms.append(_object({"shell": TEXT, "script": TEXT}))
    if command == "demo":
        event = {"anyOf": [_form(kind) for kind in (demo.Comment, demo.CommandRun, demo.Finished)]}
        forms.append(_object({"events": {"type": "array", "items": event}}))
    if command == "watch":
        forms += [_form(kind) for kind in get_args(events.Event)]
    head = {"schema": {"const": SCHEMA}, "command": {"const": command}}
    code = {} if command == "watch" else {"exit_code": WHOLE}
    return {
        "$schema": DRAFT,
        "title": f"pinesync {command} --json",
        **_object(head | code),
        "anyOf": forms,
    }


def _stoppable(form: dict[str, Any]) -> dict[str, Any]:
    """`stopped` is printed as `error`, and only if the run ended early."""
    if form["properties"].pop("stopped", None):
        form["properties"]["error"] = ERROR
        form["required"].remove("stopped")
    return form


def commands() -> list[str]:
    """Every command with JSON output."""
    return sorted({*RESULTS, *RUNS, "completion", "demo", "watch"})


def pine_toml() -> dict[str, Any]:
    """The schema of pine.toml. It accepts everything that the parser accepts. Rules across entries,
    and the finer rules for paths, are left to the parser."""
    short = {"type": "string", "maxLength": toml.MAX_NAME}
    version = {"type": "string", "pattern": _whole(model._VERSION.pattern)}
    digest = {"type": "string", "pattern": _whole(toml.DIGEST)}
    folders = dict.fromkeys(model.KINDS, TEXT | {"pattern": r"^(\.|[^./\\][^\\]*)$"})
    pattern = TEXT | {"maxLength": filenames.MAX_PATH_BYTES}
    patterns = {"type": "array", "items": pattern, "maxItems": toml.MAX_PATTERNS}
    workspace = {
        "schema": {"type": "integer", "const": toml.SCHEMA},
        "id": {"type": "string", "pattern": _whole(toml.WORKSPACE_ID)},
        "remote": {"type": "string", "pattern": _whole(toml.REMOTE)},
        "account": short,
        "account_id": short,
        "track": {"enum": list(get_args(toml.Track)), "default": "all"},
        "ignore": patterns,
        "protected": patterns,
        "folders": _closed(folders),
        "advice": {"type": "boolean", "default": True},
        "alerts": {"type": "boolean", "default": False},
        "contract": {"enum": list(get_args(toml.Policy)), "default": "warn"},
    }
    entry = {
        "pine_id": {"type": "string", "pattern": _whole(model._PINE_ID.pattern)},
        "name": short,
        **dict.fromkeys(("version", "hidden", "pulled"), version),
        **dict.fromkeys(("digest", "sent", "chosen"), digest),
        "theirs": {"type": "string", "pattern": _whole(_THEIRS)},
    }
    assert (workspace.keys(), entry.keys()) == (
        set(toml.WORKSPACE_KEYS),
        set(toml.ENTRY_KEYS),
    ), "the parser knows another key"
    for table, words in ((workspace, _WORKSPACE_WORDS), (entry, _ENTRY_WORDS)):
        for key, said in words.items():
            table[key] = {**table[key], "description": said}
    needs = {
        "version": ["pine_id", "digest"],
        "digest": ["pine_id", "version"],
        "sent": ["version"],
        "theirs": ["version"],
        "chosen": ["version"],
        "pulled": ["version"],
        "hidden": ["pine_id"],
    }
    script = _closed(entry, "name") | {"dependentRequired": needs}
    path = {"pattern": r'^[^./\\:*?"<>|][^\\:*?"<>|]*\.pine$'}
    scripts = {"type": "object", "propertyNames": path, "additionalProperties": script}
    tables = {"workspace": _closed(workspace, "schema", "id", "remote"), "scripts": scripts}
    return {"$schema": DRAFT, "title": "pine.toml", **_closed(tables, "workspace")}


_ONE = r"[1-9][0-9]{0,5}(\.0)?"
_THEIRS = rf"{_ONE}( {_ONE}){{0,{model.MOST_THEIRS - 1}}}"
_WORKSPACE_WORDS = {
    "schema": "The version of this format.",
    "id": "A random id from clone or init: it names this workspace's state.",
    "remote": "tradingview, sandbox or sandbox:NAME; never an address.",
    "account": "The user name of the workspace's account; another account's cookie is refused.",
    "account_id": "The id of that account, if known.",
    "track": "all: a pull also brings new scripts; listed: only those with an entry.",
    "ignore": "Patterns for files to ignore unless they are listed, such as drafts/**.",
    "folders": "The folders for new scripts, by kind.",
    "advice": "false: `status` does not print the next step.",
    "alerts": "true: `push` says how many active alerts run older versions.",
    "contract": "warn, refuse or ignore: where charts and alerts may read another input or plot.",
    "protected": "Patterns for files that `pinesync mcp` never pushes, even if it may push others.",
}
_ENTRY_WORDS = {
    "pine_id": "The script's id. Without it, the next push creates the script.",
    "name": "Its saved name on TradingView.",
    "version": "The version that the file is based on.",
    "digest": "The digest of that version's canonical text, as read back.",
    "sent": "The digest of the text that was sent, if the service stored another.",
    "theirs": "The newest versions up to this one that others saved, at most eight.",
    "chosen": "The digest of a text that you chose for this version, whatever it reverts.",
    "hidden": "Somebody else's version that a save of yours hides, until `resolve`.",
    "pulled": "Written by pinesync 0.1.0: the newest of `theirs`.",
}


def tables() -> str:
    """The keys of pine.toml, as Markdown."""
    lines = ["", "| `[workspace]` | |", "|---|---|"]
    lines += [f"| `{key}` | {said} |" for key, said in _WORKSPACE_WORDS.items()]
    lines += ["", '| `[scripts."PATH"]` | |', "|---|---|"]
    lines += [f"| `{key}` | {said} |" for key, said in _ENTRY_WORDS.items()]
    return "\n".join([*lines, "", ""])


def files() -> dict[Path, str]:
    """Every file of the folder, with its content."""
    made = {FOLDER / "pine.schema.json": pine_toml()}
    for command in commands():
        made[FOLDER / f"v{SCHEMA}" / f"{command.replace(' ', '-')}.json"] = answer(command)
    return {path: json.dumps(schema, indent=2) + "\n" for path, schema in made.items()}


def _result(where: str) -> Any:
    module, _, name = where.rpartition(".")
    home = import_module(f"pinesync.{module}")
    return get_type_hints(vars(home)[name], vars(home) | _TYPES)["return"]


def _form(kind: type) -> dict[str, Any]:
    """The schema of a frozen result: all its keys are required."""
    hints = get_type_hints(kind, vars(import_module(kind.__module__)))
    return _object({f.name: _schema(hints[f.name]) for f in fields(kind)})


def _undone() -> type:
    undone: type = get_args(_result("app.versions.undo.undo"))[0]
    return undone


def _schema(hint: Any) -> dict[str, Any]:
    """The schema of a value as `render.plain` converts it."""
    origin, inner = get_origin(hint), get_args(hint)
    if isinstance(hint, NewType):
        return _schema(hint.__supertype__)
    if origin is Literal:
        return {"enum": list(inner)}
    if origin in (Union, types.UnionType):
        return {"anyOf": [_schema(one) for one in inner]}
    if origin in (tuple, list) and (origin is list or inner[-1] is ...):
        return {"type": "array", "items": _schema(inner[0])}
    if origin is tuple:
        return {"type": "array", "prefixItems": [_schema(one) for one in inner]}
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _schema(inner[1])}
    return {} if hint in (Any, object) else _plain(hint)


def _plain(kind: type) -> dict[str, Any]:
    if issubclass(kind, model.Version):
        return {"type": "string", "pattern": r"^[0-9]+\.0$"}
    if issubclass(kind, PinesyncError):
        return ERROR
    if is_dataclass(kind):
        return _form(kind)
    return {"type": next(name for one, name in _NAMES if issubclass(kind, one))}


_TYPES = {"Path": Path, "Sequence": Sequence, "Callable": Callable}
_NAMES = (
    (bool, "boolean"), (int, "integer"), (float, "number"), (str | Path, "string"),
    (types.NoneType, "null"),
)  # fmt: skip


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _closed(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    return {**_object(properties), "required": list(required), "additionalProperties": False}


def _whole(pattern: str) -> str:
    return f"^(?:{pattern})$"


def main() -> None:
    """Rewrite the folder."""
    wanted = files()
    for path in set(FOLDER.rglob("*.json")) - wanted.keys():
        path.unlink()
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
