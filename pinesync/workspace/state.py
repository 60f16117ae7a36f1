"""What this machine remembers of a workspace, outside its tree: texts by digest, records of
writes, replaced texts. One folder, mode 0700; losing it loses no work.

    objects/ab/cdef…        a canonical text, named by its sha256
    saved/<32 hex>/<N>      the digest of version N.0 of a script
    records/<key>.json      one begun, landed or abandoned write
    replaced/<key>.json     what a pull replaced: path, digest, when
    tmp/                    files that are being written

Files are written once, under another name, and renamed; none is modified in place.
"""

from __future__ import annotations

import errno
import hashlib
import json
import math
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, get_args

from pinesync.errors import FileError, StateError
from pinesync.model import Digest, PineId, RelPath, SavedText, Version
from pinesync.naming import check_path
from pinesync.sync.records import Op, Record
from pinesync.sync.records import State as RecordState
from pinesync.text import canonical, digest
from pinesync.workspace.files.folder import MAX_FILE, Folder, read

KEEP_DAYS = 30
_KEY = re.compile(r"[0-9a-z-]{1,60}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_TEMP = re.compile(r"\.pinesync-[0-9a-z-]{1,60}\.tmp")
_MAX_RECORD = 4 * 1024 * 1024
_MAX_OBJECT = 2 * MAX_FILE
"""Bytes that are no text take twice as many as the text that stands for them."""
_MAX_DIGEST = 100
_PLACES = ("objects", "saved", "records", "replaced", "tmp", "lock", "watch")


@dataclass(frozen=True, slots=True)
class Replaced:
    """A text that pinesync replaced in the folder; `when` in epoch seconds."""

    key: str
    path: RelPath
    digest: Digest
    when: float


def folder_name(workspace_id: str, root: Path) -> str:
    """The state folder's name: two copies of a workspace have two states."""
    place = hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:16]
    return f"{workspace_id}-{place}"


