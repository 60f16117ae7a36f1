"""Convert pine.toml's tables `[workspace]` and `[scripts]` into checked values, and back.

They may come from a hostile repository, so anything unknown is rejected, with the keys that lead to
it. Long because each key must be read, checked and written in one module to stay consistent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NoReturn, cast

from pinesync.model import (
    KINDS,
    MAX_THEIRS,
    Account,
    Base,
    Digest,
    Entry,
    Kind,
    PineId,
    RelPath,
    Version,
)
from pinesync.text.contract import Policy
from pinesync.text.filenames import MAX_PATH_BYTES, BadPath, check_folder, check_path, collision_key
from pinesync.workspace import toml

SCHEMA = 1
MAX_NAME = 256
MAX_PATTERNS = 200
"""Limit for `ignore` and `protected`: every file is compared with every pattern."""
DEFAULT_FOLDERS: Mapping[Kind, str] = {
    "study": "indicators",
    "strategy": "strategies",
    "library": "libraries",
}

Track = Literal["all", "listed"]

_KEYS = "schema id remote account account_id track ignore folders advice contract alerts protected"
WORKSPACE_KEYS = frozenset(_KEYS.split())
ENTRY_KEYS = tuple("pine_id name version digest sent theirs chosen hidden pulled".split())
"""`pulled` is from pinesync 0.1.0. It held the newest of `theirs` and is read as such."""
_BASE_KEYS = ("version", "digest", "sent", "theirs", "chosen", "pulled")
WORKSPACE_ID = r"[0-9A-Za-z][0-9A-Za-z-]{0,63}"
REMOTE = r"tradingview|sandbox|sandbox:[A-Za-z0-9_-]{1,40}"
DIGEST = r"sha256:[0-9a-f]{64}"
_POLICIES = '"warn", "refuse" or "ignore"'
_NEWER = "a newer pinesync may have written it: update pinesync, or remove the key"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The table `[workspace]`. `remote` is a word, never an address. `account` and `account_id` are
    the user name and id that the workspace belongs to, None until known. `folders` maps each kind
    to its folder; `advice` is whether `status` ends with the next step. `contract` is what a
    push does where charts and alerts may read another input or plot; `alerts` is whether it counts
    the alerts on older versions. `protected` are patterns of files that no agent may push."""

    schema: int = SCHEMA
    id: str
    remote: str
    account: str | None = None
    account_id: str | None = None
    track: Track = "all"
    ignore: tuple[str, ...] = ()
    folders: Mapping[Kind, str] = field(default_factory=lambda: dict(DEFAULT_FOLDERS))
    advice: bool = True
    contract: Policy = "warn"
    alerts: bool = False
    protected: tuple[str, ...] = ()

    @property
    def owner(self) -> Account | None:
        """The account that the workspace belongs to; None until known."""
        return None if self.account is None else Account(self.account, self.account_id or "")

    def pinned(self, account: Account) -> Settings:
        """A copy that belongs to the account. Account details that are already known stay."""
        return replace(
            self,
            account=self.account or account.name,
            account_id=self.account_id or account.user_id or None,
        )


@dataclass(frozen=True)
class Manifest:
    """All of pine.toml. No two entries share an id or a path that is the same file on some
    system."""

    settings: Settings
    entries: Mapping[RelPath, Entry] = field(default_factory=dict)


# Writing


def settings_table(settings: Settings) -> dict[str, Any]:
    table: dict[str, Any] = {
        "schema": settings.schema,
        "id": settings.id,
        "remote": settings.remote,
        "account": settings.account,
        "account_id": settings.account_id,
        "track": settings.track,
        "ignore": list(settings.ignore),
        "folders": dict(settings.folders),
        "advice": None if settings.advice else False,
        "alerts": settings.alerts or None,
        "contract": None if settings.contract == "warn" else settings.contract,
        "protected": list(settings.protected) or None,
    }
    return {key: value for key, value in table.items() if value is not None}


def as_table(entry: Entry) -> dict[str, str]:
    """An entry's keys and values, as in pine.toml."""
    base = entry.base
    table = {
        "pine_id": entry.pine_id,
        "name": entry.name,
        "version": base and str(base.version),
        "digest": base and base.digest,
        "sent": base and base.sent,
        "theirs": base and base.theirs and " ".join(map(str, base.theirs)),
        "chosen": base and base.chosen,
        "hidden": entry.shadowed and str(entry.shadowed),
    }
    # A plain str: the serialisers check the exact type.
    return {key: str(value) for key, value in table.items() if value or value == ""}


# Reading


def _refuse(message: str, *keys: str, hint: str | None = None) -> NoReturn:
    raise toml.Unusable(message, keys, hint)


