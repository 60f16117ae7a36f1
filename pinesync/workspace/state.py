"""What this machine remembers of a workspace, outside its tree: texts by digest, records of
writes, replaced texts. One folder, mode 0700; losing it loses no work.

    objects/ab/cdef…        a canonical text, named by its sha256
    saved/<32 hex>/<N>      version N.0 of a script: digest, time, name, kind
    commits/<32 hex>/<N>    the commit that held version N.0 when it was saved
    records/<key>.json      one begun, landed or abandoned write
    replaced/<key>.json     what a pull replaced: path, digest, when
    operations/<key>.json   what one command did (`operations`)
    clone/begun.json        a clone that has not come to its end (`begun`)
    tmp/                    files that are being written

Files are written once, under another name, and renamed; none is modified in place.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pinesync.atomic import Folder, replace_file, sync_folder
from pinesync.errors import FileError, StateError
from pinesync.model import Digest, PineId, RelPath, SavedText, Version, VersionInfo
from pinesync.text import canonical, digest
from pinesync.workspace.checking import (
    Replaced,
    checksum,
    is_sound_info,
    load,
    plain,
    read_record,
    read_replaced,
)
from pinesync.workspace.files.folder import MAX_FILE, read

if TYPE_CHECKING:
    from pinesync.sync.records import Record

KEEP_DAYS = 30
_COMMIT = r"[0-9a-f]{40}|[0-9a-f]{64}"
_NUMBER = r"[1-9][0-9]{0,5}"
_STATE = re.compile(r"-[0-9a-f]{16}\Z")
_MAX_RECORD = 4 * 1024 * 1024
_MAX_LINE = 64 * 1024 * 1024
"""Bytes of what one command did; ten thousand scripts have ten megabytes."""
_MAX_OBJECT = 2 * MAX_FILE
"""Bytes that are no text take twice as many as the text that stands for them."""
_MAX_INFO = 16 * 1024
_MAX_DIGEST = 100
_NOTED = ("saved", "commits")
"""Where a folder for each script holds what may be lost: only a durable note makes it last."""
_PLACES = (
    *("objects", "saved", "commits", "records", "replaced", "operations"),
    *("clone", "told", "tmp", "lock", "watch"),
)


def folder_name(workspace_id: str, root: Path) -> str:
    """The state folder's name: two copies of a workspace have two states."""
    place = hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:16]
    return f"{workspace_id}-{place}"


