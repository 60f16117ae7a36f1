"""Create, open and share the sandbox's SQLite file.

Any number of threads and processes may use one file: it is in WAL mode, each call takes a
connection from a pool, and each write transaction takes the write lock first.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import weakref
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pinesync.atomic import Folder, make_private, write_temp
from pinesync.errors import FileError, Locked, StateError

SCHEMA = 1
BUSY_SECONDS = 20.0

_TABLES = f"""
CREATE TABLE users (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, sessionid TEXT NOT NULL UNIQUE,
  sessionid_sign TEXT NOT NULL, chart_image_url TEXT NOT NULL);
CREATE TABLE scripts (
  pine_id TEXT PRIMARY KEY, user INTEGER NOT NULL REFERENCES users, name TEXT NOT NULL,
  created INTEGER NOT NULL, deleted INTEGER);
CREATE UNIQUE INDEX names ON scripts (user, name) WHERE deleted IS NULL;
CREATE TABLE versions (
  pine_id TEXT NOT NULL REFERENCES scripts, number INTEGER NOT NULL, source BLOB NOT NULL,
  name TEXT NOT NULL, kind TEXT NOT NULL, title TEXT NOT NULL, inputs INTEGER NOT NULL,
  created INTEGER NOT NULL, author TEXT NOT NULL, label TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (pine_id, number));
PRAGMA user_version = {SCHEMA};
"""
_ALERTS = "CREATE TABLE IF NOT EXISTS alerts (user INTEGER NOT NULL REFERENCES users, item TEXT)"
"""Sandboxes of pinesync 0.1.0 lack it."""


_MAY_NOT = "make this file, the files with the same prefix and their folder writable for you"
_HINTS = {
    sqlite3.SQLITE_PERM: _MAY_NOT,
    sqlite3.SQLITE_READONLY: _MAY_NOT,
    sqlite3.SQLITE_CANTOPEN: _MAY_NOT,
    sqlite3.SQLITE_FULL: "free some disk space, then try again",
    sqlite3.SQLITE_IOERR: "check whether the disk is full or damaged, then try again",
}


class Database:
    """One file, created (mode 0600) if it does not exist."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: deque[sqlite3.Connection] = deque()
        # Close the connections even if the owner forgets to: SQLite then cleans up its files.
        weakref.finalize(self, _close, self._idle)
        self._pid = os.getpid()
        if not path.exists():
            _make(path)
        with self.reading() as db:
            (schema,) = db.execute("PRAGMA user_version").fetchone()
        if schema != SCHEMA:
            self.close()
            raise StateError(
                f"{path}: this sandbox belongs to another version of pinesync (schema {schema})",
                "move the file away to begin with a fresh sandbox",
            )
        with self.reading() as db:
            row = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'alerts'").fetchone()
        if row is None:
            with self.writing() as db:
                db.execute(_ALERTS)

    def close(self) -> None:
        """Close the idle connections. Later calls open new ones."""
        _close(self._idle)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for one call. Raises Locked or StateError if SQLite fails."""
        if self._pid != os.getpid():  # SQLite's connections do not survive a fork
            self._idle, self._pid = deque(), os.getpid()
            weakref.finalize(self, _close, self._idle)
        try:
            db = self._idle.pop()
        except IndexError:
            db = self._open()
        try:
            yield db
        except sqlite3.DatabaseError as error:
            db.close()
            raise self._translated(error) from error
        except BaseException:
            self._idle.append(db)
            raise
        self._idle.append(db)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction that holds the write lock from the start."""
        with self.reading() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    def _open(self) -> sqlite3.Connection:
        try:
            return _connect(self._path)
        except sqlite3.DatabaseError as error:
            raise self._translated(error) from error

    def _translated(self, error: sqlite3.DatabaseError) -> Locked | StateError:
        if "locked" in str(error):
            return Locked(f"{self._path}: another program has locked the sandbox", "try again")
        primary = error.sqlite_errorcode & 0xFF if hasattr(error, "sqlite_errorcode") else 0
        return StateError(
            f"{self._path}: the sandbox cannot be used: {error}",
            _HINTS.get(primary, "move the file away to begin with a fresh sandbox"),
        )


def _close(idle: deque[sqlite3.Connection]) -> None:
    while idle:
        with suppress(IndexError):
            idle.pop().close()


def _make(path: Path) -> None:
    """Create an empty database at `path`, unless another process has. It is created under another
    name and then linked: switching to WAL while others open the database fails at random."""
    folder = Folder(path.parent)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        make_private(path.parent)
        write_temp(folder, temporary.name, b"")
    except OSError as error:
        raise FileError(
            f"{path.parent}: cannot hold pinesync's own files: {error.strerror}",
            "set PINESYNC_HOME to a writable folder",
        ) from None
    try:
        db = _connect(temporary)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(_TABLES)
            db.execute(_ALERTS)
        finally:
            db.close()
        with suppress(FileExistsError):
            folder.link(temporary.name, path.name)
    finally:
        temporary.unlink(missing_ok=True)


def _connect(path: Path) -> sqlite3.Connection:
    # mode=rw in a URI: a missing file is an error, not a new database.
    db = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        db.close()
        raise
    return db