def _quoted(raw: str) -> str:
    """A key, quoted and shortened for messages: a hostile key can have any length."""
    return repr(raw) if len(raw) <= MAX_NAME else f"{raw[:MAX_NAME]!r}…"


def read(table: Mapping[str, Any], known: dict[RelPath, Entry] | None) -> Manifest:
    for key in table:
        if key not in ("workspace", "scripts"):
            _refuse(f"unknown key {_quoted(key)}", key, hint=_NEWER)
    if "workspace" not in table:
        _refuse("the table [workspace] is missing", hint=toml.BY_HAND)
    settings = _settings(as_mapping(table["workspace"], "workspace"))
    entries = _entries(table) if known is None else known
    _check_unique(entries)
    return Manifest(settings, entries)


def _entries(table: Mapping[str, Any]) -> dict[RelPath, Entry]:
    scripts = as_mapping(table.get("scripts", {}), "scripts")
    entries = (read_entry(raw, as_mapping(value, "scripts", raw)) for raw, value in scripts.items())
    return {entry.path: entry for entry in entries}


def _settings(table: Mapping[str, Any]) -> Settings:
    schema = table.get("schema")
    # Check this before unknown keys: a newer schema may have some.
    if type(schema) is int and schema > SCHEMA:
        message = f"the schema is newer than this pinesync, which knows {SCHEMA}"
        _refuse(message, "workspace", "schema", hint="update pinesync")
    if type(schema) is not int or schema != SCHEMA:
        _refuse(f"schema must be {SCHEMA}", "workspace", "schema")
    for key in table:
        if key not in WORKSPACE_KEYS:
            _refuse(f"unknown key {_quoted(key)} in [workspace]", "workspace", key, hint=_NEWER)
    track = _text(table, "track", "all|listed", '"all" or "listed"', "all")
    return Settings(
        id=_text(table, "id", WORKSPACE_ID, "letters, digits and dashes, at most 64"),
        remote=_text(table, "remote", REMOTE, '"tradingview", "sandbox" or "sandbox:NAME"'),
        account=_optional_text(table, "workspace", "account"),
        account_id=_optional_text(table, "workspace", "account_id"),
        track=cast(Track, track),
        ignore=_patterns(table, "ignore"),
        folders=_folders(as_mapping(table.get("folders", {}), "workspace", "folders")),
        advice=_bool(table, "advice", True),
        alerts=_bool(table, "alerts", False),
        contract=cast(Policy, _text(table, "contract", "warn|refuse|ignore", _POLICIES, "warn")),
        protected=_patterns(table, "protected"),
    )


def _text(
    table: Mapping[str, Any], key: str, shape: str, wanted: str, default: str | None = None
) -> str:
    value = table.get(key, default)
    if not isinstance(value, str) or not re.fullmatch(shape, value):
        _refuse(f"{key} must be {wanted}", "workspace", key)
    return value


def _bool(table: Mapping[str, Any], key: str, default: bool) -> bool:
    value = table.get(key, default)
    if not isinstance(value, bool):
        _refuse(f"{key} must be true or false", "workspace", key)
    return value


def _optional_text(table: Mapping[str, Any], *keys: str) -> str | None:
    value = table.get(keys[-1])
    if value is not None and (not isinstance(value, str) or len(value) > MAX_NAME):
        _refuse(f"{keys[-1]} must be a text of at most {MAX_NAME} characters", *keys)
    return value