def other_states(folder: Path) -> list[Path]:
    """The state folders of the other workspaces of this machine, beside this one."""
    try:
        names = sorted(os.listdir(folder.parent))
    except OSError:
        return []
    return [folder.parent / n for n in names if n != folder.name and _STATE.search(n)]


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

    def file_of(self, name: Digest) -> Path:
        """Where a text is kept, for who wants it without pinesync."""
        return self._object(name)

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
        known = self.recall_info(saved.pine_id, saved.version)
        # What is held came with the version's own time, or with the same answer.
        if known is None or known.digest != saved.digest:
            self.note_info(saved.info)

    def note_info(self, info: VersionInfo, *, durably: bool = False) -> None:
        """What is known of the version; as a rule not durable, as its text."""
        held = {"digest": info.digest, "when": info.when, "name": info.name, "kind": info.kind}
        path = self._saved(info.pine_id, info.version)
        self._write(path, json.dumps(held).encode(), durably=durably)
        if durably:
            sync_folder(path.parent.parent)  # an earlier note may have made the folder

    def back_up(self, saved: SavedText) -> None:
        """The version's text is held, and which version it is, durably: written anew, as what is
        there may never have been flushed."""
        name = digest(saved.source)
        self._write(self._object(name), canonical(saved.source).encode("utf-8"))
        known = self.recall_info(saved.pine_id, saved.version)
        same = known is not None and known.digest == saved.digest
        self.note_info(known if known and same else saved.info, durably=True)

    def recall(self, pine_id: PineId, version: Version) -> Digest | None:
        """The digest of a version that was read before."""
        info = self.recall_info(pine_id, version)
        return info.digest if info else None

    def recall_info(self, pine_id: PineId, version: Version) -> VersionInfo | None:
        """The same with all that is known of it; damaged counts as not held."""
        body = _read(self._saved(pine_id, version), _MAX_INFO)
        if not body:
            return None
        try:
            info = VersionInfo(pine_id, version, **json.loads(body))
        except (ValueError, TypeError, RecursionError):
            return None
        return info if is_sound_info(info) else None

    def versions_of(self, pine_id: PineId) -> list[Version]:
        """The versions of a script that are known here, whether or not it is still there."""
        try:
            names = os.listdir(self.folder / "saved" / pine_id.hex)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _file_error(self.folder / "saved" / pine_id.hex, error) from error
        return sorted(Version(int(name)) for name in names if re.fullmatch(_NUMBER, name))

    def note_commit(self, pine_id: PineId, version: Version, commit: str) -> None:
        """That commit holds the version's text. Not durable: git knows it, too."""
        if not re.fullmatch(_COMMIT, commit):
            raise ValueError(f"not a commit: {commit[:80]!r}")
        if self.commit_of(pine_id, version) != commit:
            self._write(self._committed(pine_id, version), commit.encode(), durably=False)

    def commit_of(self, pine_id: PineId, version: Version) -> str | None:
        """The commit noted for a version; one that was damaged counts as none."""
        body = _read(self._committed(pine_id, version), _MAX_DIGEST)
        held = (body or b"").decode("ascii", "replace")
        return held if re.fullmatch(_COMMIT, held) else None

    # -- records -------------------------------------------------------------------------------

    def records(self) -> list[Record]:
        """All records, oldest first. StateError for one that is damaged: it may be a save whose
        answer was lost, so it is not passed over."""
        if self._records is None:
            found = [read_record(path, raw) for path, raw in self._plain_files("records")]
            self._records = {record.key: record for record in found}
        return sorted(self._records.values(), key=lambda record: record.key)

    def write_record(self, record: Record) -> None:
        held = plain(record)
        path = self.folder / "records" / f"{record.key}.json"
        self._write(path, json.dumps({**held, "sum": checksum(held)}, indent=1).encode())
        if read_record(path, load(path, _read(path, _MAX_RECORD))) != record:
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
        held = {key: value for key, value in asdict(replaced).items() if value is not None}
        body = json.dumps(held).encode()
        self._write(self.folder / "replaced" / f"{replaced.key}.json", body)

    def replaced(self, path: RelPath) -> list[Replaced]:
        """What was replaced at this path, newest first."""
        found = [read_replaced(file, raw) for file, raw in self._plain_files("replaced")]
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
        note = read_replaced(file, load(file, body))
        return (note.path, note.digest) == (path, text)

    def clear_leftovers(self) -> None:
        """Remove what a killed process was about to write."""
        folder = self.folder / "tmp"
        if folder.is_dir():
            for left in folder.iterdir():
                with suppress(OSError):
                    left.unlink()

    # -- files ---------------------------------------------------------------------------------

    def write_json(
        self, kind: str, key: str, held: Mapping[str, Any], *, durably: bool = False
    ) -> None:
        """A log's line in a file of its own; as a rule not durable."""
        body = json.dumps(held).encode()
        self._write(self.folder / kind / f"{key}.json", body, durably=durably)

    def keys(self, kind: str) -> list[str]:
        """The keys of such a log's lines, the newest last."""
        try:
            names = os.listdir(self.folder / kind)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _file_error(self.folder / kind, error) from error
        return sorted(name.removesuffix(".json") for name in names if name.endswith(".json"))

    def drop_json(self, kind: str, keys: Iterable[str]) -> None:
        """Lines of such a log that nobody needs any more."""
        for key in keys:
            with suppress(OSError):
                (self.folder / kind / f"{key}.json").unlink()

    def read_json(self, kind: str, most: int) -> Iterator[tuple[Path, Any]]:
        """The newest so many lines of such a log, the oldest of them first, by their keys."""
        return self._plain_files(kind, most, _MAX_LINE)

    def _plain_files(
        self, kind: str, most: int = 0, cap: int = _MAX_RECORD
    ) -> Iterator[tuple[Path, Any]]:
        """Each file with the JSON in it, or the last so many; one that is gone by now is passed
        over."""
        folder = self.folder / kind
        if not folder.is_dir():
            return
        for path in sorted(p for p in folder.iterdir() if p.suffix == ".json")[-most:]:
            body = _read(path, cap)
            if body is not None:
                yield path, load(path, body)

    def _object(self, name: Digest) -> Path:
        digits = name.removeprefix("sha256:")
        return self.folder / "objects" / digits[:2] / digits[2:]

    def _saved(self, pine_id: PineId, version: Version) -> Path:
        return self.folder / "saved" / pine_id.hex / str(version.major)

    def _committed(self, pine_id: PineId, version: Version) -> Path:
        return self.folder / "commits" / pine_id.hex / str(version.major)

    def _write(self, path: Path, body: bytes, *, durably: bool = True) -> None:
        temporary = self.folder / "tmp" / os.urandom(8).hex()
        try:
            self._make(path.parent, durably or path.parent.parent.name not in _NOTED)
            self._make(temporary.parent)
            replace_file(path, body, temporary, durably=durably)
        except OSError as error:
            raise _file_error(path, error) from error

    def _make(self, folder: Path, durably: bool = True) -> None:
        """The folder exists, and those above it durably."""
        _refuse_link(folder)
        if folder.is_dir():
            return
        self._make(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        if durably:
            sync_folder(folder.parent)


def _refuse_link(path: Path) -> None:
    if path.is_symlink():
        raise StateError(f"{path}: a link, and pinesync makes none there", "move it away")


def _read(path: Path, most: int) -> bytes | None:
    """What the file holds; None where there is none, nothing where it is more than was ever
    written, so that it counts as damaged."""
    try:
        return read(Folder(path.parent), path.name, most)
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
