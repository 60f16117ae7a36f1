"""The sandbox's accounts, scripts and versions: one SQLite file.

Several processes and threads may share one file. Every write is one transaction that takes the
write lock first. Every version is kept byte for byte until its script is deleted, and no number
is ever reused. Refusals raise the errors of `pinesync.errors`: NotAccessible with 404 for an id
or version that does not exist and with 401 for another user's, NameTaken for a name in use.
Long because every read and write of the file is here.
"""

from __future__ import annotations

import builtins
import json
import secrets
import sqlite3
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pinesync.errors import NameTaken, NotAccessible
from pinesync.model import Kind, PineId, SavedText, ScriptInfo, Version
from pinesync.sandbox.compiler.compile import ScriptFacts, describe
from pinesync.sandbox.database import Database
from pinesync.text import canonical

NOT_OWNER = "User is not an owner of pine"
NO_SCRIPT = "Script not found"
NAME_TAKEN = "Script already exists"

_COLUMNS = """
SELECT s.pine_id, s.user, s.name, s.created, v.number, v.name, v.kind, v.title, v.inputs,
  v.created, v.author, v.label, {source},
  (SELECT max(number) FROM versions WHERE pine_id = s.pine_id)
FROM scripts s JOIN versions v ON v.pine_id = s.pine_id
WHERE s.deleted IS NULL AND """
_WITH_SOURCE = _COLUMNS.format(source="v.source")
_WITHOUT = _COLUMNS.format(source="''")


@dataclass(frozen=True, slots=True)
class User:
    """A sandbox account. The two session values form its cookie."""

    id: int
    name: str
    sessionid: str
    sessionid_sign: str
    chart_image_url: str

    @property
    def cookie(self) -> str:
        """The account's Cookie header."""
        return f"sessionid={self.sessionid}; sessionid_sign={self.sessionid_sign}"


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """One version of a script. `name` is the script's current name, `name_then` its name when this
    version was saved. `author` is who saved it, empty if unknown. Times are in epoch seconds.
    `source` is empty in the rows of `Store.list`."""

    pine_id: PineId
    owner: int
    name: str
    script_created: int
    version: Version
    name_then: str
    kind: Kind
    title: str
    inputs: int
    created: int
    author: str
    label: str
    source: str
    last_version: Version

    @property
    def info(self) -> ScriptInfo:
        """This version as a row of the account's script list."""
        return ScriptInfo(
            self.pine_id, self.name, self.version, self.title, self.created, self.kind
        )

    @property
    def saved_text(self) -> SavedText:
        """This version as a client sees it."""
        return SavedText(
            pine_id=self.pine_id,
            name=self.name,
            version=self.version,
            last_version=self.last_version,
            source=self.source,
            digest=canonical.digest(self.source),
            title=self.title,
            created=self.script_created,
            updated=self.created,
            kind=self.kind,
        )