def _patterns(table: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        _refuse(f"{key} must be a list of texts", "workspace", key)
    if len(value) > MAX_PATTERNS or any(len(item) > MAX_PATH_BYTES for item in value):
        bounds = f"{MAX_PATTERNS} patterns of {MAX_PATH_BYTES} characters"
        _refuse(f"{key} must be at most {bounds}", "workspace", key)
    return tuple(value)


def _folders(table: Mapping[str, Any]) -> Mapping[Kind, str]:
    for kind, folder in table.items():
        keys = ("workspace", "folders", kind)
        if kind not in KINDS:
            _refuse(f"unknown kind {_quoted(kind)} in [workspace.folders]", *keys, hint=_NEWER)
        if not isinstance(folder, str):
            _refuse(f"the folder for {kind} must be a text", *keys)
        try:
            check_folder(folder)
        except BadPath as error:
            _refuse(f"the folder {_quoted(folder)} cannot be used: {error}", *keys)
    return {kind: table.get(kind, DEFAULT_FOLDERS[kind]) for kind in KINDS}


def as_mapping(value: object, *keys: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        _refuse(f"{_quoted(keys[-1])} must be a table", *keys)
    return value


def read_entry(raw: str, table: Mapping[str, Any]) -> Entry:
    keys = ("scripts", raw)
    try:
        path = check_path(raw)
    except BadPath as error:
        _refuse(f"the path {_quoted(raw)} cannot be used: {error}", *keys)
    for key, value in table.items():
        if key not in ENTRY_KEYS:
            _refuse(f"{raw!r}: unknown key {_quoted(key)}", *keys, key, hint=_NEWER)
        if not isinstance(value, str):
            _refuse(f"{raw!r}: {key} must be a text", *keys, key)
    name = _optional_text(table, *keys, "name")
    if name is None:
        _refuse(f"{raw!r}: name is missing", *keys)
    if "pine_id" not in table:
        for key in (*_BASE_KEYS, "hidden"):
            if key in table:
                _refuse(f"{raw!r}: {key} without a pine_id", *keys, key)
        return Entry(path, name)
    try:
        pine_id = PineId(table["pine_id"])
    except ValueError as error:
        _refuse(f"{raw!r}: {error}", *keys, "pine_id")
    shadowed = _version(table, *keys, "hidden") if "hidden" in table else None
    return Entry(path, name, pine_id, _base(table, *keys), shadowed)


def _base(table: Mapping[str, Any], *keys: str) -> Base | None:
    if "version" not in table and "digest" not in table:
        for key in _BASE_KEYS:
            if key in table:
                _refuse(f"{keys[-1]!r}: {key} without version and digest", *keys, key)
        return None
    for key, other in (("version", "digest"), ("digest", "version")):
        if other not in table:
            _refuse(f"{keys[-1]!r}: {key} without {other}", *keys, key)
    sent = _digest(table, *keys, "sent") if "sent" in table else None
    chosen = _digest(table, *keys, "chosen") if "chosen" in table else None
    version, digest = _version(table, *keys, "version"), _digest(table, *keys, "digest")
    return Base(version, digest, sent, _theirs(table, version, *keys), chosen)


def _theirs(table: Mapping[str, Any], base: Version, *keys: str) -> tuple[Version, ...]:
    """Versions in order, separated by spaces. From 0.1.0, only the newest."""
    if "pulled" in table:
        if "theirs" in table:
            _refuse(f"{keys[-1]!r}: pulled is the old name of theirs", *keys, "pulled")
        return tuple(v for v in (_version(table, *keys, "pulled"),) if v <= base)
    if "theirs" not in table:
        return ()
    versions = []
    for raw in table["theirs"].split(" ")[: MAX_THEIRS + 1]:
        try:
            versions.append(Version.parse(raw))
        except ValueError as error:
            _refuse(f"{keys[-1]!r}: theirs: {error}", *keys, "theirs")
    if len(versions) > MAX_THEIRS or versions != sorted(set(versions)) or versions[-1] > base:
        what = f"at most {MAX_THEIRS} versions up to {base}, in order, like 2.0 5.0"
        _refuse(f"{keys[-1]!r}: theirs must be {what}", *keys, "theirs")
    return tuple(versions)


def _version(table: Mapping[str, Any], *keys: str) -> Version:
    try:
        return Version.parse(table[keys[-1]])
    except ValueError as error:
        _refuse(f"{keys[1]!r}: {keys[-1]}: {error}", *keys)


def _digest(table: Mapping[str, Any], *keys: str) -> Digest:
    value = table[keys[-1]]
    if not re.fullmatch(DIGEST, value):
        _refuse(f"{keys[1]!r}: {keys[-1]} must be sha256: and 64 hex digits", *keys)
    return Digest(value)


def _check_unique(entries: Mapping[RelPath, Entry]) -> None:
    by_id: dict[PineId, RelPath] = {}
    by_key: dict[str, RelPath] = {}
    for path, entry in entries.items():
        other = by_key.setdefault(collision_key(path), path)
        if other != path:
            _refuse(f"{path!r} and {other!r} are the same file on some systems", "scripts", path)
        if entry.pine_id is None:
            continue
        other = by_id.setdefault(entry.pine_id, path)
        if other != path:
            message = f"{path!r} and {other!r} have the same pine_id"
            _refuse(message, "scripts", path, "pine_id", hint="keep one of the two entries")
    for key, path in by_key.items():
        for folder in _folders_above(key):
            if folder in by_key:
                message = f"{by_key[folder]!r} is a file, but also a folder of {path!r}"
                _refuse(message, "scripts", path)


def _folders_above(path: str) -> Iterator[str]:
    # Only a path that ends like a file can be one, so nearly every path skips the loop.
    end = path.find(".pine/")
    while end >= 0:
        yield path[: end + len(".pine")]
        end = path.find(".pine/", end + 1)
