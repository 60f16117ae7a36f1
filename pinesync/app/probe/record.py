"""The record of a probe: what it may have left on the account. It is written to disk before the
first request that writes, and removed once the account is proven clean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pinesync.clock import now
from pinesync.model import Account, PineId, ScriptInfo
from pinesync.sync.intents import Now, age
from pinesync.text.filenames import unescape_name
from pinesync.workspace.lock import probing
from pinesync.workspace.state.codec import checksum, damaged, is_time
from pinesync.workspace.state.store import Store, new_key

_KIND = "records"
_NAME = re.compile(r"pinesync probe ([0-9a-f]{16})")
_WRITES = 40
RENAMED = " & renamed"
"""The suffix that the rename adds to the name: the list shows whether names are escaped."""


@dataclass(frozen=True, slots=True)
class Record:
    """One probe of the account at `place`. `known` are the scripts listed before the probe.
    `pine_id` is set once the returned id was read back with the probe's own text. `account` is
    empty until a response names it. `writes` are the requests about to be sent, the last of them at
    `when`."""

    key: str
    place: str
    name: str
    known: tuple[PineId, ...]
    when: Now
    account: Account
    pine_id: PineId | None = None
    writes: tuple[str, ...] = ()

    @property
    def token(self) -> str:
        """The random part of the name, which the probe's texts hold as well."""
        return self.name.rpartition(" ")[2]

    @property
    def names(self) -> tuple[str, str]:
        """The name before and after the rename."""
        return self.name, self.name + RENAMED

    def ours(self, listed: Iterable[ScriptInfo]) -> list[PineId]:
        """The listed scripts that this probe created: the one with its id, or new ones with one of
        its names."""
        return [
            info.pine_id
            for info in listed
            if info.pine_id not in self.known
            and (info.pine_id == self.pine_id or unescape_name(info.name) in self.names)
        ]

    def seconds_left(self, settle: float, *, appeared: bool) -> float:
        """How many seconds a create without a response can still take to appear. That is the first
        create unless it `appeared`, or the second, which is refused while the first script
        exists."""
        writes = [write for write in self.writes if write != "delete"]
        creates = writes.count("save/new")
        settled = creates == 1 and (appeared or self.pine_id)
        if not creates or writes[-1] != "save/new" or settled:
            return 0.0
        return max(0.0, settle - age(self.when, now()))


class Records:
    """The records of all probes on this machine."""

    def __init__(self, state: Path) -> None:
        self._store = Store(state / "probe")

    def exclusive(self) -> AbstractContextManager[None]:
        """Hold the lock for the block. Raises Locked if another process is probing."""
        return probing(self._store.folder)

    def begin(self, place: str, token: str, known: Iterable[PineId], account: Account) -> Record:
        """Create the record of a new probe on disk."""
        when = now()
        name = f"pinesync probe {token}"
        record = Record(new_key(when.wall), place, name, tuple(known), when, account)
        return self.keep(record)

    def keep(self, record: Record) -> Record:
        value = asdict(record)
        self._store.write_json(_KIND, record.key, value | {"sum": checksum(value)}, durably=True)
        return record

    def begin_write(self, record: Record, write: str) -> Record:
        """Record a write that is about to be sent."""
        return self.keep(replace(record, writes=(*record.writes, write), when=now()))

    def drop(self, record: Record) -> None:
        self._store.drop_json(_KIND, [record.key])

    def of(self, place: str) -> list[Record]:
        """The records of that place, oldest first. Raises StateError if one is damaged."""
        return [record for record in self._all() if record.place == place]

    def _all(self) -> Iterator[Record]:
        for path, raw in self._store.json_files(_KIND):
            try:
                yield _parsed(path, raw)
            except (ValueError, TypeError, KeyError, AttributeError):
                raise damaged(path) from None


def _parsed(path: Path, raw: Mapping[str, Any]) -> Record:
    value = dict(raw)
    if value.pop("sum") != checksum(value):
        raise ValueError
    when, account, pine_id = Now(**value["when"]), Account(**value["account"]), value["pine_id"]
    record = Record(
        **{
            **value,
            "known": tuple(map(PineId, value["known"])),
            "writes": tuple(value["writes"]),
            "when": when,
            "account": account,
            "pine_id": None if pine_id is None else PineId(pine_id),
        }
    )
    texts = (record.key, record.place, account.name, account.user_id, when.boot_id, *record.writes)
    sound = _NAME.fullmatch(record.name) and len(record.writes) <= _WRITES
    times = is_time(when.wall) and is_time(when.mono)
    if not (sound and times and record.key == path.stem and all(isinstance(t, str) for t in texts)):
        raise ValueError
    return record