class Store:
    """The accounts in one file, which is created (mode 0600) if it does not exist."""

    def __init__(self, path: Path, now: Callable[[], float]) -> None:
        self.path = path
        self.now = now
        self._database = Database(path)

    def close(self) -> None:
        """Close the idle connections. Later calls open new ones."""
        self._database.close()

    # -- accounts -----------------------------------------------------------------------------

    def ensure_user(self, name: str) -> User:
        """The account of this name, created with a random session if it does not exist."""
        with self._database.writing() as db:
            row = db.execute("SELECT * FROM users WHERE name = ?", (name,)).fetchone()
            if row is None:
                session, sign = secrets.token_hex(16), "v3:" + secrets.token_urlsafe(32)
                image = f"https://s3.tradingview.com/userpics/{secrets.token_hex(8)}.png"
                db.execute(
                    "INSERT INTO users (name, sessionid, sessionid_sign, chart_image_url)"
                    " VALUES (?, ?, ?, ?)",
                    (name, session, sign, image),
                )
                row = db.execute("SELECT * FROM users WHERE name = ?", (name,)).fetchone()
        return User(*row)

    def user_of(self, sessionid: str, sessionid_sign: str) -> User | None:
        """The session's user. None for an unknown session or a wrong signature."""
        with self._database.reading() as db:
            row = db.execute("SELECT * FROM users WHERE sessionid = ?", (sessionid,)).fetchone()
        if row is None or not secrets.compare_digest(
            str(row[3]).encode(), sessionid_sign.encode("utf-8", "surrogateescape")
        ):
            return None
        return User(*row)

    def user_by_id(self, number: int) -> User | None:
        with self._database.reading() as db:
            row = db.execute("SELECT * FROM users WHERE id = ?", (number,)).fetchone()
        return User(*row) if row else None

    # -- reading ------------------------------------------------------------------------------

    def list(self, user: User) -> tuple[StoredVersion, ...]:
        """The newest version of every script, without its source, most recently saved first."""
        newest = "(SELECT max(number) FROM versions WHERE pine_id = s.pine_id)"
        query = f"{_WITHOUT} s.user = ? AND v.number = {newest} ORDER BY v.created DESC, s.rowid"
        with self._database.reading() as db:
            return tuple(_stored(row) for row in db.execute(query, (user.id,)))

    def get(
        self, pine_id: str, version: Version | None = None, *, user: User | None = None
    ) -> StoredVersion:
        """One version; the newest if `version` is None. With `user`, only that user's scripts."""
        with self._database.reading() as db:
            return _get(db, pine_id, version, user)

    def ever_had(self, pine_ids: Collection[str]) -> bool:
        """Whether any of these scripts exists or has been deleted."""
        with self._database.reading() as db:
            query = "SELECT 1 FROM scripts WHERE pine_id = ?"
            return any(db.execute(query, (pine_id,)).fetchone() for pine_id in pine_ids)

    def find(self, user: User, name: str) -> StoredVersion | None:
        """The newest version of the user's script with this name; None if there is none."""
        with self._database.reading() as db:
            row = db.execute(
                "SELECT pine_id FROM scripts WHERE user = ? AND name = ? AND deleted IS NULL",
                (user.id, name),
            ).fetchone()
            return _get(db, row[0], None, user) if row else None

    def history(self, pine_id: str, *, user: User | None = None) -> tuple[StoredVersion, ...]:
        """Every version of a script with its source, newest last."""
        with self._database.reading() as db:
            _get(db, pine_id, None, user)
            rows = db.execute(f"{_WITH_SOURCE} s.pine_id = ? ORDER BY v.number", (pine_id,))
            return tuple(_stored(row) for row in rows)

    def alerts(self, user: User) -> builtins.list[Any]:
        """The user's alerts as the service lists them, in the order made."""
        with self._database.reading() as db:
            rows = db.execute("SELECT item FROM alerts WHERE user = ? ORDER BY rowid", (user.id,))
            return [json.loads(row[0]) for row in rows]

    # -- writing ------------------------------------------------------------------------------

    def add_alert(self, user: User, item: Mapping[str, Any]) -> None:
        """Add an alert, with the JSON object that the service lists for it."""
        with self._database.writing() as db:
            db.execute("INSERT INTO alerts VALUES (?, ?)", (user.id, json.dumps(item)))

    def save_new(
        self,
        user: User,
        name: str,
        source: str,
        *,
        overwrite: bool = False,
        author: str = "",
        created: int | None = None,
    ) -> StoredVersion:
        """Create a script with this source as version 1. If the name is taken, raise NameTaken or,
        with `overwrite`, save the source as the next version of that script."""
        facts = describe(source)
        with self._database.writing() as db:
            row = db.execute(
                "SELECT pine_id FROM scripts WHERE user = ? AND name = ? AND deleted IS NULL",
                (user.id, name),
            ).fetchone()
            if row and not overwrite:
                raise NameTaken(NAME_TAKEN)
            moment = self._moment(created)
            pine_id = row[0] if row else f"USER;{secrets.token_hex(16)}"
            if not row:
                db.execute(
                    "INSERT INTO scripts VALUES (?, ?, ?, ?, NULL)",
                    (pine_id, user.id, name, moment),
                )
            _add(db, pine_id, (source.encode(), name, *_columns(facts), moment, author))
            return _get(db, pine_id, None, user)

    def save_next(
        self,
        user: User,
        pine_id: str,
        source: str,
        *,
        name: str | None = None,
        author: str = "",
        created: int | None = None,
    ) -> StoredVersion:
        """Save the next version and, if `name` is given, rename the script. The web editor's saves
        come through here as well."""
        facts = describe(source)
        with self._database.writing() as db:
            before = _get(db, pine_id, None, user)
            if name is not None and name != before.name:
                _rename(db, user, pine_id, name)
            row = (source.encode(), name or before.name, *_columns(facts))
            _add(db, pine_id, (*row, self._moment(created), author))
            return _get(db, pine_id, None, user)

    def rename(self, user: User, pine_id: str, name: str) -> None:
        """Rename a script without saving a version. NameTaken if another script has the name."""
        with self._database.writing() as db:
            _get(db, pine_id, None, user)
            _rename(db, user, pine_id, name)

    def label(self, user: User, pine_id: str, version: Version, label: str) -> None:
        """Label one version in the history."""
        with self._database.writing() as db:
            _get(db, pine_id, version, user)
            db.execute(
                "UPDATE versions SET label = ? WHERE pine_id = ? AND number = ?",
                (label, pine_id, version.major),
            )

    def delete(self, user: User, pine_id: str) -> None:
        """Delete a script with all its versions. Its name can be used again, its id never."""
        with self._database.writing() as db:
            _get(db, pine_id, None, user)
            self._drop(db, "pine_id = ?", pine_id)

    def reset(self, user: User) -> int:
        """Delete every script and alert of the account but keep its session. Returns the number of
        scripts deleted."""
        with self._database.writing() as db:
            db.execute("DELETE FROM alerts WHERE user = ?", (user.id,))
            return self._drop(db, "user = ?", user.id)

    # -- below ----------------------------------------------------------------------------------

    def _drop(self, db: sqlite3.Connection, which: str, value: str | int) -> int:
        ids = f"SELECT pine_id FROM scripts WHERE {which} AND deleted IS NULL"
        db.execute(f"DELETE FROM versions WHERE pine_id IN ({ids})", (value,))
        gone = db.execute(
            f"UPDATE scripts SET deleted = ? WHERE {which} AND deleted IS NULL",
            (self._moment(None), value),
        )
        return gone.rowcount

    def _moment(self, created: int | None) -> int:
        return int(self.now()) if created is None else created