class State:
    """The state directory at `folder`. It is made by the first write; reading makes nothing.

    Records are read once: whoever writes them holds the workspace's lock, or looks again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._records: dict[str, Record] | None = None
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise StateError(f"{folder}: not a folder of pinesync's", "move it away")
        if os.name == "posix" and folder.exists() and folder.stat().st_uid != os.geteuid():
            raise StateError(f"{folder}: belongs to another user", "move it away")
        for name in _PLACES:
            _refuse_link(folder / name)

    # -- texts ---------------------------------------------------------------------------------

    def keep(self, text: str, *, durably: bool = True) -> Digest:
        """The canonical text is in the store."""
        text = canonical(text)
        name = digest(text)
        path = self._object(name)
        if self.text_of(name) is None:
            self._write(path, text.encode("utf-8"), durably=durably)
        return name

    def text_of(self, name: Digest) -> str | None:
        """The text, None where it is not held; one that was damaged counts as not held."""
        body = _read(self._object(name), _MAX_OBJECT)
        try:
            text = None if body is None else body.decode("utf-8")
        except UnicodeDecodeError:
            return None
        return text if text is not None and digest(text) == name else None

    def remember(self, saved: SavedText) -> None:
        """The version's text is held. Not durable: what is lost is read again."""
        self.keep(saved.source, durably=False)
        path = self._saved(saved.pine_id, saved.version)
        if self.recall(saved.pine_id, saved.version) != saved.digest:
            self._write(path, saved.digest.encode(), durably=False)

    def back_up(self, saved: SavedText) -> None:
        """The version's text is held, and which version it is, durably: written anew, as what is
        there may never have been flushed."""
        name = digest(saved.source)
        self._write(self._object(name), canonical(saved.source).encode("utf-8"))
        self._write(self._saved(saved.pine_id, saved.version), name.encode())

    def recall(self, pine_id: PineId, version: Version) -> Digest | None:
        """The digest of a version that was read before."""
        body = _read(self._saved(pine_id, version), _MAX_DIGEST)
        held = (body or b"").decode("ascii", "replace")
        return Digest(held) if _DIGEST.fullmatch(held) else None

    # -- records -------------------------------------------------------------------------------

    def records(self) -> list[Record]:
        """All records, oldest first. StateError for one that is damaged: it may be a save whose
        answer was lost, so it is not passed over."""
        if self._records is None:
            found = [_record(path, raw) for path, raw in self._plain_files("records")]
            self._records = {record.key: record for record in found}
        return sorted(self._records.values(), key=lambda record: record.key)

    def write_record(self, record: Record) -> None:
        held = _plain(record)
        path = self.folder / "records" / f"{record.key}.json"
        self._write(path, json.dumps({**held, "sum": _sum(held)}, indent=1).encode())
        if _record(path, _load(path, _read(path, _MAX_RECORD))) != record:
            raise StateError(f"{path}: the record does not read back as it was written")
        if self._records is not None:
            self._records[record.key] = record

    def drop_records(self, records: Iterable[Record]) -> None:
        for record in records:
            path = self.folder / "records" / f"{record.key}.json"
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise _file_error(path, error) from error
            if self._records is not None:
                self._records.pop(record.key, None)

    def note_replaced(self, replaced: Replaced) -> None:
        """A text in the store was taken out of the folder, and can be brought back."""
        body = json.dumps(asdict(replaced)).encode()
        self._write(self.folder / "replaced" / f"{replaced.key}.json", body)

    def replaced(self, path: RelPath) -> list[Replaced]:
        """What was replaced at this path, newest first."""
        found = [_replaced(file, raw) for file, raw in self._plain_files("replaced")]
        return sorted((r for r in found if r.path == path), key=lambda r: (r.when, r.key))[::-1]

    def note_moved(self, old: RelPath, new: RelPath) -> None:
        """What was replaced at the one path belongs to the other from now on."""
        for replaced in self.replaced(old):
            self.note_replaced(replace(replaced, path=new))

    def has_replaced(self, key: str, path: RelPath, text: Digest | None) -> bool:
        """Whether that text was noted under that key."""
        file = self.folder / "replaced" / f"{key}.json"
        body = _read(file, _MAX_RECORD)
        if body is None:
            return False
        note = _replaced(file, _load(file, body))
        return (note.path, note.digest) == (path, text)

    def clear_leftovers(self) -> None:
        """Remove what a killed process was about to write."""
        folder = self.folder / "tmp"
        if folder.is_dir():
            for left in folder.iterdir():
                with suppress(OSError):
                    left.unlink()

    # -- files ---------------------------------------------------------------------------------

    def _plain_files(self, kind: str) -> Iterator[tuple[Path, Any]]:
        """Each file with the JSON in it; one that is gone by now is passed over."""
        folder = self.folder / kind
        if not folder.is_dir():
            return
        for path in sorted(p for p in folder.iterdir() if p.suffix == ".json"):
            body = _read(path, _MAX_RECORD)
            if body is not None:
                yield path, _load(path, body)

    def _object(self, name: Digest) -> Path:
        digits = name.removeprefix("sha256:")
        return self.folder / "objects" / digits[:2] / digits[2:]

    def _saved(self, pine_id: PineId, version: Version) -> Path:
        return self.folder / "saved" / pine_id.hex / str(version.major)

    def _write(self, path: Path, body: bytes, *, durably: bool = True) -> None:
        temporary = self.folder / "tmp" / secrets.token_hex(8)
        try:
            self._make(path.parent)
            self._make(temporary.parent)
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
            with os.fdopen(os.open(temporary, flags, 0o600), "wb") as file:
                file.write(body)
                file.flush()
                if durably:
                    os.fsync(file.fileno())
            temporary.replace(path)
            if durably:
                sync_folder(path.parent)
        except OSError as error:
            with suppress(OSError):
                temporary.unlink()
            raise _file_error(path, error) from error

    def _make(self, folder: Path) -> None:
        """The folder, and those above it, exist durably."""
        _refuse_link(folder)
        if folder.is_dir():
            return
        self._make(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """What was renamed in the folder survives a power cut, where the system can promise that."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refuse_link(path: Path) -> None:
    if path.is_symlink():
        raise StateError(f"{path}: a link, and pinesync makes none there", "move it away")


def _read(path: Path, most: int) -> bytes | None:
    """What the file holds; None where there is none, nothing where it is more than was ever
    written, so that it counts as damaged."""
    try:
        return read(Folder(path.parent, None), path.name, most)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.EFBIG:
            return b""
        raise _file_error(path, error) from None


def _file_error(path: Path, error: OSError) -> FileError | StateError:
    if error.errno == errno.ELOOP:
        return StateError(f"{path}: a link, and pinesync makes none there", "move it away")
    return FileError(
        f"{path}: {error.strerror or error}", "nothing more was done; make room or give permission"
    )


def _plain(record: Record) -> dict[str, Any]:
    held = {f.name: getattr(record, f.name) for f in fields(record)}
    return {k: str(v) if isinstance(v, Version) else v for k, v in held.items() if v is not None}


def _sum(held: Mapping[str, Any]) -> str:
    """What shows that a record is as it was written: every bit of it may decide about a save."""
    return hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()


def _load(path: Path, body: bytes | None) -> Any:
    try:
        return json.loads(body or b"")
    except (ValueError, RecursionError):
        raise _damaged(path) from None


def _damaged(path: Path) -> StateError:
    return StateError(
        f"{path}: damaged, or not written by pinesync",
        "nothing was done; look at the file, and move it away if it is not needed",
    )


def _record(path: Path, raw: Any) -> Record:
    """The record, or StateError: a state directory is not trusted because it exists."""
    try:
        if not isinstance(raw, dict) or raw.keys() - {"sum", *(f.name for f in fields(Record))}:
            raise ValueError
        held = {key: value for key, value in raw.items() if key != "sum"}
        if raw.get("sum") != _sum(held):
            raise ValueError
        if not all(isinstance(held.get(name, ""), str) for name in ("digest", "temp")):
            raise ValueError
        held["path"] = _checked_path(held["path"])
        held["origin"] = _checked_path(held["origin"]) if "origin" in raw else None
        held["known_ids"] = tuple(PineId(known) for known in held.get("known_ids", ()))
        for name in ("parent", "landed", "seen"):
            held[name] = Version.parse(held[name]) if name in raw else None
        held["pine_id"] = PineId(held["pine_id"]) if "pine_id" in raw else None
        record = Record(**held)
        if not _is_sound(record, path):
            raise ValueError
    except (ValueError, TypeError, KeyError):
        raise _damaged(path) from None
    return record


def _checked_path(raw: object) -> RelPath:
    if not isinstance(raw, str):
        raise TypeError
    return check_path(raw)


def _is_sound(record: Record, path: Path) -> bool:
    digests = [record.digest, record.object, record.brings]
    return (
        path.stem == record.key
        and bool(_KEY.fullmatch(record.key))
        and record.op in get_args(Op)
        and record.state in get_args(RecordState)
        and all(d is None or _DIGEST.fullmatch(d) for d in digests)
        and (not record.temp or bool(_TEMP.fullmatch(record.temp)))
        and (record.op != "pull" or bool(record.temp and record.brings))
        and (record.op == "move") == (record.origin is not None)
        and (record.op not in ("rename", "delete") or bool(record.pine_id and record.parent))
        and _is_clock(record.wall)
        and _is_clock(record.mono)
        and all(isinstance(t, str) for t in (record.name, record.account, record.boot_id))
    )


def _is_clock(value: object) -> bool:
    """A number to reckon with, whatever clock it came from."""
    if isinstance(value, float):
        return not math.isnan(value)
    return isinstance(value, int) and abs(value) < 1 << 63


def _is_time(value: object) -> bool:
    """Seconds that fit into a calendar, and no NaN."""
    return isinstance(value, int | float) and -6e10 < value < 2e11


def _replaced(path: Path, raw: Any) -> Replaced:
    try:
        replaced = Replaced(**{**raw, "path": _checked_path(raw["path"])})
        sound = _DIGEST.fullmatch(replaced.digest) and replaced.key == path.stem
        if not (sound and _is_time(replaced.when)):
            raise ValueError
    except (ValueError, TypeError, KeyError):
        raise _damaged(path) from None
    return replaced