def _get(
    db: sqlite3.Connection, pine_id: str, version: Version | None, user: User | None
) -> StoredVersion:
    query = f"{_WITH_SOURCE} s.pine_id = ? "
    args: tuple[str | int, ...] = (pine_id,)
    if version is not None:
        query, args = query + "AND v.number = ?", (pine_id, version.major)
    row = db.execute(f"{query} ORDER BY v.number DESC LIMIT 1", args).fetchone()
    if row is None:
        raise NotAccessible(404, NO_SCRIPT)
    if user is not None and row[1] != user.id:
        raise NotAccessible(401, NOT_OWNER)
    return _stored(row)


def _rename(db: sqlite3.Connection, user: User, pine_id: str, name: str) -> None:
    taken = db.execute(
        "SELECT 1 FROM scripts WHERE user = ? AND name = ? AND deleted IS NULL AND pine_id != ?",
        (user.id, name, pine_id),
    ).fetchone()
    if taken:
        raise NameTaken(NAME_TAKEN)
    db.execute("UPDATE scripts SET name = ? WHERE pine_id = ?", (name, pine_id))


def _columns(facts: ScriptFacts) -> tuple[str, str, int]:
    return facts.kind, facts.title, facts.inputs_count


def _add(db: sqlite3.Connection, pine_id: str, row: tuple[bytes | str | int, ...]) -> None:
    """Add a version. `row` is its source, name, kind, title, inputs, time and author."""
    # Python 3.12 deprecates numbered placeholders (?1) with a sequence of values.
    number = "(SELECT coalesce(max(number), 0) + 1 FROM versions WHERE pine_id = ?)"
    db.execute(
        f"INSERT INTO versions VALUES (?, {number}, ?, ?, ?, ?, ?, ?, ?, '')",
        (pine_id, pine_id, *row),
    )


def _stored(row: tuple[object, ...]) -> StoredVersion:
    values = list(row)
    values[0] = PineId(str(row[0]))
    values[4] = Version(int(str(row[4])))
    values[12] = row[12].decode() if isinstance(row[12], bytes) else ""
    values[13] = Version(int(str(row[13])))
    return StoredVersion(*values)  # type: ignore[arg-type]
